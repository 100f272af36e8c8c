"""Reads one layer of an image: its files, their sizes, and the digests of the whole.

The layer is read once, as a stream; nothing is written to disk and no name in it is opened. See the OCI image
specification, layer.md, for whiteouts.
"""

from __future__ import annotations

import hashlib
import posixpath
import tarfile
from array import array
from collections.abc import Callable, Mapping
from typing import NamedTuple

from msgspec import Struct

from stagegraph.sizes.unpacked import (
    CHUNK,
    DAMAGED,
    LARGEST_NAME,
    LayerError,
    Limits,
    Read,
    Unpacked,
    members,
    reason,
)

FILE, DIRECTORY, SYMLINK, HARDLINK, OTHER, WHITEOUT, OPAQUE = "fdlhowq"
_HEAD = 4096  # bytes at the start of a file that are looked at
_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
Keep = Callable[[str, bytes], int]  # path, its first bytes -> the number of bytes to keep


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


def read_layer(read: Read, limits: Limits, keep: Keep) -> Layer:
    """The layer that ``read`` gives the bytes of; LayerError if it is damaged or exceeds ``limits``.

    ``keep`` gives for each regular file how many of its first bytes are kept.
    """
    columns = _Columns()
    try:
        unpacked = Unpacked(read, limits)
        reading = _Reading(unpacked, limits, keep)
        for member, archive in members(unpacked):
            _add(columns, member, archive.offset, reading)
        unpacked.drain()
    except DAMAGED as error:
        if isinstance(error, LayerError):
            raise
        raise LayerError(f"it is damaged: {reason(error)}") from None
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


def _add(columns: _Columns, member: tarfile.TarInfo, end: int, reading: _Reading) -> None:
    name, is_odd = inside(member.name)
    kind, name = _kind(member, name)
    content = 0
    size = 0
    reading.check_names(name, member.linkname)
    if kind == FILE:
        size = member.size
        stored = end - member.offset_data if member.issparse() else size
        # the stored bytes of a sparse file say nothing without the places that they belong to
        places = repr(member.sparse).encode() if member.issparse() else b""
        content, start = reading.content(stored, name, places)
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


class _Reading(NamedTuple):
    """What reads the files of a layer."""

    unpacked: Unpacked
    limits: Limits
    keep: Keep

    def check_names(self, name: str, link: str) -> None:
        """LayerError if the names of a file cannot be those of a file, or if there are too many."""
        if max(len(name), len(link)) > LARGEST_NAME:
            raise LayerError(f"a name has more than {LARGEST_NAME:,} characters")
        self.limits.file(len(name) + len(link))

    def content(self, size: int, name: str, places: bytes) -> tuple[int, bytes]:
        """64 bits of the digest of ``places`` and the next ``size`` bytes, and the bytes that are kept."""
        head = self.unpacked.content(min(size, CHUNK))
        wanted = self.keep(name, head[:_HEAD])
        if wanted and not self.limits.may_keep(min(wanted, size)):
            wanted = 0
        kept = [head[:wanted]] if wanted else []
        digest = hashlib.sha256(places + head)
        done = len(head)
        while done < size:
            data = self.unpacked.content(min(size - done, CHUNK))
            if not data:
                raise LayerError("it ends in the middle of a file")
            digest.update(data)
            if done < wanted:
                kept.append(data[: wanted - done])
            done += len(data)
        return int.from_bytes(digest.digest()[:8], "big"), b"".join(kept)
