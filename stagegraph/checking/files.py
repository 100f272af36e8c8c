"""Which files to check: those that are named, and the Dockerfiles of directories that are."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stagegraph.discovery.use import Note
from stagegraph.discovery.walking import Walk

_NAME = re.compile(
    r"(?:Dockerfile|Containerfile)(?:[._-].+)?\Z|.+\.(?:Dockerfile|Containerfile)\Z", re.IGNORECASE
)
_TEMPLATE = re.compile(
    r"\.(?:j2|jinja2?|tmpl|tpl|template|erb|mustache|hbs|handlebars|gotmpl|m4|in|ejs|cruft|mako)\Z",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"\.(?:dockerignore|containerignore|md|rst|txt|bak|orig|rej|swp|lock|sha256|sig|patch|diff|ya?ml|json|toml"
    r"|py|pyc|js|ts|go|rs|rb|sh|java|html?|png|svg|log)\Z|~\Z",
    re.IGNORECASE,
)
_MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """One file to check; ``named`` says that the user named it, so that it must be a Dockerfile."""

    path: str
    named: bool


def candidates(paths: Sequence[str], exclude: Sequence[str] = ()) -> tuple[list[Candidate], list[Note]]:
    """The files that ``paths`` mean, each once, in order; and what was left out.

    ``exclude`` are patterns as in .gitignore for the files found in directories.
    """
    found: dict[str, Candidate] = {}
    notes: list[Note] = []
    templates: list[str] = []
    for path in paths:
        if path == "-" or not Path(path).is_dir():
            found.setdefault(_key(path), Candidate(path, True))
            continue
        walk = Walk(Path(path))
        for file in _not_excluded(walk.files(), exclude):
            if _TEMPLATE.search(file.name) and _NAME.match(file.name):
                templates.append(str(file))
            elif is_dockerfile_name(file.name):
                found.setdefault(_key(str(file)), Candidate(str(file), False))
        notes.extend(walk.notes)
    if templates:
        notes.append(left_out(templates, "by its name a template, not a Dockerfile"))
    return list(found.values()), notes


def is_dockerfile_name(name: str) -> bool:
    """Whether a file called ``name`` is a Dockerfile as people name them."""
    return bool(_NAME.match(name)) and not _TEMPLATE.search(name) and not _OTHER.search(name)


def is_surely_dockerfile(path: str) -> bool:
    """Whether the name of a file leaves no doubt: what is in it is then meant to be a Dockerfile."""
    name = Path(path).name.lower()
    return name in ("dockerfile", "containerfile") or name.endswith((".dockerfile", ".containerfile"))


def left_out(files: Sequence[str], reason: str) -> Note:
    """One note about all of ``files``."""
    shown = ", ".join(files[1:_MOST_SHOWN])
    more = f" and {len(files) - _MOST_SHOWN} more" if len(files) > _MOST_SHOWN else ""
    also = f" ({shown}{more} too)" if len(files) > 1 else ""
    return Note(file=files[0], line=None, message=f"left out: {reason}{also}")


def _not_excluded(files: Iterable[Path], exclude: Sequence[str]) -> Iterable[Path]:
    if not exclude:
        return files
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec.from_lines(exclude)
    return (file for file in files if not spec.match_file(file.as_posix()))


def _key(path: str) -> str:
    return path if path == "-" else os.path.abspath(path)
