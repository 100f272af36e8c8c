"""Which Dockerfile a build means, from its context and the paths that it names."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from stagegraph.discovery.found_build import Note

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


_NEVER = frozenset({".git", ".hg", ".svn", "node_modules", ".venv", ".tox", "__pycache__"})
_MOST_ENTRIES = 500_000
_MOST_IGNORE_BYTES = 1024 * 1024


class _Ignoring(Struct, frozen=True):
    """The rules of one .gitignore, for paths that begin with ``prefix``."""

    prefix: str
    spec: GitIgnoreSpec


_Rules = tuple[_Ignoring, ...]


class Walk(Struct):
    """Walks the tree under ``top``; what cannot be read is noted and left out.

    Directories that are links are not entered, so a loop of links ends.
    """

    top: Path
    notes: list[Note] = field(default_factory=list)
    _left: int = _MOST_ENTRIES

    def files(self) -> Iterator[Path]:
        """Regular files, and links to them, directory by directory in the order of their names."""
        here = self.top.resolve()
        root = repository_of(here) or here
        above = tuple(one for parent in _between(root, here) for one in self._rules(parent, root))
        waiting: list[tuple[Path, Path, _Rules]] = [(self.top, here, above)]
        while waiting:
            shown, directory, rules = waiting.pop()
            entries = self._entries(directory)
            if any(entry.name == ".gitignore" for entry in entries):
                rules = (*rules, *self._rules(directory, root))
            deeper = []
            for entry in entries:
                path = (directory / entry.name).relative_to(root).as_posix()
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in _NEVER and not _ignored(rules, f"{path}/"):
                        deeper.append((shown / entry.name, directory / entry.name, rules))
                elif not _ignored(rules, path) and _is_file(directory / entry.name):
                    yield shown / entry.name
            waiting.extend(reversed(deeper))

    def _entries(self, directory: Path) -> list[os.DirEntry[str]]:
        if self._left <= 0:
            return []
        try:
            with os.scandir(directory) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            self._note(directory, f"not read: {error.strerror}")
            return []
        self._left -= len(entries)
        if self._left <= 0:
            self._note(self.top, f"there are more than {_MOST_ENTRIES:,} files; the rest is not looked at")
        return entries

    def _note(self, path: Path, message: str) -> None:
        self.notes.append(Note(file=str(path), line=None, message=message))

    def _rules(self, directory: Path, root: Path) -> _Rules:
        from pathspec import GitIgnoreSpec

        path = directory / ".gitignore"
        try:
            if not _is_file(path):
                return ()
            with path.open("rb") as file:
                lines = file.read(_MOST_IGNORE_BYTES).decode("utf-8", "replace").splitlines()
            relative = directory.relative_to(root).as_posix()
            prefix = "" if relative == "." else f"{relative}/"
            return (_Ignoring(prefix, GitIgnoreSpec.from_lines(lines)),)
        except (OSError, ValueError) as error:
            self._note(path, f"not read: {error}")
            return ()


def _between(root: Path, here: Path) -> list[Path]:
    """The directories from ``root`` down to the one above ``here``."""
    return [parent for parent in reversed(here.parents) if parent.is_relative_to(root)]


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False  # a link to nothing, or round and round


def _ignored(rules: _Rules, path: str) -> bool:
    """Whether the deepest .gitignore that says anything of ``path`` says to ignore it."""
    for one in reversed(rules):
        if path.startswith(one.prefix):
            said = one.spec.check_file(path[len(one.prefix) :]).include
            if said is not None:
                return said
    return False


def repository_of(path: Path) -> Path | None:
    """The root of the Git repository that ``path`` is in, links resolved; None outside of one."""
    try:
        start = path.resolve()
        return next((one for one in (start, *start.parents) if (one / ".git").exists()), None)
    except (OSError, RuntimeError):
        return None


_NAMES = ("Dockerfile", "Containerfile")


class Repository:
    """The files of a repository, by their paths from its root."""

    def __init__(self, root: Path, files: Iterable[str]) -> None:
        self.root = root
        self.files = frozenset(files)

    def dockerfile(self, directory: str, context: str, name: str | None) -> str | None:
        """The Dockerfile ``name`` of a context, both seen from ``directory``; None where it is not there."""
        place = joined(directory, context)
        for candidate in (name,) if name else _NAMES:
            path = joined(place, candidate) if place is not None else None
            if path is not None and self.has(path):
                return path
        return None

    def has(self, path: str) -> bool:
        """Whether there is a file at ``path``, ignored by Git or not."""
        return path in self.files or os.path.isfile(
            os.path.join(self.root, path)
        )  # no name is too long for it

    def is_directory(self, path: str) -> bool:
        """Whether there is a directory at ``path``."""
        return os.path.isdir(os.path.join(self.root, path))


def joined(directory: str, path: str) -> str | None:
    """``path`` seen from ``directory``, from the root; None outside of the repository."""
    if path.startswith(("/", "~")) or "\0" in path:
        return None
    found = posixpath.normpath(posixpath.join(directory, path or "."))
    return None if found.startswith("..") else ("" if found == "." else found)


def is_remote(context: str) -> bool:
    """Whether a context is none of the repository: an address, or standard input."""
    return context == "-" or "://" in context or context.startswith(("git@", "github.com/", "target:"))
