"""The options of ``docker build`` that change the graph, and what they mean."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn

import click

from stagegraph.cli.completed_values import platforms as platform_values
from stagegraph.cli.completed_values import stages
from stagegraph.options import Options
from stagegraph.source import printable

_IDENTIFIER = r"[A-Za-z_]\w*\Z"
# what people write for an architecture that has another name, and is not a spelling mistake of it
_OTHER_NAMES = {
    "arm32": "arm",
    "armv6": "arm/v6",
    "armv7": "arm/v7",
    "armv8": "arm64",
    "ppc64el": "ppc64le",
    "x64": "amd64",
}


def _refuse_tag(_context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        raise click.UsageError(
            "-t names an image in docker build, and stagegraph makes none; choose a stage with --target"
        )


_BUILD_OPTIONS = (
    click.option(
        "--target",
        "targets",
        multiple=True,
        metavar="STAGE",
        help="Stage to build; repeatable.",
        shell_complete=stages,
    ),
    click.option("-t", "--tag", "tag", hidden=True, expose_value=False, callback=_refuse_tag),
    click.option(
        "--build-arg",
        "build_args",
        multiple=True,
        metavar="NAME[=VALUE]",
        help="Set a build argument; NAME alone takes its value from the environment. Repeatable.",
    ),
    click.option(
        "--platform",
        "platforms",
        multiple=True,
        metavar="OS/ARCH",
        help="Target platform; linux/amd64 by default. Repeatable, or separated by commas.",
        shell_complete=platform_values,
    ),
    click.option(
        "--build-context",
        "contexts",
        multiple=True,
        metavar="NAME=VALUE",
        help="Named context: replaces the stage or image with that name. Repeatable.",
    ),
)


def build_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give ``command`` the options of ``docker build`` that change the graph, as its ``options``."""

    @wraps(command)
    def with_options(
        *,
        targets: tuple[str, ...],
        build_args: tuple[str, ...],
        platforms: tuple[str, ...],
        contexts: tuple[str, ...],
        **others: Any,
    ) -> Any:
        is_named = any(others.get(name) for name in ("file", "dockerfile", "paths"))
        options = _options_of(targets, build_args, platforms, contexts, is_named)
        return command(options=options, **others)

    decorated: Callable[..., Any] = with_options
    for option in reversed(_BUILD_OPTIONS):
        decorated = option(decorated)
    return decorated


def _options_of(
    targets: tuple[str, ...],
    build_args: tuple[str, ...],
    platforms: tuple[str, ...],
    contexts: tuple[str, ...],
    dockerfile_is_named: bool,
) -> Options:
    """The values of the build options as Options; click.UsageError for malformed ones."""
    asked = tuple(part for text in platforms for part in text.split(",") if part)
    for platform in asked:
        _warn_of_typo(platform)
    pairs = (_build_arg(text, dockerfile_is_named) for text in build_args)
    return Options(
        targets=targets,
        build_args=dict(pair for pair in pairs if pair),
        platforms=asked,
        contexts=dict(_context(text) for text in contexts),
    )


def _build_arg(text: str, dockerfile_is_named: bool) -> tuple[str, str] | None:
    name, equals, value = text.partition("=")
    if not name:
        raise click.BadParameter(f"{text!r} has no name", param_hint="--build-arg")
    if equals:
        return name, value
    if name in os.environ:
        return name, os.environ[name]
    _check_name(name, dockerfile_is_named)
    # as in docker build: a name that is not in the environment is ignored
    return None


def _check_name(name: str, dockerfile_is_named: bool) -> None:
    """Raise a usage error if ``name``, which is not in the environment, is a path or not a name.

    A file such as VERSION can have the name of an argument, so a path only counts while no Dockerfile is
    named: then it is the Dockerfile that is missing.
    """
    import re

    if not re.match(_IDENTIFIER, name, re.ASCII):
        _not_a_pair(name, f"{name!r} is not the name of a variable")
    if not dockerfile_is_named and os.path.exists(name):
        _not_a_pair(name, f"{name!r} is a path, and no variable of the environment has this name")


def _not_a_pair(name: str, reason: str) -> NoReturn:
    raise click.UsageError(
        f"--build-arg takes NAME=VALUE, or the NAME of an environment variable: {printable(reason)}"
    )


def _context(text: str) -> tuple[str, str]:
    from stagegraph.dockerfile.references import ImageReferenceError, familiar_reference

    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--build-context")
    try:
        return familiar_reference(name), value
    except ImageReferenceError as error:
        raise click.BadParameter(str(error), param_hint="--build-context") from None


def _warn_of_typo(text: str) -> None:
    """Warn if a part of the platform ``text`` is close to a known name; BuildKit accepts unknown names."""
    from stagegraph.dockerfile.platforms import (
        KNOWN_ARCHITECTURES,
        KNOWN_OS,
        PlatformError,
        parse_platform,
    )

    try:
        platform = parse_platform(text)
    except PlatformError:
        return  # an error where the platform is used
    for what, name, known in (
        ("operating system", platform.os, KNOWN_OS),
        ("architecture", platform.architecture, KNOWN_ARCHITECTURES),
    ):
        near = "" if name in known else _near(name, known)
        if near:
            message = f"warning: unknown {what} `{name}` in --platform {text}; did you mean {near}?"
            print(printable(message), file=sys.stderr)


def _near(name: str, known: frozenset[str]) -> str:
    from stagegraph.dockerfile.spelling import misspelled

    other = _OTHER_NAMES.get(name, "") if "amd64" in known else ""
    return other or misspelled(name, known)
