"""Joins the records of one ``docker buildx bake``, which writes a record for each target, into one build."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from stagegraph.dockerfile.platforms import parse_platform
from stagegraph.graph.request import PartBuild, Request
from stagegraph.options import Options
from stagegraph.records.record import Interval, Record, Vertex
from stagegraph.source import printable
from stagegraph.timings.measure import measure
from stagegraph.timings.step_names import vertex_kind
from stagegraph.timings.timings import TimedStep, TimedTarget, Timings

_SEVERAL = "the targets have several Dockerfiles, so steps have no line numbers"


def measure_request(records: Sequence[Record], request: Request) -> Timings:
    """The timings of the build of ``request`` that ``records`` are of, at least one.

    ``Timings.targets`` has each target. A step that several targets read is in the record of each, with the
    same digest: it counts once.
    """
    if len(records) == 1 and records[0].options is None:
        return _of_log(records[0], request)
    named = _named(records, request)
    missing = tuple(_not_recorded(named, request))
    known = [record for record in named if record.name in _names(request)]
    records = _last_build(known or named)
    timings = measure(joined(records))
    steps = {step.digest: step for step in timings.steps}
    targets = tuple(_timed_target(record, records, steps) for record in records)
    return replace(timings, targets=targets, notes=(*timings.notes, *_notes(records), *missing))


def _of_log(record: Record, request: Request) -> Timings:
    """The timings of an event stream or a log, which has all targets; lines are those of one Dockerfile."""
    if len(request.parts) != 1:
        timings = measure(record)
        return replace(timings, notes=(*timings.notes, _SEVERAL))
    build = request.parts[0].build
    targets = tuple(dict.fromkeys(name for name, _ in build.questions if name))
    return measure(record, build.source, replace(build.options, targets=targets))


def _named(records: Sequence[Record], request: Request) -> list[Record]:
    """``records`` with the names of the bake targets that they are of, as far as one fits."""
    left = [(name, one) for one in request.builds for name in one.build.names]
    names: dict[int, str] = {}
    for number in sorted(range(len(records)), key=lambda n: -_start(records[n])):  # the newest first
        fitting = next((pair for pair in left if _fits(records[number], pair[1])), None)
        if fitting:
            left.remove(fitting)
        names[number] = fitting[0] if fitting else ""
    return [
        replace(record, name=names[number] or f"{record.name or 'the build'} (#{number + 1})")
        for number, record in enumerate(records)
    ]


def _start(record: Record) -> int:
    return record.span.start if record.span else 0


def _fits(record: Record, one: PartBuild) -> bool:
    """Whether ``record`` can be of that target: the same Dockerfile, stage, arguments and platform."""
    build, options, resolved = one.part.build, record.options, one.build.resolved
    if record.dockerfile is None or options is None or record.dockerfile.text != build.source.text:
        return False
    wanted = resolved.stage_named(options.target) if options.target else len(build.file.stages) - 1
    platforms = {str(parse_platform(name)) for name in options.platforms}
    return (
        wanted == resolved.target
        and dict(options.build_args) == dict(build.options.build_args)
        and (not platforms or str(resolved.target_platform) in platforms)
    )


def _last_build(records: Sequence[Record]) -> list[Record]:
    """The ``records`` of the last bake: its targets run at the same time, and earlier ones ended before."""
    kept: list[Record] = []
    begun: int | None = None
    for record in sorted(records, key=lambda one: -(one.span.end if one.span else 0)):
        if begun is None or record.span is None or record.span.end > begun:
            kept.append(record)
            if record.span:
                begun = min(begun or record.span.start, record.span.start)
    return sorted(kept, key=records.index)


def _names(request: Request) -> set[str]:
    return {name for one in request.builds for name in one.build.names}


def _not_recorded(named: Sequence[Record], request: Request) -> Iterable[str]:
    """Which targets have no record in the last bake, and which records are of no target."""
    known = _names(request)
    fitting = _last_build([record for record in named if record.name in known])
    missing = ", ".join(sorted(known - {record.name for record in fitting}))
    if missing:
        yield printable(f"these targets of {request.name} have no record: {missing}")
    others = ", ".join(record.name or "the build" for record in named if record.name not in known)
    if others:
        why = f"do not fit a target of {request.name} or a later build does"
        yield printable(f"not used, since they {why}: {others}")


def joined(records: Sequence[Record]) -> Record:
    """One record of all steps in ``records``; names begin with the target, as bake prints them."""
    shared = _shares_dockerfile(records)
    vertices: dict[str, Vertex] = {}
    for record in records:
        for vertex in record.vertices:
            name = vertex.name if len(records) == 1 else _with_target(vertex.name, record.name)
            vertices.setdefault(vertex.digest, replace(vertex, name=name))
    return Record(
        source=records[0].source,
        name="",
        format=records[0].format,
        vertices=tuple(vertices.values()),
        has_inputs=all(record.has_inputs for record in records),
        dockerfile=records[0].dockerfile if shared else None,
        lines=dict(item for record in records for item in record.lines.items()) if shared else {},
        options=_options(records) if shared else None,
        span=_span(records),
        error=next((record.error for record in records if record.error), ""),
        notes=tuple(dict.fromkeys(note for record in records for note in record.notes)),
    )


def _shares_dockerfile(records: Sequence[Record]) -> bool:
    """Whether all targets are of one Dockerfile, and differ in the stage only."""
    first = records[0]
    return all(
        record.dockerfile
        and first.dockerfile
        and record.dockerfile.text == first.dockerfile.text
        and _without_target(record) == _without_target(first)
        for record in records
    )


def _without_target(record: Record) -> Options | None:
    return record.options and replace(record.options, target=None, targets=())


def _options(records: Sequence[Record]) -> Options | None:
    options = records[0].options
    if options is None or len(records) == 1:
        return options
    targets = (one.options.target for one in records if one.options)
    return replace(options, target=None, targets=tuple(dict.fromkeys(filter(None, targets))))


def _with_target(name: str, target: str) -> str:
    named = f"[{target} {name[1:]}" if name.startswith("[") else f"[{target}] {name}"
    return named if vertex_kind(named) is vertex_kind(name) else name


def _span(records: Iterable[Record]) -> Interval | None:
    spans = [record.span for record in records if record.span]
    return Interval(min(one.start for one in spans), max(one.end for one in spans)) if spans else None


def _timed_target(record: Record, records: Sequence[Record], steps: dict[str, TimedStep]) -> TimedTarget:
    others = {vertex.digest for one in records if one is not record for vertex in one.vertices}
    known = [steps[vertex.digest] for vertex in record.vertices if vertex.digest in steps]
    ends = [step.end for step in known if step.end is not None]
    return TimedTarget(
        name=record.name,
        end=max(ends, default=None),
        own=sum(step.duration for step in known if step.digest not in others),
        shared=sum(step.duration for step in known if step.digest in others),
        on_path=sum(step.duration for step in known if step.critical and step.digest not in others),
    )


def _notes(records: Sequence[Record]) -> Iterable[str]:
    if not _shares_dockerfile(records):
        yield f"{_SEVERAL}; choose one with --build"
