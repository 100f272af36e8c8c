"""Reads the archive of an image: an OCI layout or a Docker archive, as a tar file, a stream or a folder.

A file is read twice, first for what it holds and then for the layers of one image; a stream once, with all
its layers. Only regular files are read, and links inside the archive are followed within it.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import stat
import sys
import tarfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from msgspec import Struct, field

from stagegraph.errors import InputError
from stagegraph.records.record import Tick
from stagegraph.sizes.layer import Keep, Layer, inside, read_layer
from stagegraph.sizes.unpacked import (
    DAMAGED,
    LARGEST_NAME,
    LayerError,
    Limits,
    Read,
    SeekableFile,
    Unpacked,
    members,
    reason,
)
from stagegraph.source import Source, printable

LARGEST_DOCUMENT = 16 * 1024 * 1024  # bytes of a manifest, a configuration or an attestation
_MOST_MEMBERS = 100_000
_MOST_DOCUMENTS = 64 * 1024 * 1024  # bytes of all documents
_READ = 1024 * 1024
_DEEPEST = 4  # folders below that of an OCI layout


class Contents(Struct, frozen=True, kw_only=True):
    """What was read of an archive, by the name of the file in it."""

    documents: Mapping[str, bytes] = field(default_factory=dict)
    layers: Mapping[str, Layer] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)  # of layers that could not be read
    links: Mapping[str, str] = field(default_factory=dict)

    def resolved(self, name: str) -> str:
        """``name`` or what it leads to by links; itself where they make a circle."""
        for _ in range(_DEEPEST):
            if name not in self.links:
                return name
            name = self.links[name]
        return name


class _Member(NamedTuple):
    name: str
    size: int
    link: str  # what a link leads to; empty for a regular file
    open: Callable[[], Read]


class Archive:
    """An image archive that a path names; ``-`` is standard input."""

    def __init__(self, path: str, tick: Tick, keep: Keep) -> None:
        self.name = "<stdin>" if path == "-" else path
        self._path = path
        self._tick = tick
        self._keep = keep

    def contents(self) -> Contents:
        """The documents, and all layers if it is a stream; InputError if it cannot be read."""
        return self._read(None if self._is_stream() else ())

    def layers(self, before: Contents, names: Collection[str]) -> Contents:
        """``before`` with the layers called ``names``."""
        return before if self._is_stream() else self._read(names)

    def error(self, message: str, hint: str = "") -> InputError:
        """An InputError about this archive."""
        return InputError(printable(message), source=Source(name=self.name, text=""), hint=hint)

    def _is_stream(self) -> bool:
        """Whether the archive can be read only once: a pipe, or compressed as a whole."""
        try:
            if self._path == "-" or not stat.S_ISREG(os.stat(self._path).st_mode):
                return not os.path.isdir(self._path)
            with open(self._path, "rb") as file:
                return file.read(4).startswith(_COMPRESSED)
        except OSError as error:
            raise self.error(error.strerror or str(error), _HINT) from None
        except ValueError:
            raise self.error("the path is invalid", _HINT) from None

    def _read(self, wanted: Collection[str] | None) -> Contents:
        limits = Limits()
        reading = _Reading(wanted, limits, self._keep)
        try:
            with self._members(limits) as found:
                for number, member in enumerate(found):
                    if number >= _MOST_MEMBERS:
                        raise self.error(f"the archive has more than {_MOST_MEMBERS:,} files")
                    reading.add(member)
        except DAMAGED as error:
            if not reading.documents and not reading.layers:
                raise self.error(f"this is not an image archive: {reason(error)}", _HINT) from None
            raise self.error(f"the archive is damaged: {reason(error)}", "write it again") from None
        return Contents(
            documents=reading.documents, layers=reading.layers, errors=reading.errors, links=reading.links
        )

    @contextmanager
    def _members(self, limits: Limits) -> Iterator[Iterator[_Member]]:
        if self._path != "-" and os.path.isdir(self._path):
            yield (_counted(member, limits, self._tick) for member in _of_folder(Path(self._path)))
        elif self._path == "-":
            yield _of_tar(self._stream(sys.stdin.buffer, limits))
        else:
            with open(self._path, "rb") as file:
                if self._is_stream():
                    yield _of_tar(self._stream(file, limits))
                else:
                    of_tar = _of_tar(SeekableFile(file))
                    yield (_counted(member, limits, self._tick) for member in of_tar)

    def _stream(self, file: BinaryIO, limits: Limits) -> Unpacked:
        return Unpacked(limits.counted(file.read, self._tick), limits, hashed=False)


def _counted(member: _Member, limits: Limits, tick: Tick) -> _Member:
    """``member`` whose content is counted when it is read."""
    return member._replace(open=lambda: limits.counted(member.open(), tick))


_HINT = "write one with `docker save -o image.tar IMAGE`, or `docker buildx build -o type=oci,dest=image.tar`"


class _Reading:
    """Collects the documents and the wanted layers of the members of an archive."""

    def __init__(self, wanted: Collection[str] | None, limits: Limits, keep: Keep) -> None:
        self._wanted = wanted
        self._limits = limits
        self._keep = keep
        self.documents: dict[str, bytes] = {}
        self.layers: dict[str, Layer] = {}
        self.errors: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self._bytes = 0

    def add(self, member: _Member) -> None:
        """Read ``member`` if it is a document or a wanted layer."""
        if member.link:
            self.links[member.name] = member.link
        elif self._wanted is not None and member.name in self._wanted:
            self._add_layer(member.name, member.open())
        elif self._wanted is None or not self._wanted:
            self._add_unknown(member)

    def _add_unknown(self, member: _Member) -> None:
        read = member.open()
        first = read(512)
        if first[:1] in (b"{", b"["):
            if member.size <= LARGEST_DOCUMENT and self._bytes + member.size <= _MOST_DOCUMENTS:
                self.documents[member.name] = _whole(first, read)
                self._bytes += member.size
        elif self._wanted is None and _is_archive(first):
            pending = [first]
            self._add_layer(member.name, lambda count: pending.pop() if pending else read(count))

    def _add_layer(self, name: str, read: Read) -> None:
        try:
            self.layers[name] = read_layer(read, self._limits, self._keep)
        except LayerError as error:
            self.errors[name] = str(error)


def _is_archive(first: bytes) -> bool:
    """Whether a file that begins so can be a layer."""
    return first.startswith(_COMPRESSED) or len(first) == 512


_COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")  # how gzip and zstd begin


def _whole(first: bytes, read: Read) -> bytes:
    parts = [first]
    while data := read(_READ):
        parts.append(data)
    return b"".join(parts)


def _of_tar(file: Unpacked | SeekableFile) -> Iterator[_Member]:
    """The members of a tar archive."""
    for member, _ in members(file):
        name = inside(member.name)[0]
        link = ""
        if member.issym():
            link = inside(posixpath.join(posixpath.dirname(member.name), member.linkname))[0]
        elif member.islnk():
            link = inside(member.linkname)[0]
        if member.issparse():
            raise ValueError("it was written with --sparse")
        if max(len(name), len(link)) > LARGEST_NAME:
            raise ValueError(f"a name has more than {LARGEST_NAME:,} characters")
        if member.isreg() or link:
            yield _Member(name, member.size, link, _opener(file, member))


def _opener(file: Unpacked | SeekableFile, member: tarfile.TarInfo) -> Callable[[], Read]:
    def opened() -> Read:
        file.seek(member.offset_data)
        return _exactly(file.content, member.size)

    return opened


def _exactly(read: Read, size: int) -> Read:
    """``read`` up to ``size`` bytes; it raises EOFError where there are fewer."""
    left = size

    def reading(count: int) -> bytes:
        nonlocal left
        data = read(min(count, left))
        left -= len(data)
        if not data and left and count:
            raise EOFError("it ends in the middle of a file")
        return data

    return reading


def _of_folder(folder: Path) -> Iterator[_Member]:
    """The files of an OCI layout in a folder; symbolic links are left out."""
    for place, folders, files in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        folders[:] = sorted(folders) if depth < _DEEPEST else []
        for file in sorted(files):
            path = Path(place, file)
            status = path.lstat()
            if stat.S_ISREG(status.st_mode):
                yield _Member(path.relative_to(folder).as_posix(), status.st_size, "", _file_opener(path))


def _file_opener(path: Path) -> Callable[[], Read]:
    # the file is closed with the last reference to it
    return lambda: path.open("rb", buffering=0).read


def digest_of(data: bytes) -> str:
    """The digest of ``data`` as a descriptor has it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
