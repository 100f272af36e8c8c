"""Reads an OCI layout from a tar archive into memory; nothing is written to disk.

Only regular files called ``index.json`` or ``blobs/sha256/...`` are read, so other paths, links and
devices have no effect. Sizes are limited while reading.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import lzma
import re
import tarfile
import zlib
from io import BufferedIOBase, BufferedReader
from typing import Any, BinaryIO, cast

from stagegraph.records.event_stream import is_swelling
from stagegraph.records.record import LimitError, Limits, Tick

_MOST_MEMBERS = 50_000
_LARGEST_JSON = 16 * 1024 * 1024
_MOST_NOTES = 20
_BLOB = re.compile(r"(?:\./)?blobs/sha256/([0-9a-f]{64})\Z")
_CHUNK = 1024 * 1024


class LayoutError(ValueError):
    """An archive that is damaged, too large, or not an OCI layout."""


class Layout:
    """The blobs of one archive, by the digest that each was verified against."""

    def __init__(self, stream: BinaryIO, tick: Tick, limits: Limits) -> None:
        self._limits = limits
        self.blobs: dict[str, bytes] = {}
        self.index: Any = None
        self.notes: list[str] = []
        try:
            with tarfile.open(fileobj=_Bounded(stream, tick, limits), mode="r|") as archive:
                for number, member in enumerate(archive):
                    if number > _MOST_MEMBERS:
                        raise LimitError(f"the archive holds more than {_MOST_MEMBERS:,} files")
                    self._add(archive, member)
        except (tarfile.TarError, EOFError, OSError, ValueError, zlib.error, lzma.LZMAError) as error:
            if self.index is None:
                raise LayoutError(f"the archive is damaged: {error}") from None
            self._note("the archive is damaged or truncated; the files before that were read")
        if self.index is None:
            raise LayoutError("the archive has no index.json, so it is not a bundle")

    def _add(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        name = member.name.removeprefix("./")
        match = _BLOB.match(name)
        if not member.isreg() or not (match or name == "index.json"):
            return
        data = self._bytes(archive, member)
        if match is None:
            self.index = self._json(data)
        elif hashlib.sha256(data).hexdigest() == match[1]:
            self.blobs[f"sha256:{match[1]}"] = data
        else:
            self._note(f"the blob {match[1][:12]} does not match its digest and was skipped")

    def _bytes(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
        file = archive.extractfile(member)
        data = file.read() if file else b""
        if len(data) < member.size:
            raise EOFError("the archive ends in the middle of a file")
        return data

    def json(self, descriptor: Any) -> Any:
        """The JSON of the blob that ``descriptor`` names; None if it is missing or not JSON."""
        return self._json(self.blob(descriptor) or b"")

    def _json(self, data: bytes) -> Any:
        if len(data) > _LARGEST_JSON or is_swelling(data):
            self._note("a blob of JSON is too large and was skipped")
            return None
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            return None

    def _note(self, text: str) -> None:
        if len(self.notes) < _MOST_NOTES:
            self.notes.append(text)

    def blob(self, descriptor: Any) -> bytes | None:
        """The blob that ``descriptor`` names; None if the archive does not hold it."""
        digest = descriptor.get("digest") if isinstance(descriptor, dict) else None
        data = self.blobs.get(digest) if isinstance(digest, str) else None
        self._limits.count_read(len(data or b""))
        return data


class _Bounded(BufferedIOBase):
    """Decompresses gzip while reading; raises LimitError past the limit of bytes."""

    def __init__(self, stream: BinaryIO, tick: Tick, limits: Limits) -> None:
        counted = cast(BinaryIO, _Counted(stream, tick))
        packed = not hasattr(stream, "peek") or cast(BufferedReader, stream).peek(2)[:2] == b"\x1f\x8b"
        self._file = gzip.GzipFile(fileobj=counted) if packed else counted
        self._limits = limits

    def read(self, size: int | None = -1, /) -> bytes:
        data = self._file.read(_CHUNK if size is None or size < 0 else size)
        self._limits.count_unpacked(len(data))
        return data


class _Counted:
    """Calls ``tick`` with the number of bytes of each read."""

    def __init__(self, stream: BinaryIO, tick: Tick) -> None:
        self._stream = stream
        self._tick = tick

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._tick(len(data))
        return data
