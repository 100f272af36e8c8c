"""Finds the files to check: files that are named, and Dockerfiles in directories by their names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from stagegraph.discovery.found_build import Note
from stagegraph.discovery.repository import FileTree

# Patterns for the `re` functions, which compile them on first use.
_DOCKERFILE = r"(?:Dockerfile|Containerfile)(?:[._-].+)?\Z|.+\.(?:Dockerfile|Containerfile)\Z"
_TEMPLATE = r"\.(?:j2|jinja2?|tmpl|tpl|template|erb|mustache|hbs|handlebars|gotmpl|m4|in|ejs|cruft|mako)\Z"
_OTHER = (
    r"\.(?:dockerignore|containerignore|md|rst|txt|bak|orig|rej|swp|lock|sha256|sig|patch|diff|ya?ml|json|toml"
    r"|py|pyc|js|ts|go|rs|rb|sh|java|html?|png|svg|log)\Z|~\Z"
)
_MOST_NAMED = 3  # files in a note


class Candidate(Struct, frozen=True):
    """A file to check; ``named`` says that the user named it, so it must be a Dockerfile."""

    path: str
    named: bool


def candidates(
    paths: Sequence[str], exclude: Sequence[str] = (), tree: FileTree | None = None
) -> tuple[list[Candidate], list[Note]]:
    """The files at ``paths`` in order, each once, directories searched; and notes on skipped ones.

    ``exclude`` has .gitignore patterns for files in directories, which ``tree`` walks.
    """
    files: dict[str, Candidate] = {}
    notes: list[Note] = []
    templates: list[str] = []
    tree = tree or FileTree()
    for path in paths:
        if path == "-" or not Path(path).is_dir():
            files.setdefault(_key(path), Candidate(path, True))
            continue
        walk = tree.walk(path)
        for file in _not_excluded(_named_like_dockerfiles(path, walk.paths), exclude):
            if is_template_name(os.path.basename(file)):
                templates.append(file)
            else:
                files.setdefault(_key(file), Candidate(file, False))
        notes.extend(walk.notes)
    if templates:
        notes.append(skipped_note(templates, "a template by its name, not a Dockerfile"))
    return list(files.values()), notes


def _key(path: str) -> str:
    return path if path == "-" else os.path.abspath(path)


def _named_like_dockerfiles(top: str, paths: Iterable[str]) -> Iterator[str]:
    """The files under ``top`` whose names are those of Dockerfiles or of templates of Dockerfiles."""
    for path in paths:
        name = path[path.rfind("/") + 1 :]
        if is_dockerfile_name(name) or is_template_name(name):
            yield str(Path(top, path))


def _not_excluded(files: Iterable[str], exclude: Sequence[str]) -> Iterable[str]:
    if not exclude:
        return files
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec.from_lines(exclude)
    return (file for file in files if not spec.match_file(Path(file).as_posix()))


def is_dockerfile_name(name: str) -> bool:
    """Whether ``name`` is a common name for a Dockerfile."""
    return _has_name(name) and not re.search(f"{_TEMPLATE}|{_OTHER}", name, re.IGNORECASE)


def is_template_name(name: str) -> bool:
    """Whether ``name`` is a common name for a template of a Dockerfile."""
    return _has_name(name) and bool(re.search(_TEMPLATE, name, re.IGNORECASE))


def _has_name(name: str) -> bool:
    lower = name.lower()
    if "dockerfile" not in lower and "containerfile" not in lower:  # most files of a repository
        return False
    return bool(re.match(_DOCKERFILE, name, re.IGNORECASE))


def skipped_note(files: Sequence[str], reason: str) -> Note:
    """One note on all of ``files``."""
    shown = ", ".join(files[1:_MOST_NAMED])
    more = f" and {len(files) - _MOST_NAMED} more" if len(files) > _MOST_NAMED else ""
    also = f" (also {shown}{more})" if len(files) > 1 else ""
    return Note(file=files[0], line=None, message=f"skipped: {reason}{also}")
