"""Reads one layer of an image: its files, their sizes, and the digests of the whole.

The layer is read once, as a stream; nothing is written to disk and no name in it is opened. See the OCI image
specification, layer.md, for whiteouts.
"""

from __future__ import annotations

import hashlib
import posixpath
import tarfile
import zlib
from array import array
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any, cast

from msgspec import Struct

from stagegraph.records.record import Tick

FILE, DIRECTORY, SYMLINK, HARDLINK, OTHER, WHITEOUT, OPAQUE = "fdlhowq"
_CHUNK = 1024 * 1024
_LARGEST_HEADER = 16 * 1024 * 1024  # bytes of one extended header, such as a long name
_MOST_FILES = 2_000_000
_SWELLING = 500  # times that a layer may grow by unpacking, above the next number of bytes
_MAY_SWELL = 1024**3
_HEAD = 4096  # bytes at the start of a file that are looked at
_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_Read = Callable[[int], bytes]
Keep = Callable[[str, bytes], int]  # path, its first bytes -> the number of bytes to keep


class LayerError(ValueError):
    """A layer that is damaged, too large, or not an archive."""


class Layer(Struct, frozen=True, kw_only=True):
    """The files of one layer in columns, in the order of the archive, and the digests of the whole.

    ``names`` have no slash at the start; that of a whiteout is the path that it removes.
    """

    digest: str  # of the blob, "sha256:..."
    diff_id: str  # of the unpacked archive
    size: int  # bytes of the blob
    archive_size: int  # bytes of the unpacked archive
    names: tuple[str, ...]
    kinds: str  # one letter a file
    sizes: array[int]  # bytes; 0 for all but regular files
    modes: array[int]
    owners: array[int]  # uid << 32 | gid
    contents: array[int]  # the first 64 bits of the SHA-256 of a regular file
    links: Mapping[int, str]  # what links at these positions lead to
    kept: Mapping[int, bytes]  # the start of the files that the caller asked to keep
    odd_names: int = 0  # names with `..` that lead out of the image

    @property
    def unpacked(self) -> int:
        """The sum of the sizes of its files, in bytes."""
        return sum(self.sizes)


class _Columns:
    """Columns that grow by one file at a time."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.kinds: list[str] = []
        self.sizes = array("Q")
        self.modes = array("I")
        self.owners = array("Q")
        self.contents = array("Q")
        self.links: dict[int, str] = {}
        self.kept: dict[int, bytes] = {}
        self.odd_names = 0


def read_layer(read: _Read, tick: Tick, keep: Keep) -> Layer:
    """The layer that ``read`` gives the bytes of; LayerError if it is damaged.

    ``keep`` gives for each regular file how many of its first bytes are kept.
    """
    unpacked = _Unpacked(read, tick)
    columns = _Columns()
    try:
        for member, end in _members(unpacked):
            _add(columns, member, end, unpacked, keep)
        unpacked.drain()
    except (tarfile.TarError, EOFError, OSError, ValueError, OverflowError, zlib.error) as error:
        if isinstance(error, LayerError):
            raise
        raise LayerError(f"the layer is damaged: {error}") from None
    return Layer(
        digest=f"sha256:{unpacked.packed_hash.hexdigest()}",
        diff_id=f"sha256:{unpacked.unpacked_hash.hexdigest()}",
        size=unpacked.packed_size,
        archive_size=unpacked.size,
        names=tuple(columns.names),
        kinds="".join(columns.kinds),
        sizes=columns.sizes,
        modes=columns.modes,
        owners=columns.owners,
        contents=columns.contents,
        links=columns.links,
        kept=columns.kept,
        odd_names=columns.odd_names,
    )


def _members(unpacked: _Unpacked) -> Iterator[tuple[tarfile.TarInfo, int]]:
    """The members of the archive, each with the position of the next header."""
    stream = cast("IO[bytes]", unpacked)
    with tarfile.open(fileobj=stream, mode="r:", errors="surrogateescape") as archive:
        for number in range(_MOST_FILES + 1):
            member = archive.next()
            if member is None:
                return
            archive.members.clear()  # type: ignore[attr-defined]  # it would hold every member
            if number == _MOST_FILES:
                raise LayerError(f"the layer has more than {_MOST_FILES:,} files")
            yield member, archive.offset


def _add(columns: _Columns, member: tarfile.TarInfo, end: int, unpacked: _Unpacked, keep: Keep) -> None:
    name, is_odd = inside(member.name)
    kind, name = _kind(member, name)
    content = 0
    size = 0
    if kind == FILE:
        size = member.size
        stored = end - member.offset_data if member.issparse() else size
        # the stored bytes of a sparse file say nothing without the places that they belong to
        places = repr(member.sparse).encode() if member.issparse() else b""
        content, start = _content(unpacked, stored, name, keep, places)
        if start:
            columns.kept[len(columns.names)] = start
    elif kind in (HARDLINK, SYMLINK):
        columns.links[len(columns.names)] = (
            inside(member.linkname)[0] if kind == HARDLINK else member.linkname
        )
    columns.odd_names += is_odd
    columns.names.append(name)
    columns.kinds.append(kind)
    columns.sizes.append(size)
    columns.modes.append(member.mode & 0o7777)
    columns.owners.append((member.uid & 0xFFFFFFFF) << 32 | member.gid & 0xFFFFFFFF)
    columns.contents.append(content)


def inside(name: str) -> tuple[str, bool]:
    """``name`` as a path from the root without ``/`` at its start, and whether it had ``..``."""
    if "./" not in name and "//" not in name and not name.startswith("/") and not name.endswith(("/", "..")):
        return ("" if name == "." else name), False
    path = posixpath.normpath("/" + name).lstrip("/")
    return path, ".." in name.split("/")


def _kind(member: tarfile.TarInfo, name: str) -> tuple[str, str]:
    """The kind of a member, and its name, or what it removes."""
    folder, _, last = name.rpartition("/")
    if last.startswith(_WHITEOUT):
        if last == _OPAQUE:
            return OPAQUE, folder
        # other names with this prefix belong to AUFS and are not files of the image
        rest = last.removeprefix(_WHITEOUT)
        return (
            (OTHER, name)
            if rest.startswith(_WHITEOUT)
            else (WHITEOUT, f"{folder}/{rest}" if folder else rest)
        )
    if member.isreg():
        return FILE, name
    if member.isdir():
        return DIRECTORY, name
    if member.issym():
        return SYMLINK, name
    return (HARDLINK if member.islnk() else OTHER), name


def _content(unpacked: _Unpacked, size: int, name: str, keep: Keep, places: bytes) -> tuple[int, bytes]:
    """Part of the digest of ``places`` and the next ``size`` bytes (64 bits), and the bytes that are kept."""
    head = unpacked.read(min(size, _CHUNK))
    wanted = keep(name, head[:_HEAD])
    kept = [head[:wanted]] if wanted else []
    digest = hashlib.sha256(places + head)
    done = len(head)
    while done < size:
        data = unpacked.read(min(size - done, _CHUNK))
        if not data:
            raise LayerError("the layer ends in the middle of a file")
        digest.update(data)
        if done < wanted:
            kept.append(data[: wanted - done])
        done += len(data)
    return int.from_bytes(digest.digest()[:8], "big"), b"".join(kept)


class _Unpacked:
    """The unpacked bytes of a layer, for tarfile: it reads forward, and one byte back."""

    def __init__(self, read: _Read, tick: Tick) -> None:
        self._read = read
        self._tick = tick
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
            raise LayerError("the layer is compressed with bzip2 or xz, which no registry takes")
        pending = [first]
        return lambda: pending.pop() if pending else self._raw()

    def _raw(self) -> bytes:
        data = self._read(_CHUNK)
        self.packed_hash.update(data)
        self.packed_size += len(data)
        self._tick(len(data))
        return data

    def _fill(self) -> bool:
        """Get more bytes, keeping the last one; whether there were some."""
        data = self._next()
        if not data:
            return False
        self.unpacked_hash.update(data)
        self.size += len(data)
        if self.size > _MAY_SWELL and self.size > _SWELLING * self.packed_size:
            raise LayerError(f"the layer grows more than {_SWELLING} times by unpacking")
        last = self._buffer[-1:]
        self._buffer = last + data
        self._at = len(last)
        return True

    def read(self, count: int = -1) -> bytes:
        if count < 0 or count > _LARGEST_HEADER:
            raise LayerError("the layer has a header that is too large")
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
        return self._position

    def seek(self, position: int, _whence: int = 0) -> int:
        if position == self._position - 1 and self._at:
            self._at -= 1
            self._position -= 1
        elif position < self._position:
            raise LayerError("the layer has a header that leads backwards")
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
            data: bytes = decoder.decompress(pending, _CHUNK)
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
            return reader.read(_CHUNK)
        except zstandard.ZstdError as error:
            raise LayerError(f"the layer is damaged: {error}") from None

    return unpacked
