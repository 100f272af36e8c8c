"""Reads a file of records and detects its format by its content: bundle, event stream or log."""

from __future__ import annotations

import re
import sys
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator
from io import BufferedReader, BytesIO
from itertools import chain
from pathlib import Path
from typing import BinaryIO, cast
from zipfile import BadZipFile, ZipFile

from stagegraph.errors import InputError
from stagegraph.records.bundle import read_bundle
from stagegraph.records.event_stream import is_event, joined_objects, read_rawjson, without_prefix
from stagegraph.records.log import read_plain
from stagegraph.records.other_text import raise_for_other_text
from stagegraph.records.prefix import opens_a_log
from stagegraph.records.record import LimitError, Limits, Record, Tick
from stagegraph.source import Source

MOST_BYTES = 1024 * 1024 * 1024  # of a stream or a log
_LONGEST_LINE = 16 * 1024 * 1024
_LARGEST_ZIP = 256 * 1024 * 1024
_MOST_MEMBERS = 1000
_MAGIC_AT = 257  # offset of "ustar" in a tar archive
_HEAD = _MAGIC_AT + 5
_GZIP = b"\x1f\x8b"
_TERMINAL = re.compile(rb"\[\+\] (?:Building|build) ")
_HINT = "pass a .dockerbuild bundle, or the output of --progress=rawjson or --progress=plain"


def _no_tick(_count: int) -> None:
    """Ignore the progress."""


def read_records(path: str, tick: Tick = _no_tick) -> list[Record]:
    """The records in the file ``path`` (``-``: standard input), in its order; at least one.

    ``tick`` is called with the number of bytes of each read. Raises InputError when the file cannot be
    read or holds no record.
    """
    if path == "-":
        return records_of(sys.stdin.buffer, "<stdin>", tick)
    try:
        with Path(path).open("rb") as file:
            return records_of(file, path, tick)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(reason, source=Source(name=path, text=""), hint=_HINT) from None


def records_of(stream: BinaryIO, source: str, tick: Tick = _no_tick) -> list[Record]:
    """The records in ``stream``; see ``read_records``."""
    buffered = BufferedReader(cast("BytesIO", stream)) if not hasattr(stream, "peek") else stream
    head = cast(BufferedReader, buffered).peek(_HEAD)[:_HEAD]
    try:
        all_records = _reader(head)(buffered, source, tick)
    except LimitError as error:
        raise InputError(
            str(error),
            source=Source(name=source, text=""),
            hint="check that this is the right file",
        ) from None
    records = [record for record in all_records if record.vertices]
    if not records:
        notes = "; ".join(dict.fromkeys(note for record in all_records for note in record.notes))
        message = "this file is not the record of a build" + (f": {notes}" if notes else "")
        raise InputError(message, source=Source(name=source, text=""), hint=_HINT)
    return records


def _reader(head: bytes) -> Callable[[BinaryIO, str, Tick], list[Record]]:
    """The function that reads a file which begins with ``head``."""
    if head.startswith(_GZIP) or head[_MAGIC_AT:].startswith(b"ustar"):
        return read_bundle
    if head.startswith(b"PK\x03\x04"):
        return _read_zip
    if head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return _read_utf16
    return _read_lines


def _read_zip(stream: BinaryIO, source: str, tick: Tick) -> list[Record]:
    """The records of all bundles in a zip archive, such as a downloaded artifact of GitHub Actions."""
    data = stream.read(_LARGEST_ZIP + 1)
    tick(len(data))
    if len(data) > _LARGEST_ZIP:
        raise _too_large(source, _LARGEST_ZIP)
    records: list[Record] = []
    limits = Limits()
    try:
        with ZipFile(BytesIO(data)) as archive:
            for member in archive.infolist()[:_MOST_MEMBERS]:
                with archive.open(member) as file:
                    head = file.read(_HEAD)
                if head.startswith(_GZIP):
                    with archive.open(member) as file:
                        records.extend(read_bundle(cast(BinaryIO, file), source, _no_tick, limits))
    except (
        BadZipFile,
        OSError,
        EOFError,
        ValueError,
        RuntimeError,
        NotImplementedError,
        zlib.error,
    ) as error:
        raise InputError(
            f"the zip archive is damaged: {error}", source=Source(name=source, text="")
        ) from None
    return records


def _read_utf16(stream: BinaryIO, source: str, tick: Tick) -> list[Record]:
    """The records of a stream or a log in UTF-16, as ``>`` of Windows PowerShell writes it."""
    data = stream.read(_LARGEST_ZIP + 1)
    if len(data) > _LARGEST_ZIP:
        raise _too_large(source, _LARGEST_ZIP)
    return _read_lines(BytesIO(data.decode("utf-16", "replace").encode("utf-8", "replace")), source, tick)


def _read_lines(stream: BinaryIO, source: str, tick: Tick) -> list[Record]:
    """The records of an event stream if an event comes before the first line of a log, else of a log.

    Raises InputError for other texts about a build, which have no times of its steps.
    """
    watched = _Lines(stream, source)
    lines = joined_objects(watched)
    records: list[Record] = []
    json = b""  # the first line of JSON that is not an event
    for line in lines:
        if is_event(line):
            records = read_rawjson(chain([line], lines), source, tick)
        elif opens_a_log(line):
            records = read_plain(chain([line], lines), source, tick)
        elif not json and without_prefix(line)[:1] == b"{":
            json = line
        tick(len(line))
    if any(record.vertices for record in records):
        return records
    raise_for_other_text(source, watched.terminal, json)
    return records or read_rawjson([json], source, _no_tick)


class _Lines:
    """The lines of a stream; InputError past the limit of bytes."""

    def __init__(self, stream: BinaryIO, source: str) -> None:
        self._stream = stream
        self._source = source
        self.terminal: tuple[int, bytes] | None = None  # the first line that a terminal shows of a build

    def __iter__(self) -> Iterator[bytes]:
        number = total = 0
        while line := self._stream.readline(_LONGEST_LINE):
            number += 1
            total += len(line)
            if total > MOST_BYTES:
                raise _too_large(self._source, MOST_BYTES)
            if b"[+] " in line and self.terminal is None and _TERMINAL.search(line):
                self.terminal = number, line
            yield line


def _too_large(source: str, most: int) -> InputError:
    return InputError(
        f"the file is larger than the limit of {most // 1024 // 1024} MiB for a record",
        source=Source(name=source, text=""),
        hint="check that this is the right file",
    )
