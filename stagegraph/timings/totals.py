"""Makes a TimedStep of every vertex, and sums them up: by stage, by phase, and the number at each moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate

from stagegraph.dockerfile.file import StageText
from stagegraph.records.collector import merged
from stagegraph.records.record import Interval, Record, Vertex
from stagegraph.timings.match import Match, MatchedRecord
from stagegraph.timings.order import VertexOrder
from stagegraph.timings.step_names import VertexKind, step_name
from stagegraph.timings.timings import PathPart, Phase, TimedStage, TimedStep

StageKey = int | str  # its index in the Dockerfile, or its name without a Dockerfile


def timed_steps(order: VertexOrder, matched: MatchedRecord) -> tuple[list[TimedStep], list[StageKey]]:
    """Every vertex as a step, and the stages that ``TimedStep.stages`` has positions of."""
    stages = matched.dockerfile.stages
    matches = [matched.matches[vertex.digest] for vertex in order.vertices]
    keys_of = [_stage_keys_of(v, m, stages) for v, m in zip(order.vertices, matches, strict=True)]
    keys = _sorted_keys((key for keys in keys_of for key in keys), stages)
    position_of = {key: position for position, key in enumerate(keys)}
    steps = [
        _timed_step(position, order, match, tuple(position_of[key] for key in keys_of[position]))
        for position, match in enumerate(matches)
    ]
    return steps, keys


def _stage_keys_of(vertex: Vertex, match: Match, stages: Sequence[StageText]) -> tuple[StageKey, ...]:
    if match.stages:
        return match.stages
    name = step_name(vertex.name)
    return () if stages or name is None else (name.stage or "stage-0",)


def _sorted_keys(used: Iterable[StageKey], stages: Sequence[StageText]) -> list[StageKey]:
    """The stages with steps, in the order of the Dockerfile; without one in that of the record."""
    keys = dict.fromkeys(used)
    return sorted(keys, key=lambda key: key if isinstance(key, int) else 0) if stages else list(keys)


def _timed_step(position: int, order: VertexOrder, match: Match, stages: tuple[int, ...]) -> TimedStep:
    vertex, zero = order.vertices[position], order.start
    name = step_name(vertex.name)
    intervals = tuple(Interval(start - zero, end - zero) for start, end in vertex.intervals)
    return TimedStep(
        id=position,
        digest=vertex.digest,
        name=vertex.name,
        kind=match.kind,
        lines=match.lines,
        stages=stages,
        how=match.how,
        platform=name.platform if name else "",
        target=name.target if name else "",
        ran=vertex.ran,
        start=intervals[0].start if intervals else None,
        end=intervals[-1].end if intervals else None,
        intervals=intervals,
        duration=vertex.duration,
        cached=vertex.cached,
        error=vertex.error,
        unfinished=vertex.unfinished,
        pulled=vertex.pulled,
        sent=vertex.sent if match.kind is VertexKind.CONTEXT else 0,
        inputs=order.inputs[position],
        group=vertex.group,
    )


def failed_steps(steps: Sequence[TimedStep]) -> set[int]:
    """The ids of the steps that failed by themselves, not because another step did."""
    return {step.id for step in steps if step.error and step.ran and not step.canceled}


def error_of(steps: Sequence[TimedStep]) -> str:
    """The first error of a step that failed by itself, or ""."""
    return next((step.error for step in steps if step.error and not step.canceled), "")


def is_interrupted(record: Record, error: str) -> bool:
    """Whether ``record`` stops before the build ends: unfinished steps, or waiting ones without an error."""
    return any(vertex.unfinished or (not vertex.ran and not error) for vertex in record.vertices)


def timed_stages(
    steps: Sequence[TimedStep],
    keys: Sequence[StageKey],
    texts: Sequence[StageText],
    parts: Sequence[PathPart],
) -> list[TimedStage]:
    """The stages ``keys``, each with the sums of its steps and of its part of the critical path."""
    steps_of: list[list[TimedStep]] = [[] for _ in keys]
    for step in steps:
        for stage in step.stages:
            steps_of[stage].append(step)
    on_path = [0] * len(keys)
    for part in parts:
        for stage in steps[part.step].stages:
            on_path[stage] += part.time
    return [
        _timed_stage(position, key, texts, steps_of[position], on_path[position])
        for position, key in enumerate(keys)
    ]


def _timed_stage(
    position: int, key: StageKey, texts: Sequence[StageText], steps: Sequence[TimedStep], on_path: int
) -> TimedStage:
    text = texts[key] if isinstance(key, int) and key < len(texts) else None
    ran = [step for step in steps if step.ran]
    return TimedStage(
        id=position,
        name=(text.head.name or f"stage-{key}") if text else str(key),
        index=key if isinstance(key, int) else None,
        line=text.head.span.line if text else None,
        end_line=text.end_line if text else None,
        steps=tuple(step.id for step in steps),
        platforms=tuple(dict.fromkeys(step.platform for step in steps if step.platform)),
        start=min((step.start for step in ran if step.start is not None), default=None),
        end=max((step.end for step in ran if step.end is not None), default=None),
        work=sum(step.duration for step in steps),
        busy=sum(end - start for start, end in merged(_intervals(steps))),
        executed=sum(step.ran and not step.cached for step in steps),
        cached=sum(step.cached for step in steps),
        queued=sum(step.queued for step in steps),
        pulled=sum(step.pulled for step in steps),
        sent=sum(step.sent for step in steps),
        error=error_of(steps),
        on_path=on_path,
        slack=min((step.slack for step in ran if step.slack is not None), default=None),
    )


def phases_of(steps: Sequence[TimedStep]) -> tuple[Phase, ...]:
    """What ran before and after the steps of the Dockerfile; phases without steps are left out."""
    phases = []
    for name, kind in (("before", VertexKind.FRONTEND), ("after", VertexKind.EXPORT)):
        own = [step for step in steps if step.kind is kind and step.start is not None]
        if own:
            start = min(step.start or 0 for step in own)
            end = max(step.end or 0 for step in own)
            phases.append(Phase(name=name, start=start, end=end, steps=tuple(step.id for step in own)))
    return tuple(phases)


def concurrency_of(steps: Sequence[TimedStep]) -> tuple[tuple[int, int], ...]:
    """The times at which the number of running steps changes, each with the number from then on."""
    changes: Counter[int] = Counter({0: 0})
    for start, end in _intervals(steps):
        if end > start:
            changes[start] += 1
            changes[end] -= 1
    times = sorted(time for time, change in changes.items() if change or not time)
    return tuple(zip(times, accumulate(changes[time] for time in times), strict=True))


def _intervals(steps: Iterable[TimedStep]) -> list[Interval]:
    return [interval for step in steps for interval in step.intervals]
