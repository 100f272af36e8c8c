"""Where the cache ended: for each stage the first step that was not cached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stagegraph.timings.step_names import VertexKind, step_name
from stagegraph.timings.timings import CacheEnd, TimedStage, TimedStep


def cache_ends(steps: Sequence[TimedStep], stages: Sequence[TimedStage]) -> tuple[CacheEnd, ...]:
    """The first instruction of each stage that ran; nothing if the build used no cache at all.

    Pulling a base image does not count: BuildKit reports it as run although it only resolves a name.
    """
    own = [[steps[one] for one in stage.steps if _counts(steps[one])] for stage in stages]
    if not any(step.cached for some in own for step in some):
        return ()
    return tuple(_ends(stages, own))


def _counts(step: TimedStep) -> bool:
    name = step_name(step.name)
    return step.kind is VertexKind.STEP and step.ran and name is not None and name.keyword != "FROM"


def _ends(stages: Sequence[TimedStage], own: Sequence[Sequence[TimedStep]]) -> Iterator[CacheEnd]:
    for stage, some in zip(stages, own, strict=True):
        ordered = sorted(some, key=lambda step: (step.lines[:1] or (0,), step.id))
        first = next((step for step in ordered if not step.cached), None)
        if first is not None:
            cached = sum(step.cached for step in ordered)
            yield CacheEnd(stage=stage.id, step=first.id, cached=cached)
