"""The arguments that FROM sees: platform arguments, then the ARGs before the first FROM.

Rules: moby/buildkit frontend/dockerfile/dockerfile2llb/convert.go, defaultArgs and buildMetaArgs.
"""

from __future__ import annotations

from collections.abc import Mapping

from stagegraph.dockerfile.expand import ExpansionError, lexer_of
from stagegraph.dockerfile.file import Dockerfile
from stagegraph.dockerfile.instructions import Arg
from stagegraph.dockerfile.platforms import Platform
from stagegraph.errors import DockerfileError


def platform_arguments(
    build: Platform, target: Platform, stage: str, overrides: Mapping[str, str]
) -> dict[str, str]:
    """The arguments that are set without an ARG; build arguments override them, even undeclared."""
    values = {
        "BUILDPLATFORM": str(build),
        "BUILDOS": build.os,
        "BUILDOSVERSION": build.os_version,
        "BUILDARCH": build.architecture,
        "BUILDVARIANT": build.variant,
        "TARGETPLATFORM": str(target),
        "TARGETOS": target.os,
        "TARGETOSVERSION": target.os_version,
        "TARGETARCH": target.architecture,
        "TARGETVARIANT": target.variant,
        "TARGETSTAGE": stage or "default",
    }
    return {name: overrides.get(name, value) for name, value in values.items()}


def global_arguments(
    file: Dockerfile, defaults: Mapping[str, str], build_args: Mapping[str, str]
) -> dict[str, str]:
    """``defaults`` and the ARGs before the first FROM, each default expanded with those before it.

    A default that a build argument overrides is not expanded, so it cannot fail.
    """
    values = dict(defaults)
    for arg in file.arguments:
        for name, default in arg.pairs:
            if name in build_args:
                values[name] = build_args[name]
            elif default is not None:
                values[name] = _expanded(file, arg, name, default, values)
    return values


def _expanded(file: Dockerfile, arg: Arg, name: str, default: str, values: Mapping[str, str]) -> str:
    try:
        return lexer_of(escape=file.escape).word(default, values)
    except ExpansionError as error:
        raise DockerfileError(
            f"cannot expand the default of {name}: {error}", source=file.source, span=arg.span
        ) from None
