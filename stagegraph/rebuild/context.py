"""A build context: its files, from a folder on disk or from memory, and what ``.dockerignore`` leaves of it.

Rules: moby/buildkit frontend/dockerui/config.go and context.go; tonistiigi/fsutil filter.go and walker.go.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import stat
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from stagegraph.errors import InputError
from stagegraph.rebuild.ignore import ignore_patterns
from stagegraph.rebuild.ignore_filter import IgnoreFilter
from stagegraph.rebuild.patterns import PatternError
from stagegraph.rebuild.selection import SelectionError, Selector, resolve
from stagegraph.rebuild.selection_digests import SelectionDigests
from stagegraph.rebuild.tree import DEEPEST, Children, Node, NodeKind, folder, folder_of

_MOST_OF_IGNORE_FILE = 4 * 1024 * 1024  # bytes
_CHUNK = 1024 * 1024


class FileEntry(NamedTuple):
    """A file in memory: its bytes and permissions."""

    data: bytes
    mode: int = 0o644


class LinkEntry(NamedTuple):
    """A symbolic link in memory."""

    target: str


Entry = FileEntry | LinkEntry | bytes | str


class Filters:
    """What contexts that share folders keep: ignore filters by their patterns, and digests of selections."""

    def __init__(self) -> None:
        self.ignored: dict[tuple[str, ...], IgnoreFilter] = {}
        self.digests = SelectionDigests()


class Context:
    """The files that a build can read; nothing changes it.

    ``Context(root)`` takes any tree: folders can list their entries when they are first asked for, and
    nodes can be shared between contexts, so that equal ones are hashed once. ``name`` is for messages.
    ``filters`` are those of a context that shares folders with this one.
    """

    def __init__(self, root: Node, name: str = "", filters: Filters | None = None) -> None:
        self.root = root
        self.name = name
        self.filters = filters or Filters()
        self._filtered: dict[tuple[str, ...], Node] = {}
        self._digests: dict[tuple[int, tuple[Selector, ...]], bytes] = {}

    @classmethod
    def from_folder(cls, path: str | os.PathLike[str]) -> Context:
        """The context that is the folder at ``path``; InputError if it is not a folder.

        Nothing outside of it is read: links are never followed on disk.
        """
        name = os.fspath(path)
        try:
            info = os.stat(name)
        except (OSError, ValueError) as error:
            raise _unreadable(name, error) from None
        if not stat.S_ISDIR(info.st_mode):
            raise InputError(f"{name}: not a folder", hint="give the folder of the build context")
        # the mode of the folder itself is not part of a context (contenthash checksum.go, HandleChange)
        return cls(folder_of(partial(_listed, name, 0)), name)

    @classmethod
    def from_files(cls, files: Mapping[str, Entry]) -> Context:
        """The context with ``files``: path to text, bytes, ``FileEntry`` or ``LinkEntry``.

        Paths have slashes. Raises InputError for a path that leaves the context or is not a folder.
        """
        return cls(_folder_in_memory(files))

    def at(self, path: str) -> Node | None:
        """The file or folder at ``path``, before ``.dockerignore``, links followed; None if there is none."""
        clean = posixpath.normpath(path)
        try:
            return None if clean.startswith("..") else resolve(self.root, clean, follow=True)[1]
        except SelectionError:
            return None

    def read(self, path: str, most: int) -> bytes | None:
        """The bytes of the file at ``path``; None if there is none. InputError over ``most`` bytes."""
        node = self.at(path)
        data = node.start(most + 1) if node and node.kind is NodeKind.FILE else None
        if data is not None and len(data) > most:
            raise InputError(f"{path}: larger than {most // 1024**2} MiB")
        return data

    def ignore_file(self, dockerfile: str) -> tuple[str, bytes]:
        """Name and bytes of the ignore file for ``dockerfile``, a path in the context; ("", b"") if none.

        ``Dockerfile.dockerignore`` beside the Dockerfile comes before ``.dockerignore``.
        """
        for name in (f"{dockerfile}.dockerignore", ".dockerignore"):
            data = self.read(name, _MOST_OF_IGNORE_FILE)
            if data is not None:
                return name, data
        return "", b""

    def digest(self, tree: Node, selectors: tuple[Selector, ...]) -> bytes:
        """The digest of what is selected of ``tree``, one that ``without_ignored`` returned; kept."""
        key = (id(tree), selectors)
        if key not in self._digests:
            self._digests[key] = self.filters.digests.of(tree, selectors)
        return self._digests[key]

    def without_ignored(self, data: bytes, name: str = ".dockerignore") -> Node:
        """The tree without what the ignore file ``data`` excludes; InputError for an invalid pattern."""
        try:
            patterns = ignore_patterns(data)
            if patterns not in self._filtered:
                if patterns not in self.filters.ignored:
                    self.filters.ignored[patterns] = IgnoreFilter(patterns)
                self._filtered[patterns] = self.filters.ignored[patterns].of(self.root)
        except PatternError as error:
            raise InputError(f"{name}: {error}", hint="fix the pattern; BuildKit rejects it too") from None
        return self._filtered[patterns]


def _unreadable(name: str, error: Exception) -> InputError:
    reason = getattr(error, "strerror", None) or error
    return InputError(
        f"{name}: {reason}",
        hint="fix its permissions, or exclude it in .dockerignore if the build does not need it",
    )


def _folder_on_disk(path: str, info: os.stat_result, depth: int) -> Node:
    return Node(NodeKind.FOLDER, stat.S_IMODE(info.st_mode), children=partial(_listed, path, depth))


def _listed(path: str, depth: int) -> Children:
    if depth >= DEEPEST:
        raise InputError(f"{path[:80]}: more than {DEEPEST} folders inside each other")
    try:
        with os.scandir(path) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        nodes = {entry.name: _on_disk(entry, depth) for entry in found}
    except OSError as error:
        raise _unreadable(path, error) from None
    return {name: node for name, node in nodes.items() if node}


def _on_disk(entry: os.DirEntry[str], depth: int) -> Node | None:
    info = entry.stat(follow_symlinks=False)
    mode = stat.S_IMODE(info.st_mode)
    if stat.S_ISDIR(info.st_mode):
        return _folder_on_disk(entry.path, info, depth + 1)
    if stat.S_ISLNK(info.st_mode):
        return Node(NodeKind.LINK, 0o777, target=os.readlink(entry.path))
    if stat.S_ISREG(info.st_mode):
        return Node(
            NodeKind.FILE,
            mode,
            content=partial(hashed, entry.path, info.st_size),
            start=partial(start_of, entry.path),
        )
    return None if stat.S_ISSOCK(info.st_mode) else Node(NodeKind.OTHER, mode)  # a socket is not sent


def hashed(path: str, size: int, algorithm: str = "sha1") -> str:
    """The id that Git gives the bytes of a file, read in chunks."""
    return _digest_of(path, hashlib.new(algorithm, b"blob %d\0" % size, usedforsecurity=False))


def sha256_of(path: str) -> str:
    """The SHA-256 of the bytes of a file, read in chunks."""
    return _digest_of(path, hashlib.sha256())


def _digest_of(path: str, result: hashlib._Hash) -> str:
    try:
        with open(path, "rb", buffering=0) as file:
            while chunk := file.read(_CHUNK):
                result.update(chunk)
    except OSError as error:
        raise _unreadable(path, error) from None
    return result.hexdigest()


def start_of(path: str, length: int) -> bytes:
    """The first ``length`` bytes of the file at ``path``; InputError if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(length)
    except OSError as error:
        raise _unreadable(path, error) from None


def content_id(data: bytes) -> str:
    """The id that Git gives ``data``, the same as of a file on disk with these bytes."""
    return hashlib.sha1(b"blob %d\0%b" % (len(data), data), usedforsecurity=False).hexdigest()


def _folder_in_memory(files: Mapping[str, Entry]) -> Node:
    root: dict[str, object] = {}
    for path, entry in files.items():
        parts = _parts(path)
        inside = root
        for part in parts[:-1]:
            found = inside.setdefault(part, {})
            if not isinstance(found, dict):
                raise InputError(f"{path}: {part} is a file, not a folder")
            inside = found
        if inside.get(parts[-1]):
            raise InputError(f"{path}: there is a folder with this name")
        inside[parts[-1]] = in_memory(entry)
    return _nested(root)


def _parts(path: str) -> list[str]:
    clean = posixpath.normpath(path.lstrip("/"))
    parts = clean.split("/")
    if clean == "." or parts[0] == "..":
        raise InputError(f"{path}: not a path inside the context")
    if len(parts) > DEEPEST:
        raise InputError(f"{path[:80]}: more than {DEEPEST} folders inside each other")
    return parts


def _nested(entries: Mapping[str, object]) -> Node:
    return folder(
        {name: _nested(found) if isinstance(found, dict) else _node(found) for name, found in entries.items()}
    )


def _node(found: object) -> Node:
    assert isinstance(found, Node)
    return found


def in_memory(entry: Entry) -> Node:
    """The node of a file or link in memory."""
    if isinstance(entry, LinkEntry):
        return Node(NodeKind.LINK, 0o777, target=entry.target)
    if isinstance(entry, str):
        entry = entry.encode("utf-8", "surrogateescape")
    data, mode = entry if isinstance(entry, FileEntry) else (entry, 0o644)
    return Node(NodeKind.FILE, mode, content=partial(content_id, data), start=lambda length: data[:length])
