"""Puts the timings of a bake build into the report of all its Dockerfiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from stagegraph.errors import InputError
from stagegraph.graph.request import PartBuild, Request
from stagegraph.model import Report
from stagegraph.records.record import Record, Vertex
from stagegraph.source import printable
from stagegraph.timings.bake_records import RequestRecords, records_of_request, timings_of_records
from stagegraph.timings.step_names import step_name, without_digests
from stagegraph.timings.timed_report import with_times


def timed_request(records: Sequence[Record], request: Request) -> Report:
    """The report of ``request`` with the times and the critical path of ``records``, at least one.

    Steps of targets without a record have no times, and a note names these. Raises InputError if no record is
    of ``request``, or for a log of several Dockerfiles, which does not say what each step waited for.
    """
    of_request = records_of_request(records, request)
    timings = timings_of_records(of_request, request)
    index = _RequestIndex(request)
    digests = _positions(of_request, index)
    if not digests:
        raise InputError(
            printable(f"no build in {timings.source} fits a target of {request.name} as its files are now"),
            hint="check out the commit that was built, or record the build again",
        )
    if not timings.dependencies_known:
        raise InputError(
            printable(f"{timings.source} is a log, which does not say what each step waited for"),
            hint="export the records with docker buildx history export, or build with --progress=rawjson",
        )
    positions = {step.id: digests.get(step.digest, ()) for step in timings.steps}
    report = with_times(request, timings, positions)
    return replace(report, notes=(*report.notes, *of_request.notes))


def _positions(of_request: RequestRecords, index: _RequestIndex) -> dict[str, tuple[int, ...]]:
    """The steps of the request that each recorded step stands for, by its digest."""
    result: dict[str, tuple[int, ...]] = {}
    for record, build in zip(of_request.records, of_request.builds, strict=True):
        for vertex in record.vertices:
            if build or of_request.is_log:
                steps = index.find(vertex, record, build)
                if steps:
                    result.setdefault(vertex.digest, steps)
    return result


class _RequestIndex:
    """Finds the positions of the steps of a request by their names and the lines of their Dockerfiles."""

    def __init__(self, request: Request) -> None:
        self._by_name: dict[str, list[int]] = {}
        self._by_line: dict[tuple[str, int, str], list[int]] = {}
        self._first = {name: one.build.names[0] for one in request.builds for name in one.build.names}
        for position, step in enumerate(request.steps):
            for name, span in dict.fromkeys([(step.name, step.span), *step.others]):
                self._by_name.setdefault(without_digests(name), []).append(position)
                parts = step_name(name)
                if span and parts:
                    self._by_line.setdefault((parts.target, span.line, parts.keyword), []).append(position)

    def find(self, vertex: Vertex, record: Record, build: PartBuild | None) -> tuple[int, ...]:
        """The steps that ``vertex`` stands for; ``build`` is the one that its record is of, if known."""
        for name in self._names(vertex.name, build):
            if positions := self._by_name.get(without_digests(name)):
                return tuple(dict.fromkeys(positions))
            parts = step_name(name)
            lines = record.lines.get(vertex.digest, ()) if parts else ()
            for line in lines:
                positions = self._by_line.get((parts.target, line, parts.keyword), []) if parts else []
                if len(positions) == 1:  # else on several platforms
                    return tuple(positions)
        return ()

    def _names(self, name: str, build: PartBuild | None) -> Iterator[str]:
        """What the request can call the vertex ``name``: by its target, or by another one built alike."""
        if build:
            yield build.part.naming.step(name, build.build.names[0])
            return
        yield name
        parts = step_name(name)
        if parts and parts.target in self._first:
            yield name.replace(f"[{parts.target} ", f"[{self._first[parts.target]} ", 1)
