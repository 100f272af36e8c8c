"""The arguments that FROM sees, and the state of a stage between its instructions.

The state is variables, directory, user and shell. The configuration of an image is unknown, except that
of another build: only PATH is set, and the working directory is /. Rules: moby/buildkit
frontend/dockerfile/dockerfile2llb/convert.go, defaultArgs, buildMetaArgs and dispatch.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from msgspec.structs import replace

from stagegraph.dockerfile import paths
from stagegraph.dockerfile.expand import Budget, ExpansionError, ExpansionLimitError, Lexer
from stagegraph.dockerfile.file import Dockerfile
from stagegraph.dockerfile.instructions import Arg, Env, Instruction, Setting, Shell, User, Workdir
from stagegraph.dockerfile.platforms import Platform
from stagegraph.dockerfile.stages import SCRATCH, BuiltImage, Resolved, StageOrImage
from stagegraph.errors import DockerfileError

# Arguments for BuildKit itself: no command and no other instruction sees them (convert.go, nonEnvArgs).
_NOT_VARIABLES = frozenset({"BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"})
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # of an image that sets none
LIMIT_HINT = "look for a variable that repeats another one several times"
_MOST_OF_ARGUMENTS = 1024 * 1024  # characters


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
    lexer = Lexer(escape=file.escape, budget=Budget(_MOST_OF_ARGUMENTS))
    for arg in file.arguments:
        for name, default in arg.pairs:
            if name in build_args:
                values[name] = build_args[name]
            elif default is not None:
                values[name] = _expanded(file, arg, name, lexer, default, values)
    return values


def declared_arguments(file: Dockerfile) -> set[str]:
    """The names that an ARG before the first FROM declares; FROM sees these and the platform arguments."""
    return {name for arg in file.arguments for name, _ in arg.pairs}


def arguments_in_stages(file: Dockerfile) -> set[str]:
    """The names that an ARG inside a stage declares."""
    items = (item for stage in file.stages for item in stage.body if isinstance(item, Arg))
    return {name for item in items for name, _ in item.pairs}


def _expanded(
    file: Dockerfile, arg: Arg, name: str, lexer: Lexer, default: str, values: Mapping[str, str]
) -> str:
    try:
        return lexer.word(default, values)
    except ExpansionError as error:
        raise DockerfileError(
            f"cannot expand the default of {name}: {error}",
            source=file.source,
            span=arg.span,
            hint=LIMIT_HINT if isinstance(error, ExpansionLimitError) else "",
        ) from None


class Scope:
    """What one stage has set so far; starts with the state of its base stage.

    ``budget`` is shared by the stages of a file.
    """

    def __init__(self, resolved: Resolved, stage: StageOrImage, base: Scope | None, budget: Budget) -> None:
        self.resolved = resolved
        self.stage = stage
        self.lexer = Lexer(escape=resolved.file.escape, budget=budget)
        self.platform: Platform = base.platform if base else resolved.platform_of(stage)
        self.windows = self.platform.os == "windows"
        image = None if base else stage.image
        self.variables: dict[str, str] = dict(base.variables) if base else self._first_variables(image)
        # The configuration of the image: PATH and every ENV, but no ARG. A stage whose base is a stage
        # sets all of it again, so that it overrides ARG and comes last (dispatchStages).
        self.config: dict[str, str] = dict(base.config if base else self.variables)
        for name, value in self.config.items():
            self._set(name, value)
        start = base or image
        # an image has variables and a working directory that the file does not show
        self.on_image: bool = start.on_image if start else stage.base != SCRATCH or stage.replaced
        self.workdir: str = start.workdir if start else "/"
        self.knows_workdir: bool = start.knows_workdir if start else not self.on_image
        self.user: str = start.user if start else ""
        self.shell: tuple[str, ...] = start.shell if start else ()

    def _first_variables(self, image: BuiltImage | None) -> dict[str, str]:
        variables = dict(image.environment) if image else {}
        if not self.windows:
            variables.setdefault("PATH", _PATH)
        return variables

    def expand(self, text: str) -> str:
        """``text`` expanded with the variables set so far; ExpansionError if BuildKit rejects it."""
        return self.lexer.word(text, self.variables)

    def written(self, word: str) -> str:
        """``word`` for display: unset variables stay as they are written."""
        if "$" not in word:
            return self.expand(word)
        return replace(self.lexer, keep_unset=True).word(word, self.variables)

    def apply(self, item: Instruction) -> None:
        """Evaluate an instruction that only changes the state; ExpansionError as in ``expand``."""
        if isinstance(item, Arg):
            self._arg(item)
        elif isinstance(item, Env):
            for name, value in [(self.expand(name), self.expand(value)) for name, value in item.pairs]:
                self._set(name, value)
                self.config[name] = value
        elif isinstance(item, Workdir):
            path = self.expand(item.path)
            self.workdir = paths.workdir(self.workdir, path, windows=self.windows)
            self.knows_workdir = self.knows_workdir or paths.is_absolute(path, windows=self.windows)
        elif isinstance(item, User):
            self.user = self.expand(item.user)
        elif isinstance(item, Shell):
            self.shell = item.words
        elif isinstance(item, Setting):
            for word in item.words:
                self.expand(word)

    def _set(self, name: str, value: str) -> None:
        self.variables.pop(name, None)
        self.variables[name] = value

    def _arg(self, item: Arg) -> None:
        given = self.resolved.options.build_args
        for name, default in item.pairs:
            if name in given:
                value: str | None = given[name]
            elif default is not None:
                value = self.expand(default)
            else:
                value = self.resolved.arguments.get(name)
            if value is not None and name not in _NOT_VARIABLES:
                self._set(name, value)


def built_image(resolved: Resolved, *, implicit_platform: bool) -> BuiltImage:
    """What the image of the target of ``resolved`` passes on, as ``input-metadata`` does.

    ``implicit_platform`` says that no platform was asked for: only then the image keeps that of its base
    (convert.go, finalizeResultImage).
    Rules: moby/buildkit frontend/dockerui/namedcontext.go; docker/buildx build/build.go, waitContextDeps.
    """
    target = resolved.sources[resolved.target]
    chain = [target]
    while chain[-1].base_index is not None:
        chain.append(resolved.sources[chain[-1].base_index])
    scope: Scope | None = None
    for stage in reversed(chain):
        scope = Scope(resolved, stage, scope, resolved.budget)
        for command in () if stage.replaced else stage.commands:
            with suppress(ExpansionError, paths.PathError):
                scope.apply(command.instruction)
    assert scope is not None  # a chain has its target
    return BuiltImage(
        platform=scope.platform if implicit_platform else resolved.target_platform,
        environment=dict(scope.config),
        workdir=scope.workdir,
        user=scope.user,
        shell=scope.shell,
        on_image=scope.on_image,
        knows_workdir=scope.knows_workdir,
        triggers=() if target.replaced else target.triggers,
    )
