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
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple, cast

from msgspec import Struct, field

from stagegraph.errors import InputError
from stagegraph.records.record import Tick
from stagegraph.sizes.layer import Keep, Layer, LayerError, inside, read_layer
from stagegraph.source import Source

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
    open: Callable[[], Callable[[int], bytes]]


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
        return InputError(message, source=Source(name=self.name, text=""), hint=hint)

    def _is_stream(self) -> bool:
        """Whether the archive can be read only once: a pipe, or compressed as a whole."""
        try:
            if self._path == "-" or not stat.S_ISREG(os.stat(self._path).st_mode):
                return not os.path.isdir(self._path)
            with open(self._path, "rb") as file:
                return file.read(2) == b"\x1f\x8b"
        except OSError as error:
            raise self.error(error.strerror or str(error), _HINT) from None
        except ValueError:
            raise self.error("the path is invalid", _HINT) from None

    def _read(self, wanted: Collection[str] | None) -> Contents:
        reading = _Reading(wanted, self._tick, self._keep)
        try:
            with self._members() as members:
                for number, member in enumerate(members):
                    if number >= _MOST_MEMBERS:
                        raise self.error(f"the archive has more than {_MOST_MEMBERS:,} files")
                    reading.add(member)
        except (tarfile.TarError, EOFError, OSError, ValueError, OverflowError, zlib.error) as error:
            if not reading.documents and not reading.layers:
                raise self.error(f"this is not an image archive: {_reason(error)}", _HINT) from None
            raise self.error(f"the archive is damaged: {_reason(error)}", "write it again") from None
        return Contents(
            documents=reading.documents, layers=reading.layers, errors=reading.errors, links=reading.links
        )

    @contextmanager
    def _members(self) -> Iterator[Iterator[_Member]]:
        if self._path != "-" and os.path.isdir(self._path):
            yield _of_folder(Path(self._path))
        elif self._path == "-":
            yield _of_tar(sys.stdin.buffer, seekable=False)
        else:
            with open(self._path, "rb") as file:
                yield _of_tar(file, seekable=not self._is_stream())


_HINT = "write one with `docker save -o image.tar IMAGE`, or `docker buildx build -o type=oci,dest=image.tar`"


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


class _Reading:
    """Collects the documents and the wanted layers of the members of an archive."""

    def __init__(self, wanted: Collection[str] | None, tick: Tick, keep: Keep) -> None:
        self._wanted = wanted
        self._tick = tick
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

    def _add_layer(self, name: str, read: Callable[[int], bytes]) -> None:
        try:
            self.layers[name] = read_layer(read, self._tick, self._keep)
        except LayerError as error:
            self.errors[name] = str(error)


def _is_archive(first: bytes) -> bool:
    """Whether a file that begins so can be a layer."""
    return first[:2] == b"\x1f\x8b" or first[:4] == b"\x28\xb5\x2f\xfd" or len(first) == 512


def _whole(first: bytes, read: Callable[[int], bytes]) -> bytes:
    parts = [first]
    while data := read(_READ):
        parts.append(data)
    return b"".join(parts)


def _of_tar(file: BinaryIO, *, seekable: bool) -> Iterator[_Member]:
    """The members of a tar archive; a stream may be compressed with gzip."""
    stream = file if seekable else _plain(file)
    mode = "r:" if seekable else "r|"
    with tarfile.open(fileobj=stream, mode=mode, bufsize=_READ, errors="surrogateescape") as archive:  # type: ignore[call-overload]
        while (member := archive.next()) is not None:
            if not seekable:
                archive.members.clear()
            name = inside(member.name)[0]
            link = ""
            if member.issym():
                link = inside(posixpath.join(posixpath.dirname(member.name), member.linkname))[0]
            elif member.islnk():
                link = inside(member.linkname)[0]
            if member.isreg() or link:
                yield _Member(name, member.size, link, _opener(archive, member))


def _plain(file: BinaryIO) -> IO[bytes]:
    import gzip

    peek = getattr(file, "peek", None)
    if peek and peek(2)[:2] == b"\x1f\x8b":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=file))
    return file


def _opener(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Callable[[], Callable[[int], bytes]]:
    def opened() -> Callable[[int], bytes]:
        file = archive.extractfile(member)
        if file is None:
            raise EOFError("a file of the archive has no content")
        return _checked(file.read, member.size)

    return opened


def _checked(read: Callable[[int], bytes], size: int) -> Callable[[int], bytes]:
    """``read``, which raises EOFError where it ends before ``size`` bytes."""
    done = 0

    def reading(count: int) -> bytes:
        nonlocal done
        data = read(count)
        done += len(data)
        if not data and count and done < size:
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


def _file_opener(path: Path) -> Callable[[], Callable[[int], bytes]]:
    # the file is closed with the last reference to it
    return lambda: path.open("rb", buffering=0).read


def digest_of(data: bytes) -> str:
    """The digest of ``data`` as a descriptor has it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
