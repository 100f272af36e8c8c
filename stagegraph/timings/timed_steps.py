"""Makes a TimedStep of every vertex: what the record has of it, and its match in the Dockerfile.

Its place on the critical path, its slack and its saving are filled in by ``measure``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stagegraph.dockerfile.file import StageText
from stagegraph.records.record import Interval, Vertex
from stagegraph.timings.match import Match, MatchedRecord
from stagegraph.timings.order import VertexOrder
from stagegraph.timings.step_names import VertexKind, step_name
from stagegraph.timings.timings import TimedStep

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
