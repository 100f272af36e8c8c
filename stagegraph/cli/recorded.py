"""Reads the record that a command line names and measures the build in it that is chosen."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec.structs import replace

from stagegraph.cli.format_choice import refuse_given
from stagegraph.errors import InputError, OptionsError, StagegraphError
from stagegraph.source import printable, quoted

if TYPE_CHECKING:
    from rich.progress import Progress

    from stagegraph.graph.build import Build
    from stagegraph.graph.request import Request
    from stagegraph.model import Report
    from stagegraph.options import Options
    from stagegraph.records.record import Record
    from stagegraph.source import Source
    from stagegraph.timings.timings import Timings

_BAR_AFTER = 1.0  # seconds


@contextmanager
def progress_of(path: str) -> Iterator[Callable[[int], None]]:
    """A function to call with the number of bytes just read; shows a bar if reading takes long."""
    bar = _Bar(path)
    try:
        yield bar.tick
    finally:
        bar.stop()


class _Bar:
    """A progress bar on standard error, shown once reading takes longer than ``_BAR_AFTER``."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._begun = time.monotonic()
        self._read = 0
        self._shown: Progress | None = None

    def tick(self, count: int) -> None:
        self._read += count
        if self._shown:
            self._shown.update(self._shown.task_ids[0], completed=self._read)
        elif time.monotonic() - self._begun > _BAR_AFTER and sys.stderr.isatty():
            self._shown = _progress(self._path, self._read)

    def stop(self) -> None:
        if self._shown:
            self._shown.stop()


def _progress(path: str, read: int) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    shown = Progress(
        TextColumn("Reading"), BarColumn(), DownloadColumn(), console=Console(file=sys.stderr), transient=True
    )
    shown.add_task("", total=_size(path), completed=read)
    shown.start()
    return shown


def _size(path: str) -> int | None:
    try:
        return os.stat(path).st_size if path != "-" else None
    except OSError:
        return None


def record_named(path: str, name: str) -> Record:
    """The record in ``path`` that is called ``name`` or has that number; without ``name`` the only one.

    Raises InputError for a file without records, and OptionsError, with a list of the records, when ``name``
    does not choose one.
    """
    from stagegraph.records.reading import read_records

    with progress_of(path) as tick:
        records = read_records(path, tick)
    if not name and len(records) == 1:
        return records[0]
    named = [record for record in records if record.name == name and name]
    if not named and name.isdecimal() and 0 < int(name) <= len(records):
        named = [records[int(name) - 1]]
    if len(named) == 1:
        return named[0]
    builds = f"{len(records)} build{'s' if len(records) > 1 else ''}"
    unknown = f"unknown or ambiguous build {quoted(name)}: " if name else ""
    raise OptionsError(
        f"{unknown}{path} contains {builds}:",
        details=[f"  {n:>3}  {_about(record)}" for n, record in enumerate(records, 1)],
        hint="choose one with `--build NAME` (a name or number from the list)",
    )


def _about(record: Record) -> str:
    from stagegraph.units import counted, duration

    ends = [vertex.intervals[-1].end for vertex in record.vertices if vertex.intervals]
    starts = [vertex.intervals[0].start for vertex in record.vertices if vertex.intervals]
    took = f", {duration(max(ends) - min(starts))}" if ends else ""
    cached = sum(vertex.cached for vertex in record.vertices)
    failed = ", failed" if record.error else ""
    steps = counted(len(record.vertices), "step")
    return f"{record.name or 'the build'}: {steps}, {cached} cached{took}{failed}"


def timings_named(
    path: str, name: str, dockerfile: str, options: Options, *, plan: bool = False
) -> tuple[Timings, Build | None]:
    """The timings of the build ``name`` in ``path``, and that build of its Dockerfile, if it has one.

    With ``plan``, also the sequence of changes that shortens the build most.

    Without ``dockerfile``, a record that holds none gets the default Dockerfile here if that matches.
    """
    from stagegraph.timings.match import match_record
    from stagegraph.timings.measure import timings_of

    record = record_named(path, name)
    if record.options is not None:
        refuse_given(("targets", "platforms"), "on a record that says what was built")
    source = _source(dockerfile) if dockerfile else None
    here = None if source or record.dockerfile else _default_source()
    matched = match_record(record, source or here, options)
    if here and (matched.mismatch or matched.build is None):
        matched = match_record(record, None, options)
    timings = timings_of(matched)
    if plan:
        from stagegraph.timings.plan import plan_of

        timings = replace(timings, plan=plan_of(matched, timings))
    if here and matched.dockerfile.source:
        note = f"this record has no Dockerfile; line numbers are those of {here.name}"
        timings = replace(timings, notes=(note, *timings.notes))
    return timings, matched.build


def timings_of_request(path: str, request: Request) -> Timings:
    """The timings of the bake build of ``request``, whose targets have their records in ``path``."""
    from stagegraph.records.reading import read_records
    from stagegraph.timings.bake_records import measure_request

    with progress_of(path) as tick:
        return measure_request(read_records(path, tick), request)


def timed_report(path: str, name: str, dockerfile: str, options: Options) -> Report:
    """The report of the Dockerfile of the build ``name`` in ``path``, with the timings of that build.

    Raises InputError without a Dockerfile that can be resolved.
    """
    from stagegraph.timings.timed_report import timed

    timings, build = timings_named(path, name, dockerfile, options)
    if build is None:
        raise InputError(
            f"{path} contains no readable Dockerfile",
            hint="pass the Dockerfile that it was built from",
        )
    if not timings.dependencies_known:
        raise InputError(
            timings.mismatch or f"{path} is a log, which does not say what each step waited for",
            hint="pass the Dockerfile that it was built from",
        )
    if timings.mismatch:
        print(f"warning: {printable(timings.mismatch)}", file=sys.stderr)
    return timed(build, timings)


def timed_report_of_request(path: str, request: Request) -> Report:
    """The report of ``request`` with the timings of its bake build, whose records are in ``path``."""
    from stagegraph.records.reading import read_records
    from stagegraph.timings.timed_request import timed_request

    with progress_of(path) as tick:
        return timed_request(read_records(path, tick), request)


def _source(dockerfile: str) -> Source:
    from stagegraph.cli.suggestions import suggesting_commands
    from stagegraph.reading import read_source

    with suggesting_commands(dockerfile):
        return read_source(dockerfile)


def _default_source() -> Source | None:
    from stagegraph.reading import read_source

    try:
        return read_source("")
    except StagegraphError:
        return None
