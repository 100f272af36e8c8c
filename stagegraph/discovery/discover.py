"""Every build that a repository runs, from all the files that can hold one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from stagegraph.discovery.bake import bake_uses
from stagegraph.discovery.compose import compose_uses
from stagegraph.discovery.locating import Repository
from stagegraph.discovery.scripts import Script, script_uses
from stagegraph.discovery.use import Discovery, Note, Use
from stagegraph.discovery.walking import Walk
from stagegraph.discovery.workflows import workflow_uses

_LARGEST = 1024 * 1024
_Found = tuple[list[Use], list[Note]]
_Reader = Callable[[str, str, Repository], _Found]


def _script(path: str, text: str, repository: Repository) -> _Found:
    # a script is run from the root of the repository or from where it is
    directories = ("", path.rpartition("/")[0])
    return script_uses(Script(file=path, text=text, directories=directories), repository)


_KINDS: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (re.compile(r"(?:.*/)?[^/]*bake[^/]*\.(?:json|hcl)\Z"), bake_uses),
    (re.compile(r"(?:.*/)?(?:docker-)?compose[^/]*\.ya?ml\Z"), compose_uses),
    (re.compile(r"\.github/workflows/[^/]+\.ya?ml\Z|(?:.*/)?action\.ya?ml\Z"), workflow_uses),
    (
        re.compile(
            r"(?:.*/)?(?:(?:GNU)?[Mm]akefile(?:\.[^/]*)?|[^/]+\.(?:mk|sh|bash|zsh)|[Jj]ustfile|Jenkinsfile[^/]*|Taskfile\.ya?ml"
            r"|\.gitlab-ci[^/]*\.ya?ml|\.travis\.yml|package\.json|azure-pipelines[^/]*\.ya?ml)\Z|\.circleci/config\.yml\Z"
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
    uses: list[Use] = []
    notes: list[Note] = []
    for path in paths:
        reader = next((reader for pattern, reader in _KINDS if pattern.match(path)), None)
        if reader is None and "." not in path.rpartition("/")[2] and _is_script(root / path):
            reader = _script
        text = _text(root / path, path, notes) if reader else None
        if reader and text is not None:
            found, said = _read(reader, path, text, repository)
            uses.extend(found)
            notes.extend(said)
    return Discovery(uses=tuple(uses), notes=(*walk.notes, *notes))


def _read(reader: _Reader, path: str, text: str, repository: Repository) -> _Found:
    try:
        return reader(path, text, repository)
    except Exception as error:  # the last door: one odd file must not stop the check of the others
        message = f"not understood: {type(error).__name__}: {error}"
        everything = frozenset({"dockerfile", "target", "build arguments"})
        unknown = Use(
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
