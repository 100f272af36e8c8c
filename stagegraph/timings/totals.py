"""Steps put together: by stage, by phase, and how many ran at each moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from msgspec.structs import replace

from stagegraph.dockerfile.file import StageText
from stagegraph.records.collector import merged
from stagegraph.records.record import Interval, Record, Vertex
from stagegraph.timings.dockerfile_of_record import Tied
from stagegraph.timings.match import Tie
from stagegraph.timings.order import Sequenced
from stagegraph.timings.replay import Played, slacks
from stagegraph.timings.step_names import VertexKind, step_words
from stagegraph.timings.timings import CANCELED, PathPart, Phase, TimedStage, TimedStep
from stagegraph.timings.waits import Activities


def failed(vertices: Sequence[Vertex]) -> set[int]:
    """What failed by itself, and was not stopped because something else did."""
    return {n for n, v in enumerate(vertices) if v.error and v.intervals and not v.error.endswith(CANCELED)}


def interrupted(record: Record, vertices: Sequence[Vertex]) -> bool:
    """Whether the record ends in the midst: something began and did not end, or waits without a reason."""
    reason = record.error or error_of(vertices)
    return any(vertex.unfinished or (not vertex.ran and not reason) for vertex in vertices)


def error_of(vertices: Sequence[Vertex]) -> str:
    """The first error of what failed by itself, or nothing."""
    errors = [v for v in vertices if v.error and not v.error.endswith(CANCELED)]
    return errors[0].error if errors else ""


StageKey = int | str  # its index in the Dockerfile, or its name where there is none


def stage_keys(stages: Sequence[StageText], used: Iterable[StageKey]) -> list[StageKey]:
    """The stages that have steps, in the order of the Dockerfile; without one in that of the record."""
    found = dict.fromkeys(used)
    return sorted(found, key=lambda k: k if isinstance(k, int) else 0) if stages else list(found)


def stages_of(
    steps: Sequence[TimedStep],
    keys: Sequence[StageKey],
    texts: Sequence[StageText],
    parts: Sequence[PathPart],
) -> list[TimedStage]:
    """The stages ``keys``, each with what its own ``steps`` did and what of ``parts`` is in it."""
    own: list[list[TimedStep]] = [[] for _ in keys]
    for step in steps:
        for stage in step.stages:
            own[stage].append(step)
    path: list[list[PathPart]] = [[] for _ in keys]
    for part in parts:
        for stage in steps[part.step].stages:
            path[stage].append(part)
    return [stage_of(n, key, texts, own[n], path[n]) for n, key in enumerate(keys)]


def stage_of(
    position: int,
    key: StageKey,
    texts: Sequence[StageText],
    steps: Sequence[TimedStep],
    path: Sequence[PathPart],
) -> TimedStage:
    """The stage ``key`` with what ``steps``, all of them its own, did."""
    text = texts[key] if isinstance(key, int) and key < len(texts) else None
    ran = [step for step in steps if step.ran]
    own = {step.id for step in steps}
    slack = [step.slack for step in ran if step.slack is not None]
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
        error=next((step.error for step in steps if step.error and not step.canceled), ""),
        on_path=sum(part.time for part in path if part.step in own),
        slack=min(slack, default=None),
    )


def phases_of(steps: Sequence[TimedStep]) -> tuple[Phase, ...]:
    """What was done before and after the steps of the Dockerfile; a phase without steps is left out."""
    found = []
    for name, kind in (("before", VertexKind.FRONTEND), ("after", VertexKind.EXPORT)):
        own = [step for step in steps if step.kind is kind and step.start is not None]
        if own:
            start = min(step.start or 0 for step in own)
            end = max(step.end or 0 for step in own)
            found.append(Phase(name=name, start=start, end=end, steps=tuple(step.id for step in own)))
    return tuple(found)


def concurrency_of(steps: Sequence[TimedStep]) -> tuple[tuple[int, int], ...]:
    """At which times the number of running steps changes, and to what."""
    changes: Counter[int] = Counter({0: 0})
    for start, end in _intervals(steps):
        if end > start:
            changes[start] += 1
            changes[end] -= 1
    times = sorted(time for time, change in changes.items() if change or not time)
    return tuple(zip(times, accumulate(changes[time] for time in times), strict=True))


def _intervals(steps: Iterable[TimedStep]) -> list[Interval]:
    return [interval for step in steps for interval in step.intervals]


def by_lines(steps: Sequence[TimedStep], critical: Iterable[int]) -> Mapping[object, tuple[int, ...]]:
    """The steps of each instruction that has one on the path; one without lines stands for itself."""
    wanted = {_line_key(steps[step]) for step in critical}
    found: dict[object, list[int]] = {}
    for step in steps:
        if _line_key(step) in wanted:
            found.setdefault(_line_key(step), []).append(step.id)
    return {key: tuple(own) for key, own in found.items()}


def _line_key(step: TimedStep) -> object:
    return step.lines or -1 - step.id


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
