"""Finds the builds of a repository in every file that can hold one, and the words called a target."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from stagegraph.discovery.bake import bake_builds
from stagegraph.discovery.build_files import BAKE_FILE, COMPOSE_FILE
from stagegraph.discovery.compose import compose_builds
from stagegraph.discovery.found_build import (
    Discovery,
    FoundBuild,
    Note,
    TooMuchError,
    with_merged_services,
    with_target_lines,
    without_placeholders,
)
from stagegraph.discovery.mentions import LARGEST_FOR_WORDS, may_mention, mentions, unread_targets
from stagegraph.discovery.missing import with_lines_of_missing, without_makeable
from stagegraph.discovery.passed import passed_names
from stagegraph.discovery.repository import FileTree, Repository
from stagegraph.discovery.scripts import Script, script_builds
from stagegraph.discovery.workflows import workflow_builds

_LARGEST = 1024 * 1024  # bytes
_MOST_FILES_FOR_WORDS = 20_000  # that are read only for words
_MOST_WORDS = 2_000
_MOST_PASSED = 50_000  # names that builds are given
_PASSING = (b"args", b"build-arg", b"build_arg", b"buildarg", b"contexts", b"build-context")
_Builds = tuple[list[FoundBuild], list[Note]]
_Reader = Callable[[str, str, Repository], _Builds]


def _script(path: str, text: str, repository: Repository) -> _Builds:
    # a script runs at the root of the repository or in its own directory
    directories = ("", path.rpartition("/")[0])
    return script_builds(Script(file=path, text=text, directories=directories), repository)


_READERS: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (re.compile(BAKE_FILE), bake_builds),
    (re.compile(COMPOSE_FILE), compose_builds),
    (re.compile(r"\.github/workflows/[^/]+\.ya?ml\Z|(?:.*/)?action\.ya?ml\Z"), workflow_builds),
    (
        re.compile(
            r"(?:.*/)?(?:(?:GNU)?[Mm]akefile(?:\.[^/]*)?|[^/]+\.(?:mk|[Mm]akefile|sh|bash|zsh|just)|\.?[Jj]ustfile"
            r"|Jenkinsfile[^/]*|[Tt]askfile[^/]*\.ya?ml|\.gitlab-ci[^/]*\.ya?ml|\.travis\.yml|package\.json"
            r"|azure-pipelines[^/]*\.ya?ml|bitbucket-pipelines\.yml|\.drone\.ya?ml|cloudbuild[^/]*\.ya?ml)\Z"
            r"|\.(?:circleci|buildkite|gitlab|woodpecker)/.*\.ya?ml\Z"
        ),
        _script,
    ),
)


def discover(
    root: Path, tree: FileTree | None = None, is_excluded: Callable[[str], bool] = lambda _: False
) -> Discovery:
    """The builds in the repository at ``root``, in the order of their files.

    What cannot be read or understood is a note. ``tree`` walks the repository. In a file for whose path
    ``is_excluded`` is true, only builds count, and not the words that are written where a target is.
    """
    walk = (tree or FileTree()).walk(str(root))
    search = _Search(Repository(root, walk.paths), is_excluded)
    for path in walk.paths:
        search.read(path)
    notes = (*walk.notes, *search.notes)
    passed = {name for build in search.builds for name in (*build.build_args, *build.passed, *build.contexts)}
    return Discovery(
        builds=tuple(without_makeable(with_merged_services(search.builds), search.repository)),
        notes=notes,
        mentioned=search.mentioned,
        passed=frozenset(search.passed | passed),
        unread=tuple(search.unread),
    )


class _Search:
    """Reads the files of a repository and collects what they hold."""

    def __init__(self, repository: Repository, is_excluded: Callable[[str], bool]) -> None:
        self.repository = repository
        self._is_excluded = is_excluded
        self._root = str(repository.root)
        self._left = _MOST_FILES_FOR_WORDS
        self.builds: list[FoundBuild] = []
        self.notes: list[Note] = []
        self.mentioned: dict[str, str] = {}
        self.unread: list[str] = []
        self.passed: set[str] = set()

    def read(self, path: str) -> None:
        reader = self._reader(path)
        count = len(self.builds)
        if reader:
            data = self._data(path, self.notes)
            if data is not None:
                self._read_builds(reader, path, data)
        elif self._left > 0 and may_mention(path[path.rfind("/") + 1 :]):
            data = self._data(path, [])
            self._left -= data is not None
        else:
            return
        if data is not None:
            self._read_words(path, data, self.builds[count:])

    def _reader(self, path: str) -> _Reader | None:
        for pattern, reader in _READERS:
            if pattern.match(path):
                return reader
        name = path[path.rfind("/") + 1 :]
        return _script if "." not in name and _is_script(f"{self._root}/{path}") else None

    def _read_builds(self, reader: _Reader, path: str, data: bytes) -> None:
        text = _decoded(data)
        builds, notes = _builds(reader, path, text, self.repository)
        self.notes.extend(notes)
        for build in with_lines_of_missing(with_target_lines(builds, text), text):
            filled = without_placeholders(build)
            self.builds.append(filled)
            if filled != build:
                parts = ", ".join(sorted(filled.unknown))
                message = f"{f'{build.kind} {build.name}'.strip()}: {parts} not understood"
                self.notes.append(Note(file=path, line=build.line, message=message, of_build=True))

    def _read_words(self, path: str, data: bytes, builds: Sequence[FoundBuild]) -> None:
        lower = data.lower()
        if b"target" in lower and not self._is_excluded(path):
            self._read_targets(path, _decoded(data), builds)
        is_small = len(data) <= LARGEST_FOR_WORDS and len(self.passed) < _MOST_PASSED
        if is_small and any(word in lower for word in _PASSING):
            self.passed.update(passed_names(_decoded(data)))

    def _read_targets(self, path: str, text: str, builds: Sequence[FoundBuild]) -> None:
        """Record the targets in ``text`` that are not those of ``builds``, the builds found in it."""
        name = path[path.rfind("/") + 1 :]
        for word, line in mentions(name, text):
            if len(self.mentioned) < _MOST_WORDS and not any(one.explains(word, line) for one in builds):
                self.mentioned.setdefault(word, f"{path}:{line}")
        if builds and builds[0].kind in ("bake target", "compose service"):
            return  # every target of such a file is that of a build, or of a mount
        lines = list(unread_targets(name, text))
        starts = [build.line for build in builds if not build.target_line]
        read = {next((line for line in lines if line >= start), 0) for start in starts}
        self.unread.extend(f"{path}:{line}" for line in lines if line not in read)

    def _data(self, path: str, notes: list[Note]) -> bytes | None:
        """The content of a text file; None with a note where it cannot be read."""
        try:
            with open(f"{self._root}/{path}", "rb") as file:
                data = file.read(_LARGEST + 1)
        except OSError as error:
            reason = str(error.strerror)
        else:
            if len(data) <= _LARGEST and b"\0" not in data:
                return data
            reason = "it is too large" if len(data) > _LARGEST else "it is binary"
        notes.append(Note(file=path, line=None, message=f"not read: {reason}"))
        return None


def _builds(reader: _Reader, path: str, text: str, repository: Repository) -> _Builds:
    try:
        return reader(path, text, repository)
    except Exception as error:  # the last resort: one file must not stop the check of the others
        name = "" if isinstance(error, TooMuchError) else f"{type(error).__name__}: "
        message = f"not understood: {name}{error}"
        everything = frozenset({"dockerfile", "target", "build arguments"})
        unknown = FoundBuild(
            file=path, line=1, kind="file", dockerfile=None, target=None, unknown=everything, certain=False
        )
        return [unknown], [Note(file=path, line=None, message=message)]


def _is_script(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return False


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")
