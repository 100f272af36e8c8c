"""The files of a repository, and which Dockerfile a build in it uses."""

from __future__ import annotations

import os
import posixpath
import re
import warnings
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field

from stagegraph.discovery.found_build import Note

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


_NEVER = frozenset({".git", ".hg", ".svn", "node_modules", ".venv", ".tox", "__pycache__"})
_MOST_ENTRIES = 500_000
_MOST_IGNORE_BYTES = 1024 * 1024
_IN_ANY_DIRECTORY = "^(?:.+/)?"  # how regular expressions of pathspec begin
_DIRECTORY = "(?P<ps_d>/)"  # how they end for a directory; its group has a name
_EITHER = f"(?:{_DIRECTORY}|$)"  # and for a directory or a file
_DEFAULT_NAMES = ("Dockerfile", "Containerfile")


class _IgnoreFile(NamedTuple):
    """One .gitignore: its patterns apply to the paths under ``prefix``, seen from there."""

    prefix: str
    spec: GitIgnoreSpec
    any_pattern: re.Pattern[str] | None  # matches where at least one of the patterns does

    def ignores(self, path: str) -> bool | None:
        """Whether a path from the root is ignored; None where no pattern matches."""
        relative = path[len(self.prefix) :]
        if self.any_pattern and not self.any_pattern.search(relative):
            return None
        return self.spec.check_file(relative).include


_IgnoreFiles = tuple[_IgnoreFile, ...]  # from the root down


class _Directory(NamedTuple):
    """What one directory holds that Git does not ignore, by name and in order."""

    files: list[str]
    directories: list[str]
    links_outside: list[str]  # to files that are not in the repository
    entries: int  # with those that Git ignores
    ignore_files: _IgnoreFiles
    notes: list[Note]


class Walk(NamedTuple):
    """The regular files (and links to them) under a directory, and notes on what cannot be read.

    ``links_outside`` are links to files outside the repository, whose text nobody asked to show. The paths
    are relative to the directory and have slashes; they come directory by directory in the order of their
    names, the files of a directory before those below it.
    """

    paths: list[str]
    links_outside: list[str]
    notes: list[Note]


class FileTree(Struct):
    """Walks directories and reads each directory once, however often it is walked."""

    _read: dict[tuple[str, str], _Directory] = field(default_factory=dict)

    def walk(self, top: str, most: int = _MOST_ENTRIES) -> Walk:
        """The files under ``top`` that Git does not ignore, of at most about ``most`` entries.

        Links to directories are not followed, so that a loop of links ends.
        """
        here = Path(top).resolve()
        root = repository_of(here) or here
        walk = Walk([], [], [])
        above: _IgnoreFiles = ()
        for parent in _between(root, here):
            above = (*above, *_ignore_files(str(parent), _prefix(parent, root), walk.notes))
        self._walk_into(walk, top, here, root, above, most)
        return walk

    def _walk_into(
        self, walk: Walk, top: str, here: Path, root: Path, above: _IgnoreFiles, most: int
    ) -> None:
        left = most
        prefix = _prefix(here, root)
        waiting = [("", str(here), above)]
        while waiting and left > 0:
            inside, path, ignore_files = waiting.pop()
            directory = self._directory(path, prefix + inside, str(root), ignore_files)
            walk.notes.extend(directory.notes)
            walk.paths.extend([inside + name for name in directory.files])
            walk.links_outside.extend([inside + name for name in directory.links_outside])
            left -= directory.entries
            waiting.extend(
                (f"{inside}{name}/", os.path.join(path, name), directory.ignore_files)
                for name in reversed(directory.directories)
            )
        if left <= 0:
            message = f"there are more than {most:,} files; the rest was skipped"
            walk.notes.append(Note(file=str(Path(top)), line=None, message=message))

    def _directory(self, path: str, prefix: str, root: str, above: _IgnoreFiles) -> _Directory:
        key = (path, prefix)
        if key not in self._read:
            self._read[key] = _read_directory(path, prefix, root, above)
        return self._read[key]


def _read_directory(path: str, prefix: str, root: str, ignore_files: _IgnoreFiles) -> _Directory:
    """``prefix`` is the path from ``root``, the root of the repository, with a slash at its end."""
    notes: list[Note] = []
    try:
        with os.scandir(path) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError as error:
        notes.append(Note(file=path, line=None, message=f"not read: {error.strerror}"))
        return _Directory([], [], [], 0, ignore_files, notes)
    if any(entry.name == ".gitignore" for entry in entries):
        ignore_files = (*ignore_files, *_ignore_files(path, prefix, notes))
    directory = _Directory([], [], [], len(entries), ignore_files, notes)
    for entry in entries:
        name = entry.name
        if entry.is_dir(follow_symlinks=False):
            if name not in _NEVER and not _is_ignored(ignore_files, f"{prefix}{name}/"):
                directory.directories.append(name)
        elif _is_file(entry) and not _is_ignored(ignore_files, prefix + name):
            inside = not entry.is_symlink() or Path(entry.path).resolve().is_relative_to(root)
            (directory.files if inside else directory.links_outside).append(name)
    return directory


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False  # a link that cannot be followed


def _is_ignored(ignore_files: _IgnoreFiles, path: str) -> bool:
    """Whether ``path`` is ignored: the deepest .gitignore with a pattern that matches decides."""
    for one in reversed(ignore_files):
        ignored = one.ignores(path)
        if ignored is not None:
            return ignored
    return False


def _ignore_files(directory: str, prefix: str, notes: list[Note]) -> _IgnoreFiles:
    path = os.path.join(directory, ".gitignore")
    try:
        if not os.path.isfile(path):
            return ()
        with open(path, "rb") as file:
            lines = file.read(_MOST_IGNORE_BYTES).decode("utf-8", "replace").splitlines()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of re, for patterns such as [[]
            spec, skipped = ignore_spec(lines)
            any_pattern = _any_of(spec)
    except (OSError, ValueError) as error:
        notes.append(Note(file=path, line=None, message=f"not read: {error}"))
        return ()
    if skipped:
        message = f"{skipped} patterns with too many wildcards were skipped"
        notes.append(Note(file=path, line=None, message=message))
    return (_IgnoreFile(prefix, spec, any_pattern),)


def is_ignored(root: Path, path: str) -> bool:
    """Whether Git ignores ``path``, from ``root``, or a directory above it; it need not exist."""
    parts = path.split("/")
    ignore_files = _ignore_files(str(root), "", [])
    for count in range(1, len(parts) + 1):
        inside = "/".join(parts[:count])
        if _is_ignored(ignore_files, inside) or _is_ignored(ignore_files, f"{inside}/"):
            return True
        ignore_files = (*ignore_files, *_ignore_files(str(root / inside), f"{inside}/", []))
    return False


def ignore_spec(lines: Iterable[str]) -> tuple[GitIgnoreSpec, int]:
    """The patterns of .gitignore in ``lines``, and how many were left out: they would take too long."""
    from pathspec import GitIgnoreSpec

    kept = []
    all_lines = list(lines)
    short = [line for line in all_lines if len(line) <= _LONGEST_PATTERN]
    patterns = list(GitIgnoreSpec.from_lines(short).patterns)
    skipped = len(all_lines) - len(short)
    for pattern in patterns:
        if pattern.regex is not None:
            text = re.sub(_STAR_BEFORE_STAR, r"(?>[^/]*?\1)", pattern.regex.pattern)
            if _backtracking(text) > _MOST_WILDCARDS:
                skipped += 1
                continue
            if text != pattern.regex.pattern:
                pattern.regex = re.compile(text, pattern.regex.flags)
        kept.append(pattern)
    return GitIgnoreSpec(kept), skipped


def _backtracking(expression: str) -> int:
    """How many wildcards of one kind backtrack in ``expression``."""
    names = expression.count(_ANY_NAME) - expression.count(f"(?>{_ANY_NAME}?")
    return max(names, expression.count(_ANY_DIRECTORIES))


# In the regular expressions of pathspec: a * with another one behind it. Its first match is as good as any
# later one, so it need not backtrack.
_STAR_BEFORE_STAR = (
    r"\[\^/\]\*((?:\\.|\[\^/\](?!\*)|\[(?![\]^])(?:\\.|[^\]\\])+\]|[^/\\()\[\]*+?|{}^$.])*)(?=\[\^/\]\*)"
)
_ANY_NAME = "[^/]*"
_ANY_DIRECTORIES = "(?:/.+)?"
_MOST_WILDCARDS = 3
_LONGEST_PATTERN = 4096  # as long as a path can be


def _any_of(spec: GitIgnoreSpec) -> re.Pattern[str] | None:
    """One regular expression for all patterns of ``spec``; None where they cannot be combined.

    Most paths match no pattern, and one search finds that out; for the others pathspec decides.
    """
    anywhere: list[str] = []
    anchored: list[str] = []
    for pattern in spec.patterns:
        if pattern.regex is not None:
            text = pattern.regex.pattern
            # a name can be in an expression only once
            text = text[: -len(_DIRECTORY)] + "/" if text.endswith(_DIRECTORY) else text
            text = text[: -len(_EITHER)] + "(?:/|$)" if text.endswith(_EITHER) else text
            if "(?P" in text or pattern.regex.flags != re.UNICODE:
                return None
            inside = text.startswith(_IN_ANY_DIRECTORY)
            (anywhere if inside else anchored).append(f"(?:{text.removeprefix(_IN_ANY_DIRECTORY)})")
    if anywhere:
        anchored.append(f"{_IN_ANY_DIRECTORY}(?:{'|'.join(anywhere)})")
    return re.compile("|".join(anchored) or r"(?!)")


def _between(root: Path, here: Path) -> list[Path]:
    """The directories from ``root`` down to the one above ``here``."""
    return [parent for parent in reversed(here.parents) if parent.is_relative_to(root)]


def _prefix(directory: Path, root: Path) -> str:
    relative = directory.relative_to(root).as_posix()
    return "" if relative == "." else f"{relative}/"


def repository_of(path: Path) -> Path | None:
    """The root of the Git repository that ``path`` is in, links resolved; None outside of one."""
    try:
        start = path.resolve()
        return next((one for one in (start, *start.parents) if (one / ".git").exists()), None)
    except (OSError, RuntimeError):
        return None


class Repository:
    """The files of a repository, by their paths from its root."""

    def __init__(self, root: Path, files: Iterable[str]) -> None:
        self.root = root
        self.files = frozenset(files)

    def dockerfile(self, directory: str, context: str, name: str | None) -> str | None:
        """The Dockerfile ``name`` of a context relative to ``directory``; None where there is none."""
        root = joined(directory, context)
        for candidate in (name,) if name else _DEFAULT_NAMES:
            path = joined(root, candidate) if root is not None else None
            if path is not None and self.has(path):
                return path
        return None

    def has(self, path: str) -> bool:
        """Whether there is a file at ``path``, ignored by Git or not."""
        # os.path.isfile is False for a name that is too long, where Path.is_file raises
        return path in self.files or os.path.isfile(os.path.join(self.root, path))

    def exists(self, path: str) -> bool:
        """Whether there is anything at ``path``, such as a link to a file that does not exist."""
        return os.path.lexists(os.path.join(self.root, path))

    def names_in(self, path: str) -> list[str]:
        """The names in the directory ``path``, sorted; none where it cannot be read."""
        try:
            return sorted(os.listdir(os.path.join(self.root, path)))
        except OSError:
            return []

    @cached_property
    def submodules(self) -> tuple[str, ...]:
        """The paths of the submodules in .gitmodules."""
        try:
            with open(self.root / ".gitmodules", "rb") as file:
                text = file.read(_MOST_IGNORE_BYTES).decode("utf-8", "replace")
        except OSError:
            return ()
        paths = re.findall(r"^\s*path\s*=\s*(\S.*?)\s*$", text, re.MULTILINE)
        return tuple(posixpath.normpath(path) for path in paths)

    @cached_property
    def is_sparse(self) -> bool:
        """Whether Git may have checked out only a part of the files."""
        return os.path.exists(self.root / ".git" / "info" / "sparse-checkout")

    def is_directory(self, path: str) -> bool:
        """Whether there is a directory at ``path``."""
        return os.path.isdir(os.path.join(self.root, path))


def joined(directory: str, path: str) -> str | None:
    """``path`` relative to ``directory`` as a path from the root; None outside of the repository."""
    if path.startswith(("/", "~")) or "\0" in path:
        return None
    normal = posixpath.normpath(posixpath.join(directory, path or "."))
    return None if normal.startswith("..") else ("" if normal == "." else normal)


def is_remote(context: str) -> bool:
    """Whether a context is outside of the repository: an address, another target, or standard input."""
    return context == "-" or "://" in context or context.startswith(("git@", "github.com/", "target:"))
