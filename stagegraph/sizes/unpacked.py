"""Reads a tar archive forward while it is unpacked, within limits for hostile archives."""

from __future__ import annotations

import hashlib
import tarfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any, BinaryIO, cast

CHUNK = 1024 * 1024
LARGEST_NAME = 4096  # bytes; PATH_MAX of Linux
_LARGEST_HEADER = 4 * 1024 * 1024  # bytes of a header, with all that extend it, such as long names
MOST_FILES = 2_000_000  # of all layers
_MOST_NAMES = 256 * 1024 * 1024  # bytes of the names of all files and links
_MOST_KEPT = 256 * 1024 * 1024  # bytes of the files that are looked into
_SWELLING = 500  # times that an archive may grow by unpacking, above the next number of bytes
_MAY_SWELL = 1024**3
Read = Callable[[int], bytes]


class LayerError(ValueError):
    """A layer that is damaged, too large, or not an archive."""


class Limits:
    """What all layers of an archive together may need: an archive of many small bombs is one large bomb."""

    def __init__(self) -> None:
        self._packed = 0
        self._unpacked = 0
        self._files = 0
        self._names = 0
        self._kept = 0

    def counted(self, read: Read, tick: Callable[[int], None]) -> Read:
        """``read``, which reads the archive itself, so that its bytes are counted and ``tick`` gets them."""

        def reading(count: int) -> bytes:
            data = read(count)
            self._packed += len(data)
            tick(len(data))
            return data

        return reading

    def unpacked(self, count: int) -> None:
        """Count bytes that were unpacked; LayerError if there are far more than were packed."""
        self._unpacked += count
        if self._unpacked > _MAY_SWELL and self._unpacked > _SWELLING * self._packed:
            raise LayerError(f"it grows more than {_SWELLING} times by unpacking")

    def file(self, names: int) -> None:
        """Count a file whose name and link have ``names`` characters; LayerError if there are too many."""
        self._files += 1
        self._names += names
        if self._files > MOST_FILES:
            raise LayerError(f"the layers have more than {MOST_FILES:,} files")
        if self._names > _MOST_NAMES:
            raise LayerError(f"the names of the files have more than {_MOST_NAMES >> 20} MiB")

    def may_keep(self, count: int) -> bool:
        """Whether ``count`` more bytes of a file can be kept; if so, they are counted."""
        fits = self._kept + count <= _MOST_KEPT
        self._kept += count if fits else 0
        return fits


class _Headers:
    """A file for tarfile, which reads only headers with ``read``: their bytes are limited."""

    _left = _LARGEST_HEADER

    def begin_header(self) -> None:
        """Allow the next header its bytes."""
        self._left = _LARGEST_HEADER

    def read(self, count: int = -1) -> bytes:
        """The next ``count`` bytes of a header; LayerError if it has too many, with all that extend it."""
        self._left -= count if count >= 0 else _LARGEST_HEADER + 1
        if self._left < 0:
            raise LayerError("a header is too large")
        return self.content(count)

    def content(self, count: int) -> bytes:
        """The next ``count`` bytes; fewer at the end."""
        raise NotImplementedError


class SeekableFile(_Headers):
    """A file on disk, for tarfile."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek = file.seek
        self.tell = file.tell

    def content(self, count: int) -> bytes:
        """The next ``count`` bytes; fewer at the end."""
        return self._file.read(count)


class _NoGlobals(dict[str, str]):
    """Global extended headers, which container engines ignore: so they are not collected."""

    def __setitem__(self, key: str, value: str) -> None:
        pass


def members(file: Unpacked | SeekableFile) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile]]:
    """The members of a tar archive, each with the archive, whose ``offset`` is that of the next header.

    Raises tarfile.TarError, EOFError, OSError, ValueError or RecursionError if it is damaged.
    """
    stream = cast("IO[bytes]", file)
    with tarfile.TarFile(
        fileobj=stream, mode="r", errors="surrogateescape", pax_headers=_NoGlobals()
    ) as archive:
        while (member := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # it would hold every member
            yield member, archive
            file.begin_header()


def reason(error: BaseException) -> str:
    """What is wrong with an archive, in words."""
    if isinstance(error, RecursionError):
        return "a header is extended too often"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


DAMAGED = (tarfile.TarError, EOFError, OSError, ValueError, OverflowError, RecursionError, zlib.error)


class Unpacked(_Headers):
    """The unpacked bytes of an archive, for tarfile: it reads forward, and one byte back.

    The hashes are those of the bytes before and after unpacking; they stay empty without ``hashed``.
    """

    def __init__(self, read: Read, limits: Limits, *, hashed: bool = True) -> None:
        self._read = read
        self._limits = limits
        self._hashed = hashed
        self.packed_hash = hashlib.sha256()
        self.unpacked_hash = hashlib.sha256()
        self.packed_size = 0
        self.size = 0
        self._position = 0
        self._buffer = b""
        self._at = 0  # in the buffer
        self._next = self._opened()

    def _opened(self) -> Callable[[], bytes]:
        first = self._raw()
        if first[:2] == b"\x1f\x8b":
            return _gunzip(first, self._raw)
        if first[:4] == b"\x28\xb5\x2f\xfd":
            return _unzstd(first, self._raw)
        if first[:3] == b"BZh" or first[:6] == b"\xfd7zXZ\x00":
            raise LayerError("it is compressed with bzip2 or xz, which registries do not accept")
        pending = [first]
        return lambda: pending.pop() if pending else self._raw()

    def _raw(self) -> bytes:
        data = self._read(CHUNK)
        if self._hashed:
            self.packed_hash.update(data)
        self.packed_size += len(data)
        return data

    def _fill(self) -> bool:
        """Get more bytes, keeping the last one; whether there were some."""
        data = self._next()
        if not data:
            return False
        if self._hashed:
            self.unpacked_hash.update(data)
        self.size += len(data)
        self._limits.unpacked(len(data))
        last = self._buffer[-1:]
        self._buffer = last + data
        self._at = len(last)
        return True

    def content(self, count: int) -> bytes:
        """The next ``count`` bytes; fewer at the end."""
        data = self._buffer[self._at : self._at + count]
        self._at += len(data)
        if len(data) < count:
            parts, missing = [data], count - len(data)
            while missing and self._fill():
                parts.append(self._buffer[self._at : self._at + missing])
                self._at += len(parts[-1])
                missing -= len(parts[-1])
            data = b"".join(parts)
        self._position += len(data)
        return data

    def tell(self) -> int:
        """The position in the unpacked bytes."""
        return self._position

    def seek(self, position: int, _whence: int = 0) -> int:
        """Skip to ``position``, which is ahead or one byte back."""
        if position == self._position - 1 and self._at:
            self._at -= 1
            self._position -= 1
        elif position < self._position:
            raise LayerError("a header leads backwards")
        while self._position < position:
            here = min(len(self._buffer) - self._at, position - self._position)
            self._at += here
            self._position += here
            if self._position < position and not self._fill():
                break
        return self._position

    def drain(self) -> None:
        """Read to the end, for the digests."""
        while self._fill():
            pass


def _gunzip(first: bytes, more: Callable[[], bytes]) -> Callable[[], bytes]:
    """A function that gives the next unpacked bytes of gzip members; empty at the end."""
    decoder: Any = zlib.decompressobj(31)
    pending = first

    def unpacked() -> bytes:
        nonlocal decoder, pending
        while True:
            if not pending:
                pending = more()
                if not pending:
                    if not decoder.eof:
                        raise EOFError("it ends in the middle")
                    return b""
            if decoder.eof:
                if pending[:2] != b"\x1f\x8b":  # padding after the last member
                    pending = b""
                    continue
                decoder = zlib.decompressobj(31)
            data: bytes = decoder.decompress(pending, CHUNK)
            pending = decoder.unconsumed_tail or decoder.unused_data
            if data:
                return data

    return unpacked


def _unzstd(first: bytes, more: Callable[[], bytes]) -> Callable[[], bytes]:
    """As ``_gunzip``, of zstd frames."""
    import zstandard

    class Raw:
        pending = first

        def read(self, _count: int = -1) -> bytes:
            data, self.pending = self.pending or more(), b""
            return data

    limits = zstandard.ZstdDecompressor(max_window_size=2**27)
    reader = limits.stream_reader(cast("IO[bytes]", Raw()), read_across_frames=True)

    def unpacked() -> bytes:
        try:
            return reader.read(CHUNK)
        except zstandard.ZstdError as error:
            raise LayerError(f"it is damaged: {error}") from None

    return unpacked
