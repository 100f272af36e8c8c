"""A file of records, whatever it is: a bundle, an event stream or a log, told by its content."""

from __future__ import annotations

import sys
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import BinaryIO, cast
from zipfile import BadZipFile, ZipFile

from stagegraph.errors import InputError
from stagegraph.records.bundle import read_bundle
from stagegraph.records.event_stream import read_rawjson, without_prefix
from stagegraph.records.log import read_plain
from stagegraph.records.record import Record
from stagegraph.source import Source

MOST_BYTES = 1024 * 1024 * 1024  # of a stream or a log
_LONGEST_LINE = 16 * 1024 * 1024
_LARGEST_ZIP = 256 * 1024 * 1024
_MOST_MEMBERS = 1000
_MAGIC_AT = 257  # where a tar archive says that it is one
_HEAD = _MAGIC_AT + 5
_GZIP = b"\x1f\x8b"
_HINT = "it takes a .dockerbuild bundle, or what --progress=rawjson or --progress=plain prints"

Tick = Callable[[int], None]  # told how many more bytes were read


def _no_tick(_count: int) -> None:
    """Nobody watches."""


def read_records(path: str, tick: Tick = _no_tick) -> list[Record]:
    """The records in ``path``, ``-`` for standard input, in the order of the file; at least one.

    Raises InputError when it cannot be read or holds no record.
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
    found = _reader(head)(buffered, source, tick)
    kept = [record for record in found if record.vertices]
    if not kept:
        notes = "; ".join(dict.fromkeys(note for record in found for note in record.notes))
        message = "no build is recorded here" + (f": {notes}" if notes else "")
        raise InputError(message, source=Source(name=source, text=""), hint=_HINT)
    return kept


def _reader(head: bytes) -> Callable[[BinaryIO, str, Tick], list[Record]]:
    """What reads a file that begins with ``head``."""
    if head.startswith(_GZIP) or head[_MAGIC_AT:].startswith(b"ustar"):
        return read_bundle
    if head.startswith(b"PK\x03\x04"):
        return _zipped
    if head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return _utf16
    return _of_lines


def _zipped(stream: BinaryIO, source: str, tick: Tick) -> list[Record]:
    """The records in the files of a zip, as a browser downloads artifacts of GitHub Actions."""
    data = stream.read(_LARGEST_ZIP + 1)
    tick(len(data))
    if len(data) > _LARGEST_ZIP:
        raise _too_large(source, _LARGEST_ZIP)
    found: list[Record] = []
    try:
        with ZipFile(BytesIO(data)) as archive:
            for member in archive.infolist()[:_MOST_MEMBERS]:
                with archive.open(member) as file:
                    head = file.read(_HEAD)
                if head.startswith(_GZIP):
                    with archive.open(member) as file:
                        found.extend(read_bundle(cast(BinaryIO, file), source, _no_tick))
    except (
        BadZipFile,
        OSError,
        EOFError,
        ValueError,
        RuntimeError,
        NotImplementedError,
        zlib.error,
    ) as error:
        raise InputError(f"the zip is damaged: {error}", source=Source(name=source, text="")) from None
    return found


def _utf16(stream: BinaryIO, source: str, tick: Tick) -> list[Record]:
    """Lines as ``>`` of Windows PowerShell writes them."""
    data = stream.read(_LARGEST_ZIP + 1)
    if len(data) > _LARGEST_ZIP:
        raise _too_large(source, _LARGEST_ZIP)
    return _of_lines(BytesIO(data.decode("utf-16", "replace").encode("utf-8", "replace")), source, tick)


def _of_lines(stream: BinaryIO, source: str, tick: Tick) -> list[Record]:
    """An event stream if its first line that says anything is an event, else a log."""
    lines = _lines(stream, source)
    before: list[bytes] = []
    for line in lines:
        before.append(line)
        if without_prefix(line)[:2] == b'{"':
            return read_rawjson(_chained(before, lines), source, tick)
        if b"#" in line:
            break
    return read_plain(_chained(before, lines), source, tick)


def _chained(before: list[bytes], lines: Iterator[bytes]) -> Iterator[bytes]:
    yield from before
    yield from lines


def _too_large(source: str, most: int) -> InputError:
    return InputError(
        f"more than {most // 1024 // 1024} MiB are too many for a record",
        source=Source(name=source, text=""),
        hint="is this the right file?",
    )


def _lines(stream: BinaryIO, source: str) -> Iterator[bytes]:
    total = 0
    while line := stream.readline(_LONGEST_LINE):
        total += len(line)
        if total > MOST_BYTES:
            raise _too_large(source, MOST_BYTES)
        yield line
