"""Finds the builds of a repository in every file that can hold one, and the words called a target."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from stagegraph.discovery.bake import bake_builds
from stagegraph.discovery.compose import compose_builds
from stagegraph.discovery.found_build import Discovery, FoundBuild, Note
from stagegraph.discovery.repository import FileTree, Repository
from stagegraph.discovery.scripts import Script, script_builds
from stagegraph.discovery.workflows import workflow_builds

_LARGEST = 1024 * 1024  # bytes
_LARGEST_FOR_WORDS = 256 * 1024  # characters
_MOST_FILES_FOR_WORDS = 20_000  # that are read only for words
_MOST_WORDS = 2_000
_LONGEST_BUILD = 60  # lines from the start of a build to its target

_WORD = r"[A-Za-z0-9][\w.-]*"
_BETWEEN = r"(?:[\"'\\]{0,2},[ \t]?[\"'\\]{0,2}|[\"'][ \t][\"'])"
_MENTION = re.compile(
    r"(?:--target(?:[ \t=]|\\?[\"'],?[ \t]?\\?[\"'])|targets?\\?[\"']?[ \t]{0,8}[:=])"
    rf"[\"'\\\[({{ \t]{{0,8}}(?P<words>{_WORD}(?:{_BETWEEN}{_WORD}){{0,50}})",
    re.IGNORECASE,
)
_ITEM = rf"[ \t]*-[ \t]*[\"']?{_WORD}[\"']?[ \t]*\r?\n"
_ITEMS = re.compile(rf"targets?\\?[\"']?:[ \t]*\r?\n(?P<items>(?:{_ITEM}){{1,50}})", re.IGNORECASE)
_EACH = re.compile(_WORD)
_FILES = re.compile(
    r"(?:.*\.(?:md|rst|adoc|txt|ya?ml|json|jsonc|toml|py|rb|groovy|gradle|kts|bzl|star|ps1|bat|cmd|tf|nix|just)"
    r"|[^.]*|.*(?:Dockerfile|Containerfile|Jenkinsfile|Tiltfile|Earthfile|Makefile|Rakefile).*|\.envrc)\Z",
    re.IGNORECASE,
)
_Builds = tuple[list[FoundBuild], list[Note]]
_Reader = Callable[[str, str, Repository], _Builds]


def may_mention(name: str) -> bool:
    """Whether people name targets in files of this name."""
    return bool(_FILES.match(name))


def mentions(text: str) -> Iterator[tuple[str, int]]:
    """Every word of ``text`` that is written where the name of a target is, in lower case, with its line."""
    if len(text) > _LARGEST_FOR_WORDS or "target" not in text.lower():
        return
    for pattern in (_MENTION, _ITEMS):
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            for word in _EACH.findall(match[pattern.groups]):
                yield word.rstrip(".").lower(), line


def _script(path: str, text: str, repository: Repository) -> _Builds:
    # a script runs at the root of the repository or in its own directory
    directories = ("", path.rpartition("/")[0])
    return script_builds(Script(file=path, text=text, directories=directories), repository)


_READERS: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (re.compile(r"(?:.*/)?[^/]*bake[^/]*\.(?:json|hcl)\Z"), bake_builds),
    (re.compile(r"(?:.*/)?(?:docker-)?compose[^/]*\.ya?ml\Z"), compose_builds),
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


def discover(root: Path, tree: FileTree | None = None) -> Discovery:
    """The builds in the repository at ``root``, in the order of their files.

    What cannot be read or understood is a note. ``tree`` walks the repository.
    """
    walk = (tree or FileTree()).walk(str(root))
    search = _Search(Repository(root, walk.paths))
    for path in walk.paths:
        search.read(path)
    notes = (*walk.notes, *search.notes)
    builds = tuple(_with_merged_services(search.builds))
    return Discovery(builds=builds, notes=notes, mentioned=search.mentioned)


class _Search:
    """Reads the files of a repository and collects what they hold."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._root = str(repository.root)
        self._left = _MOST_FILES_FOR_WORDS
        self.builds: list[FoundBuild] = []
        self.notes: list[Note] = []
        self.mentioned: dict[str, str] = {}

    def read(self, path: str) -> None:
        reader = self._reader(path)
        if reader:
            data = self._data(path, self.notes)
            if data is not None:
                self._read_builds(reader, path, data)
        elif self._left > 0 and may_mention(path[path.rfind("/") + 1 :]):
            data = self._data(path, [])
            self._left -= data is not None
        else:
            return
        if data is not None and b"target" in data.lower():
            self._read_words(path, _decoded(data))

    def _reader(self, path: str) -> _Reader | None:
        for pattern, reader in _READERS:
            if pattern.match(path):
                return reader
        name = path[path.rfind("/") + 1 :]
        return _script if "." not in name and _is_script(f"{self._root}/{path}") else None

    def _read_builds(self, reader: _Reader, path: str, data: bytes) -> None:
        text = _decoded(data)
        builds, notes = _builds(reader, path, text, self._repository)
        self.builds.extend(_with_target_lines(builds, text))
        self.notes.extend(notes)

    def _read_words(self, path: str, text: str) -> None:
        for word, line in mentions(text):
            if len(self.mentioned) < _MOST_WORDS:
                self.mentioned.setdefault(word, f"{path}:{line}")

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
        message = f"not understood: {type(error).__name__}: {error}"
        everything = frozenset({"dockerfile", "target", "build arguments"})
        unknown = FoundBuild(
            file=path, line=1, kind="file", dockerfile=None, target=None, unknown=everything, certain=False
        )
        return [unknown], [Note(file=path, line=None, message=message)]


def _with_merged_services(builds: Sequence[FoundBuild]) -> Iterator[FoundBuild]:
    """``builds``; a service that several files of a directory define may get its Dockerfile from each."""
    dockerfiles: dict[tuple[str, str], set[str | None]] = {}
    for build in builds:
        if build.kind == "compose service":
            dockerfiles.setdefault(_service(build), set()).add(build.dockerfile)
    for build in builds:
        merged = build.kind == "compose service" and len(dockerfiles[_service(build)]) > 1
        yield replace(build, may_differ=True) if merged else build


def _service(build: FoundBuild) -> tuple[str, str]:
    return build.file.rpartition("/")[0], build.name


def _with_target_lines(builds: Iterable[FoundBuild], text: str) -> Iterator[FoundBuild]:
    """``builds`` with the line of each that names its target, if one does."""
    lines = text.split("\n")
    for build in builds:
        yield replace(build, target_line=_target_line(build, lines)) if build.target else build


def _target_line(build: FoundBuild, lines: Sequence[str]) -> int:
    # only what a target may be separated from its option by: `--target x`, `target: "x"`, `"--target", "x"`
    pattern = re.compile(rf"target[^\w$]{{1,12}}{re.escape(build.target or '')}(?![\w.-])", re.IGNORECASE)
    near = enumerate(lines[build.line - 1 : build.line - 1 + _LONGEST_BUILD], build.line)
    return next((number for number, line in near if pattern.search(line)), 0)


def _is_script(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return False


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")
