"""Why the cache ended where it did, in the steps of a record: by a commit or a record before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from stagegraph.source import printable

if TYPE_CHECKING:
    from stagegraph.graph.build import Build
    from stagegraph.timings.timings import TimedStep, Timings

_GONE = "the cache did not have it"


def with_reasons(timings: Timings, reason: Callable[[TimedStep], str]) -> Timings:
    """``timings`` with the reason for each place where the cache ended."""
    ends = tuple(replace(end, reason=reason(timings.steps[end.step])) for end in timings.cache_ends)
    return replace(timings, cache_ends=ends)


def since_commit(timings: Timings, build: Build, dockerfile: str, since: str) -> Timings:
    """The reasons as ``stagegraph affected --since`` gives them: the record is of the files on disk.

    The build context is the folder of the Dockerfile. Raises InputError for an unknown commit or a file that
    is not in a repository.
    """
    from stagegraph.cli.affected import change_since, target_of
    from stagegraph.formats.affected import reason_words
    from stagegraph.rebuild.impact import StepStatus
    from stagegraph.rebuild.targets import affected_targets

    change, root, revision = change_since(dockerfile, since)
    if not any(step.cached for step in timings.steps):
        note = f"no step was cached, so the change since {revision} does not explain what ran"
        return replace(timings, notes=(*timings.notes, printable(note)))
    (target,) = affected_targets([target_of(dockerfile, "", build.options, root)], change)
    by_line = {step.line: step for step in target.shown if step.line is not None}

    def reason(step: TimedStep) -> str:
        found = next((by_line[line] for line in step.lines if line in by_line), None)
        if found is None:
            return ""
        if found.status is StepStatus.CACHED:
            return f"nothing that it reads changed since {revision}; {_GONE}"
        return "; ".join(reason_words(one, target.steps) for one in found.reasons[:3])

    return with_reasons(timings, reason)


def since_record(before: Timings, after: Timings, builds: tuple[Build | None, Build | None]) -> Timings:
    """The reasons as far as two records show them: a new instruction, another value, another base image."""
    old, new = (_keys(build) if build else {} for build in builds)
    images = {step.name.partition("@")[0]: step.name for step in before.steps if "@sha256:" in step.name}

    def reason(step: TimedStep) -> str:
        line = step.lines[0] if step.lines else 0
        base = _other_image(after, step, images)
        if base:
            return f"the image {base} is another one"
        key, earlier = new.get((line, step.name)), _earlier(old, step.name)
        if key is None:
            return ""
        if earlier is None:
            return "the instruction is new or changed"
        changed = [name for name, value in key.items() if earlier.get(name) != value]
        if changed:
            return f"the {changed[0]} changed"
        return f"the files that it reads changed, or {_GONE}"

    return with_reasons(after, reason)


def _keys(build: Build) -> dict[tuple[int, str], dict[str, object]]:
    """The definition of each step by its line and name."""
    from stagegraph.rebuild.keys import step_keys

    keys = step_keys(build.steps, build.options.build_args)
    return {
        (step.span.line if step.span else 0, step.name): dict(key.definition)
        for step, key in zip(build.steps, keys, strict=True)
    }


def _earlier(old: dict[tuple[int, str], dict[str, object]], name: str) -> dict[str, object] | None:
    """The definition of the step with the same stage and instruction, whatever its number and line."""
    text = name.partition("] ")[2]
    stage = name.partition("] ")[0].rpartition(" ")[0]
    for (_, other), key in old.items():
        head, _, rest = other.partition("] ")
        if rest == text and head.rpartition(" ")[0] == stage:
            return key
    return None


def _other_image(after: Timings, step: TimedStep, images: dict[str, str]) -> str:
    """The base image of the stage of ``step``, if its digest is another one than before."""
    own = {one for stage in step.stages for one in after.stages[stage].steps}
    for number in sorted(own):
        name, at, _ = after.steps[number].name.partition("@")
        if at and name in images and images[name] != after.steps[number].name:
            return name.rpartition("FROM ")[2]
    return ""
