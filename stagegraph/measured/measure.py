"""A record to Timings: what was measured, tied to the Dockerfile and analysed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stagegraph.measured.activities import Activities, activities_of
from stagegraph.measured.matching import Tie
from stagegraph.measured.model import CANCELED, PathPart, Saving, SavingKind, TimedStage, TimedStep, Timings
from stagegraph.measured.names import VertexKind, step_words
from stagegraph.measured.order import in_order
from stagegraph.measured.phases import add_phases
from stagegraph.measured.placing import placed
from stagegraph.measured.rollup import by_lines, concurrency_of, phases_of, stage_keys, stage_of
from stagegraph.measured.savings import Savings, savings_of
from stagegraph.measured.schedule import Played, critical_path, played, slacks
from stagegraph.measured.static_graph import all_steps, inputs_by_dockerfile
from stagegraph.measured.ties import Tied, tie
from stagegraph.options import Options
from stagegraph.records.model import Interval, Record, Vertex
from stagegraph.source import Source

_DEFAULT = Options()
_SPAN_SLACK = 1_000_000_000  # by which events may lie outside what the record says of the whole build


def measure(record: Record, source: Source | None = None, options: Options = _DEFAULT) -> Timings:
    """What ``record`` measured, by step and by stage of its Dockerfile.

    ``source`` is the Dockerfile for records that carry none; ``options`` what was asked of the build,
    as far as the record does not say it: build arguments, so that names can be compared. Never raises for
    what is in a record: what cannot be used is left out and said in ``notes``.
    """
    tied = tie(record, source, options)
    ordered = _ordered(record, tied)
    notes = [*record.notes, *tied.notes, *ordered.notes]
    zero, wall, begun, note = _span(record, ordered.vertices)
    known = activities_of(ordered.vertices, ordered.inputs, by_time=record.has_inputs)
    kinds = [tied.ties[vertex.digest].kind for vertex in ordered.vertices]
    names = [vertex.name for vertex in ordered.vertices]
    add_phases(known, kinds, names, [_target(name) for name in names])
    build = played(known, zero, _failed(ordered.vertices))
    path = critical_path(build)
    parts = _parts(known, path, zero)
    steps, keys = _steps(ordered, tied, known, build, parts, zero)
    stages = _stages(steps, keys, tied, parts)
    savings = Savings(build, known.of_vertex, path)
    found = _savings(savings, steps, stages, parts)
    if not savings.complete:
        notes.append("what the smaller steps of the path would save was not worked out: there are too many")
    of_step = savings_of(savings, {part.step: (part.step,) for part in parts})
    of_stage = {saving.stage: saving.saves for saving in found if saving.kind is SavingKind.STAGE}
    steps = [replace(step, saving=of_step.get(step.id)) for step in steps]
    own = [step for step in steps if step.kind is VertexKind.STEP and step.ran]
    return Timings(
        source=record.source,
        name=record.name,
        format=record.format,
        dockerfile=tied.source,
        begun=begun,
        estimated=begun is None,
        wall=wall,
        work=sum(step.duration for step in steps),
        concurrency=concurrency_of(steps),
        cached_steps=sum(step.cached for step in own),
        total_steps=len(own),
        cached_time=sum(step.duration for step in steps if step.cached),
        steps=tuple(steps),
        stages=tuple(replace(stage, saving=of_stage.get(stage.id)) for stage in stages),
        phases=phases_of(steps),
        path=tuple(parts),
        savings=tuple(found),
        error=record.error or _error(ordered.vertices),
        interrupted=_interrupted(record, ordered.vertices),
        mismatch=tied.mismatch,
        notes=tuple(dict.fromkeys(note for note in [*notes, note] if note)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ordered:
    vertices: list[Vertex]  # inputs before users
    inputs: list[tuple[int, ...]]
    notes: list[str]


def _ordered(record: Record, tied: Tied) -> _Ordered:
    vertices = record.vertices
    kinds = [tied.ties[vertex.digest].kind for vertex in vertices]
    if record.has_inputs:
        position = {vertex.digest: n for n, vertex in enumerate(vertices)}
        inputs = [tuple(dict.fromkeys(position[d] for d in v.inputs if d in position)) for v in vertices]
        unknown = sum(digest not in position for vertex in vertices for digest in vertex.inputs)
    else:
        inputs, unknown = _inputs_without(record, tied), 0
    ranks = [0] * len(vertices) if record.has_inputs else [_rank(kind) for kind in kinds]
    order, kept, cut = in_order(vertices, inputs, ranks)
    notes = [f"{unknown} inputs are not in the record"] if unknown else []
    notes += [f"{cut} inputs that form cycles were left out"] if cut else []
    found = [vertices[n] for n in order]
    if not any(vertex.intervals for vertex in found):
        found = placed(found, kept, [kinds[n] for n in order])
        notes.append("the record has no clock: starts and ends follow from durations and the Dockerfile")
    return _Ordered(vertices=found, inputs=kept, notes=notes)


def _rank(kind: VertexKind) -> int:
    return {VertexKind.FRONTEND: 0, VertexKind.EXPORT: 2}.get(kind, 1)


def _inputs_without(record: Record, tied: Tied) -> list[tuple[int, ...]]:
    """The inputs of a log: by the Dockerfile, or as far as the numbers of the steps tell."""
    if tied.builds:
        return inputs_by_dockerfile(record.vertices, tied.ties, all_steps(tied.builds))
    last: dict[tuple[str, str], int] = {}
    found: list[tuple[int, ...]] = []
    for position, vertex in enumerate(record.vertices):
        words = step_words(vertex.name)
        key = (words.platform, words.stage) if words else ("", "")
        found.append((last[key],) if words and key in last else ())
        if words:
            last[key] = position
    return found


def _target(name: str) -> str:
    words = step_words(name)
    return words.target if words else ""


def _span(record: Record, vertices: Sequence[Vertex]) -> tuple[int, int, int | None, str]:
    """Time 0 on the clock of the vertices, the wall time, time 0 since 1970, and what to say of it."""
    starts = [vertex.intervals[0].start for vertex in vertices if vertex.intervals]
    first = min(starts, default=0)
    last = max((vertex.intervals[-1].end for vertex in vertices if vertex.intervals), default=0)
    measured = any(vertex.intervals for vertex in record.vertices)
    span = record.span
    if span is None or not measured:
        return first, last - first, first if measured else None, ""
    if span.start - _SPAN_SLACK <= first and last <= span.end + _SPAN_SLACK:
        start, end = min(span.start, first), max(span.end, last)
        return start, end - start, start, ""
    note = "when the build began and ended does not fit its steps: it is taken from the steps"
    return first, last - first, first, note


def _failed(vertices: Sequence[Vertex]) -> set[int]:
    """What failed by itself, and was not stopped because something else did."""
    return {n for n, v in enumerate(vertices) if v.error and v.intervals and not _stopped(v, vertices)}


def _stopped(vertex: Vertex, vertices: Sequence[Vertex]) -> bool:
    return vertex.error.endswith(CANCELED)


def _interrupted(record: Record, vertices: Sequence[Vertex]) -> bool:
    """Whether the record ends in the midst: something began and did not end, or waits without a reason."""
    failed = record.error or _error(vertices)
    return any(vertex.unfinished or (not vertex.ran and not failed) for vertex in vertices)


def _error(vertices: Sequence[Vertex]) -> str:
    errors = [v for v in vertices if v.error and not v.error.endswith(CANCELED)]
    return errors[0].error if errors else ""


def _parts(known: Activities, path: Sequence[int], zero: int) -> list[PathPart]:
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


def _steps(
    ordered: _Ordered, tied: Tied, known: Activities, build: Played, parts: Sequence[PathPart], zero: int
) -> tuple[list[TimedStep], list[int | str]]:
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


def _stage_keys_of(vertex: Vertex, tied: Tied) -> tuple[int | str, ...]:
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


def _stages(
    steps: Sequence[TimedStep], keys: Sequence[int | str], tied: Tied, parts: Sequence[PathPart]
) -> list[TimedStage]:
    own: list[list[TimedStep]] = [[] for _ in keys]
    for step in steps:
        for stage in step.stages:
            own[stage].append(step)
    path: list[list[PathPart]] = [[] for _ in keys]
    for part in parts:
        for stage in steps[part.step].stages:
            path[stage].append(part)
    return [stage_of(n, key, tied.stages, own[n], path[n]) for n, key in enumerate(keys)]


def _savings(
    savings: Savings, steps: Sequence[TimedStep], stages: Sequence[TimedStage], parts: Sequence[PathPart]
) -> list[Saving]:
    """What each instruction and each stage on the path would save, the biggest saving first."""
    lines = by_lines(steps, (part.step for part in parts))
    on_path: Mapping[object, tuple[int, ...]] = {s.id: s.steps for s in stages if s.on_path}
    found = []
    for key, saves in savings_of(savings, lines).items():
        if saves:
            own = lines[key]
            first = steps[next(step for step in own if steps[step].critical)]
            found.append(_saving(SavingKind.STEP, first.name, saves, own, steps, lines=first.lines))
    for key, saves in savings_of(savings, on_path).items():
        if saves and isinstance(key, int):
            stage = stages[key]
            found.append(_saving(SavingKind.STAGE, stage.name, saves, stage.steps, steps, stage=key))
    return sorted(found, key=lambda s: (-s.saves, s.kind, s.steps))


def _saving(
    kind: SavingKind,
    name: str,
    saves: int,
    own: tuple[int, ...],
    steps: Sequence[TimedStep],
    *,
    lines: tuple[int, ...] = (),
    stage: int | None = None,
) -> Saving:
    took = sum(steps[step].duration for step in own)
    return Saving(kind=kind, name=name, saves=saves, took=took, steps=own, lines=lines, stage=stage)
