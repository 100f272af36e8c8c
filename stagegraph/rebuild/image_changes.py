"""What of an image a change replaces besides the steps: its configuration, its layers and how it is exported.

BuildKit caches steps, not images: where all steps are cached, another CMD, LABEL or tag still makes another
image, which has to be built. Rules: moby/buildkit frontend/dockerfile/dockerfile2llb/convert.go (dispatch).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from stagegraph.dockerfile.expand import Budget, ExpansionError
from stagegraph.dockerfile.instructions import Env, Instruction, Onbuild, Setting, Shell, User, Workdir
from stagegraph.dockerfile.paths import PathError
from stagegraph.dockerfile.scope import Scope
from stagegraph.dockerfile.stages import Resolved, StageOrImage
from stagegraph.graph.build import Build
from stagegraph.graph.steps import TargetBuild
from stagegraph.model import StepKind
from stagegraph.rebuild.impact import StepImpact, StepStatus

_EACH_COUNTS = ("LABEL", "EXPOSE", "VOLUME", "ONBUILD")  # of others, the last one counts


class ImageChangeKind(StrEnum):
    """What of an image is another one."""

    CONFIGURATION = "configuration"  # names: the instruction that sets it
    LAYERS = "layers"  # the image ends with another step or base image, though that is cached
    BASE = "base"  # names: the named contexts that it is FROM, whose images change
    EXPORT = "export"  # names: attributes of the bake or compose file
    NEW = "new"  # there was no such image
    UNKNOWN = "unknown"  # names: files that changed, and are not known as they were before


class ImageChange(Struct, frozen=True, kw_only=True):
    """One reason why the image is another one; ``line`` is that of the instruction that sets it now."""

    kind: ImageChangeKind
    names: tuple[str, ...] = ()
    line: int | None = None


class _Part(NamedTuple):
    """One part of a configuration, and the line that sets it last."""

    values: list[object]
    line: int


def image_changes(before: Build, after: Build, steps: Sequence[StepImpact]) -> tuple[ImageChange, ...]:
    """How the images of ``after`` differ from those of ``before``, besides the ``steps`` that run again."""
    known = {_question(one): one for one in before.target_builds}
    pairs = [(known.get(_question(one)), one) for one in after.target_builds]
    changes = [change for old, new in pairs if old for change in _changed(old, new)]
    if _ends_otherwise(steps) or len(before.target_builds) > len(after.target_builds):
        changes.append(ImageChange(kind=ImageChangeKind.LAYERS))
    return tuple(dict.fromkeys(changes))


def base_contexts(build: Build) -> set[str]:
    """The names of the named contexts whose configuration the images of ``build`` inherit."""
    roots = (_chain(one.resolved)[0] for one in build.target_builds)
    return {root.context_name for root in roots if root.context}


def _question(target_build: TargetBuild) -> tuple[str, str]:
    """The platform, and the target if there are several: one alone can have another name before."""
    resolved = target_build.resolved
    asked = len(resolved.options.all_targets) > 1
    return str(resolved.target_platform), resolved.sources[resolved.target].name if asked else ""


def _ends_otherwise(steps: Sequence[StepImpact]) -> bool:
    """Whether a result is not that of the build before, though all that runs for it is cached."""
    waits = [step.kind for step in steps if step.status is not StepStatus.CACHED]
    return StepKind.RESULT in waits and all(kind in (StepKind.RESULT, StepKind.SOURCE) for kind in waits)


def _changed(before: TargetBuild, after: TargetBuild) -> Iterator[ImageChange]:
    old, new = _configuration(before.resolved), _configuration(after.resolved)
    for name in sorted(old.keys() | new.keys()):
        ours, theirs = new.get(name), old.get(name)
        if (ours and ours.values) != (theirs and theirs.values):
            kind = ImageChangeKind.CONFIGURATION
            yield ImageChange(kind=kind, names=(name,), line=ours.line if ours else None)


def _chain(resolved: Resolved) -> list[StageOrImage]:
    """The stages that the target is FROM, the first one first, and the target."""
    chain = [resolved.sources[resolved.target]]
    while (base := chain[-1].base_index) is not None and not chain[-1].replaced:
        chain.append(resolved.sources[base])
    return chain[::-1]


def _configuration(resolved: Resolved) -> Mapping[str, _Part]:
    """The parts of the configuration that the file itself sets, by instruction."""
    parts: dict[str, _Part] = {}
    scope: Scope | None = None
    budget = Budget()
    for stage in _chain(resolved):
        scope = Scope(resolved, stage, scope, budget)
        parts.pop("ONBUILD", None)  # triggers run in the stage that is FROM this one, and are not passed on
        for command in () if stage.replaced else stage.commands:
            with suppress(ExpansionError, PathError):
                scope.apply(command.instruction)
                _add(parts, scope, command.instruction)
    if scope and "ENV" in parts:
        parts["ENV"].values.extend(sorted(scope.config.items()))
    return parts


def _add(parts: dict[str, _Part], scope: Scope, item: Instruction) -> None:
    """Add what ``item`` sets; the values of ENV are added at the end, once."""
    if isinstance(item, Setting):
        name = item.keyword.upper()
    elif isinstance(item, (Env, Workdir, User, Shell, Onbuild)):
        name = type(item).__name__.upper()
    else:
        return
    each = name in _EACH_COUNTS and name in parts
    values = [*_values(scope, item)]
    parts[name] = _Part(parts[name].values if each else [], item.span.line)
    parts[name].values.extend(values)


def _values(scope: Scope, item: Instruction) -> Iterator[object]:
    if isinstance(item, Workdir):
        yield scope.workdir
    elif isinstance(item, User):
        yield scope.user
    elif isinstance(item, Shell):
        yield item.words
    elif isinstance(item, Onbuild):
        yield item.trigger
    elif isinstance(item, Setting) and item.words:
        yield from map(scope.expand, item.words)
    elif isinstance(item, Setting):  # CMD, ENTRYPOINT and HEALTHCHECK, whose shell form runs in the shell
        yield from (item.text.split(None, 1)[1:], scope.shell)
