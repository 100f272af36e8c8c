"""Records for commands: the file that is named, the build in it that is meant, its Dockerfile."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec.structs import replace

from stagegraph.errors import InputError, OptionsError, StagegraphError
from stagegraph.source import printable

if TYPE_CHECKING:
    from rich.progress import Progress

    from stagegraph.model import Report
    from stagegraph.options import Options
    from stagegraph.records.record import Record
    from stagegraph.source import Source
    from stagegraph.timings.timings import Timings


_AFTER = 1.0  # seconds


@contextmanager
def reading(path: str) -> Iterator[Callable[[int], None]]:
    """What is to be told how many more bytes of ``path`` were read."""
    bar = _Bar(path)
    try:
        yield bar.tick
    finally:
        bar.stop()


class _Bar:
    def __init__(self, path: str) -> None:
        self._path = path
        self._begun = time.monotonic()
        self._read = 0
        self._shown: Progress | None = None

    def tick(self, count: int) -> None:
        self._read += count
        if self._shown:
            self._shown.update(self._shown.task_ids[0], completed=self._read)
        elif time.monotonic() - self._begun > _AFTER and sys.stderr.isatty():
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
    """The record in ``path`` that is called ``name``, or has that number; the only one for nothing.

    Raises InputError for a file without records, OptionsError when which of them is meant is not said.
    """
    from stagegraph.records.reading import read_records

    with reading(path) as tick:
        found = read_records(path, tick)
    if not name and len(found) == 1:
        return found[0]
    named = [record for record in found if record.name == name and name]
    if not named and name.isdecimal() and 0 < int(name) <= len(found):
        named = [found[int(name) - 1]]
    if len(named) == 1:
        return named[0]
    raise OptionsError(_which(path, name, found), hint="say which with --build and its name or its number")


def _which(path: str, name: str, found: list[Record]) -> str:
    listed = "\n".join(f"  {n:>3}  {_about(record)}" for n, record in enumerate(found, 1))
    count = f"{len(found)} build{'s' if len(found) > 1 else ''}"
    return f"{path} holds {count}" + (f" and not the one {name!r}" if name else "") + f":\n{listed}"


def _about(record: Record) -> str:
    from stagegraph.formats.words import duration

    ends = [vertex.intervals[-1].end for vertex in record.vertices if vertex.intervals]
    starts = [vertex.intervals[0].start for vertex in record.vertices if vertex.intervals]
    took = f", {duration(max(ends) - min(starts))}" if ends else ""
    cached = sum(vertex.cached for vertex in record.vertices)
    failed = ", failed" if record.error else ""
    return f"{record.name or 'the build'}: {len(record.vertices)} steps, {cached} cached{took}{failed}"


def timings_named(path: str, name: str, dockerfile: str, options: Options) -> tuple[Timings, Record]:
    """What the build ``name`` in ``path`` measured, and its record.

    Without ``dockerfile``, for a record that carries none, the Dockerfile here is taken if it fits.
    """
    from stagegraph.timings.measure import measure

    record = record_named(path, name)
    if dockerfile or record.dockerfile:
        return measure(record, _source(dockerfile) if dockerfile else None, options), record
    here = _here()
    if here is not None:
        found = measure(record, here, options)
        if not found.mismatch:
            note = f"the record carries no Dockerfile: lines are those of {here.name}"
            return replace(found, notes=(note, *found.notes)), record
    return measure(record, None, options), record


def timed_report(path: str, name: str, dockerfile: str, options: Options) -> tuple[Report, Timings]:
    """The report of the Dockerfile of the build ``name`` in ``path``, with what was measured.

    Raises InputError when there is no Dockerfile that it could be of.
    """
    from stagegraph.timings.dockerfile_of_record import build_of_record
    from stagegraph.timings.timed_report import timed

    found, record = timings_named(path, name, dockerfile, options)
    build = build_of_record(record, found.dockerfile, options)
    if build is None:
        raise InputError(
            f"{path} carries no Dockerfile that can be read", hint="name the Dockerfile that it was made from"
        )
    if found.mismatch:
        print(f"warning: {printable(found.mismatch)}", file=sys.stderr)
    return timed(build, found), found


def _source(dockerfile: str) -> Source:
    from stagegraph.reading import read_source

    return read_source(dockerfile)


def _here() -> Source | None:
    try:
        return _source("")
    except (InputError, StagegraphError):
        return None
