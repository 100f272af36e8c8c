"""Every build that a repository runs, from all the files that can hold one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from stagegraph.discovery.bake import bake_builds
from stagegraph.discovery.compose import compose_uses
from stagegraph.discovery.found_build import Discovery, FoundBuild, Note
from stagegraph.discovery.repository import Repository, Walk
from stagegraph.discovery.scripts import Script, script_uses
from stagegraph.discovery.workflows import workflow_uses

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
_LARGEST = 256 * 1024


def may_mention(name: str) -> bool:
    """Whether a file called ``name`` is of a kind that people name targets in."""
    return bool(_FILES.match(name))


def mentions(text: str) -> Iterator[tuple[str, int]]:
    """Every word of ``text`` that it calls a target, in lower case, with its line."""
    if len(text) > _LARGEST or "target" not in text.lower():
        return
    for pattern in (_MENTION, _ITEMS):
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            for word in _EACH.findall(match[pattern.groups]):
                yield word.rstrip(".").lower(), line


_LARGEST = 1024 * 1024
_MOST_MENTIONING = 20_000  # files that are read for nothing but words
_MOST_WORDS = 2_000
_Found = tuple[list[FoundBuild], list[Note]]
_Reader = Callable[[str, str, Repository], _Found]


def _script(path: str, text: str, repository: Repository) -> _Found:
    # a script is run from the root of the repository or from where it is
    directories = ("", path.rpartition("/")[0])
    return script_uses(Script(file=path, text=text, directories=directories), repository)


_KINDS: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (re.compile(r"(?:.*/)?[^/]*bake[^/]*\.(?:json|hcl)\Z"), bake_builds),
    (re.compile(r"(?:.*/)?(?:docker-)?compose[^/]*\.ya?ml\Z"), compose_uses),
    (re.compile(r"\.github/workflows/[^/]+\.ya?ml\Z|(?:.*/)?action\.ya?ml\Z"), workflow_uses),
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


def discover(root: Path) -> Discovery:
    """The builds found in the repository at ``root``, in the order of their files.

    Nothing stops it: what cannot be read or is not understood is a note.
    """
    walk = Walk(root)
    paths = [path.relative_to(root).as_posix() for path in walk.files()]
    repository = Repository(root, paths)
    found = _Finding(repository)
    for path in paths:
        found.look_at(path)
    return Discovery(uses=tuple(found.uses), notes=(*walk.notes, *found.notes), mentioned=found.mentioned)


class _Finding:
    """What the files that were looked at hold."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._left = _MOST_MENTIONING
        self.uses: list[FoundBuild] = []
        self.notes: list[Note] = []
        self.mentioned: dict[str, str] = {}

    def look_at(self, path: str) -> None:
        name = path.rpartition("/")[2]
        reader = next((reader for pattern, reader in _KINDS if pattern.match(path)), None)
        if reader is None and "." not in name and _is_script(self._repository.root / path):
            reader = _script
        if reader:
            text = self._text(path, self.notes)
        else:
            text = self._text(path, []) if self._left > 0 and may_mention(name) else None
            self._left -= text is not None
        if text is None:
            return
        if reader:
            found, said = _read(reader, path, text, self._repository)
            self.uses.extend(found)
            self.notes.extend(said)
        for word, line in mentions(text):
            if len(self.mentioned) < _MOST_WORDS:
                self.mentioned.setdefault(word, f"{path}:{line}")

    def _text(self, path: str, notes: list[Note]) -> str | None:
        return _text(self._repository.root / path, path, notes)


def _read(reader: _Reader, path: str, text: str, repository: Repository) -> _Found:
    try:
        return reader(path, text, repository)
    except Exception as error:  # the last door: one odd file must not stop the check of the others
        message = f"not understood: {type(error).__name__}: {error}"
        everything = frozenset({"dockerfile", "target", "build arguments"})
        unknown = FoundBuild(
            file=path, line=1, kind="file", dockerfile=None, target=None, unknown=everything, certain=False
        )
        return [unknown], [Note(file=path, line=None, message=message)]


def _is_script(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return False


def _text(path: Path, name: str, notes: list[Note]) -> str | None:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        notes.append(Note(file=name, line=None, message=f"not read: {error.strerror}"))
        return None
    if len(data) > _LARGEST:
        notes.append(Note(file=name, line=None, message="not read: it is too large"))
        return None
    if b"\0" in data:
        notes.append(Note(file=name, line=None, message="not read: it is binary"))
        return None
    return data.decode("utf-8", "replace")
