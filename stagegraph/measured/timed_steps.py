"""The vertices of a build as timed steps, and the path through them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stagegraph.measured.activities import Activities
from stagegraph.measured.matching import Tie
from stagegraph.measured.model import PathPart, TimedStep
from stagegraph.measured.names import VertexKind, step_words
from stagegraph.measured.rollup import StageKey, stage_keys
from stagegraph.measured.schedule import Played, slacks
from stagegraph.measured.sequence import Sequenced
from stagegraph.measured.ties import Tied
from stagegraph.records.model import Interval, Vertex


def path_parts(known: Activities, path: Sequence[int], zero: int) -> list[PathPart]:
    """The path step by step: what is waited and what is run add up to its end."""
    parts: list[PathPart] = []
    now = 0
    for position in path:
        activity = known.all[position]
        start, end = activity.start - zero, activity.end - zero
        if activity.passes:
            start = end = now
        waited, time = max(0, start - now), max(0, end - max(start, now))
        now = max(now, end)
        last = parts[-1] if parts else None
        if last is not None and last.step == activity.vertex:
            parts[-1] = replace(last, end=now, time=last.time + time, waited=last.waited + waited)
        else:
            parts.append(PathPart(step=activity.vertex, start=now - time, end=now, time=time, waited=waited))
    return parts


def timed_steps(
    ordered: Sequenced, tied: Tied, known: Activities, build: Played, parts: Sequence[PathPart], zero: int
) -> tuple[list[TimedStep], list[StageKey]]:
    """Every vertex as a step, without savings; and the stages that steps refer to by position."""
    slack = slacks(build)
    on_path = {part.step for part in parts}
    owners = [_stage_keys_of(vertex, tied) for vertex in ordered.vertices]
    keys = stage_keys(tied.stages, (key for own in owners for key in own))
    place = {key: position for position, key in enumerate(keys)}
    steps = []
    for position, vertex in enumerate(ordered.vertices):
        own = known.of_vertex[position]
        tie_ = tied.ties[vertex.digest]
        step = _step(position, vertex, tie_, zero)
        free = [found for p in own if (found := slack[p]) is not None]
        steps.append(
            replace(
                step,
                stages=tuple(place[key] for key in owners[position]),
                inputs=ordered.inputs[position],
                queued=build.gaps[own[0]] if own and build.waits[own[0]] else 0,
                critical=position in on_path,
                slack=min(free, default=None) if vertex.ran else None,
            )
        )
    return steps, keys


def _stage_keys_of(vertex: Vertex, tied: Tied) -> tuple[StageKey, ...]:
    tie_ = tied.ties[vertex.digest]
    if tie_.stages:
        return tie_.stages
    words = step_words(vertex.name)
    if tied.stages or words is None:
        return ()
    return (words.stage or "stage-0",)


def _step(position: int, vertex: Vertex, tie_: Tie, zero: int) -> TimedStep:
    words = step_words(vertex.name)
    intervals = tuple(Interval(start - zero, end - zero) for start, end in vertex.intervals)
    return TimedStep(
        id=position,
        digest=vertex.digest,
        name=vertex.name,
        kind=tie_.kind,
        lines=tie_.lines,
        how=tie_.how,
        platform=words.platform if words else "",
        target=words.target if words else "",
        start=intervals[0].start if intervals else None,
        end=intervals[-1].end if intervals else None,
        intervals=intervals,
        duration=vertex.duration,
        cached=vertex.cached,
        error=vertex.error,
        unfinished=vertex.unfinished,
        pulled=vertex.pulled,
        sent=vertex.sent if tie_.kind is VertexKind.CONTEXT else 0,
        group=vertex.group,
    )
