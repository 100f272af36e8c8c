"""Joins the records of one ``docker buildx bake``, which writes a record for each target, into one build."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct
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


class RequestRecords(Struct, frozen=True, kw_only=True):
    """The ``records`` of the last bake of a request, each named after its target.

    ``builds`` has what each is of; None where it fits no target, or is a log, which has all targets.
    """

    records: tuple[Record, ...]
    builds: tuple[PartBuild | None, ...]
    notes: tuple[str, ...] = ()

    @property
    def is_log(self) -> bool:
        """Whether one event stream or log has all targets."""
        return len(self.records) == 1 and self.records[0].options is None


def records_of_request(records: Sequence[Record], request: Request) -> RequestRecords:
    """Those of ``records`` that are of the last bake of ``request``; all if none fits one of its targets."""
    if len(records) == 1 and records[0].options is None:
        return RequestRecords(records=tuple(records), builds=(None,))
    named, builds = _named(records, request)
    kept = _last_build([number for number in range(len(named)) if builds[number]] or range(len(named)), named)
    return RequestRecords(
        records=tuple(named[number] for number in kept),
        builds=tuple(builds[number] for number in kept),
        notes=tuple(_not_recorded(named, builds, kept, request)),
    )


def measure_request(records: Sequence[Record], request: Request) -> Timings:
    """The timings of the build of ``request`` that ``records`` are of, at least one.

    ``Timings.targets`` has each target. A step that several targets read is in the record of each, with the
    same digest: it counts once.
    """
    return timings_of_records(records_of_request(records, request), request)


def timings_of_records(of_request: RequestRecords, request: Request) -> Timings:
    """As ``measure_request``, for records that are known to be of ``request``."""
    records = of_request.records
    if of_request.is_log:
        return _of_log(records[0], request)
    timings = measure(joined(records))
    steps = {step.digest: step for step in timings.steps}
    targets = tuple(_timed_target(record, records, steps) for record in records)
    notes = (*timings.notes, *_notes(records), *of_request.notes)
    return replace(timings, targets=targets, notes=notes)


def _of_log(record: Record, request: Request) -> Timings:
    """The timings of an event stream or a log, which has all targets; lines are those of one Dockerfile."""
    if len(request.parts) != 1:
        timings = measure(record)
        return replace(timings, notes=(*timings.notes, _SEVERAL))
    build = request.parts[0].build
    targets = tuple(dict.fromkeys(name for name, _ in build.questions if name))
    return measure(record, build.source, replace(build.options, targets=targets))


def _named(records: Sequence[Record], request: Request) -> tuple[list[Record], list[PartBuild | None]]:
    """``records`` with the names of the bake targets that they are of, as far as one fits, and its builds."""
    left = [(name, one) for one in request.builds for name in one.build.names]
    pairs: dict[int, tuple[str, PartBuild]] = {}
    for number in sorted(range(len(records)), key=lambda n: -_start(records[n])):  # the newest first
        fitting = next((pair for pair in left if _fits(records[number], pair[1])), None)
        if fitting:
            left.remove(fitting)
            pairs[number] = fitting
    named = [
        replace(
            record,
            name=pairs[number][0] if number in pairs else f"{record.name or 'the build'} (#{number + 1})",
        )
        for number, record in enumerate(records)
    ]
    return named, [pairs[number][1] if number in pairs else None for number in range(len(records))]


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


def _last_build(numbers: Iterable[int], records: Sequence[Record]) -> list[int]:
    """Those of ``numbers`` of the last bake: its targets run at the same time, earlier ones ended before."""
    kept: list[int] = []
    begun: int | None = None
    for number in sorted(numbers, key=lambda n: -_end(records[n])):
        span = records[number].span
        if begun is None or span is None or span.end > begun:
            kept.append(number)
            if span:
                begun = min(begun or span.start, span.start)
    return sorted(kept)


def _end(record: Record) -> int:
    return record.span.end if record.span else 0


def _not_recorded(
    named: Sequence[Record], builds: Sequence[PartBuild | None], kept: Sequence[int], request: Request
) -> Iterable[str]:
    """Which targets have no record in the last bake, and which records are of no target."""
    known = {name for one in request.builds for name in one.build.names}
    missing = ", ".join(sorted(known - {named[number].name for number in kept if builds[number]}))
    if missing:
        yield printable(f"these targets of {request.name} have no record: {missing}")
    others = ", ".join(record.name for record, one in zip(named, builds, strict=True) if not one)
    if others:
        why = f"do not fit a target of {request.name} that is asked for, or a later build does"
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
