"""Which files there are to look through, and where a page may write its pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from glob import glob, has_magic
from pathlib import Path

from stagegraph.errors import InputError
from stagegraph.reading import NAMES

SUFFIXES = (".md", ".markdown", ".mdown", ".mkd")
_DOCKERFILES = frozenset(name.lower() for name in NAMES)
_SKIPPED = frozenset({"node_modules", "__pycache__"})
_HIDDEN = frozenset({".github", ".gitlab", ".gitea", ".forgejo"})  # where forges look for a README
_ENVIRONMENT = "pyvenv.cfg"  # what makes a folder an environment of Python, full of others' pages


def markdown_files(names: Sequence[str]) -> list[Path]:
    """The files that ``names`` mean: files, folders with what is below them, and globs; each once.

    Raises InputError for a name that means none.
    """
    found: dict[Path, Path] = {}
    for name in names:
        for path in _meant(name):
            found.setdefault(path.resolve(), path)
    return list(found.values())


def is_markdown(path: Path) -> bool:
    """Whether the name of ``path`` says that it is Markdown."""
    return path.suffix.lower() in SUFFIXES


def names_dockerfile(name: str) -> bool:
    """Whether ``name`` is what Dockerfiles are called: Dockerfile.dev, api.Dockerfile, Containerfile."""
    parts = Path(name).name.lower().split(".")
    return not is_markdown(Path(name)) and not _DOCKERFILES.isdisjoint(parts)


def _meant(name: str) -> Iterator[Path]:
    path = Path(name)
    if path.is_dir():
        yield from below(path)
    elif has_magic(name) and not path.exists():
        matches = sorted(Path(match) for match in glob(name, recursive=True))
        files = [match for match in matches if match.is_file()]
        if not files:
            raise InputError(f"{name} matches no file")
        yield from files
    else:
        yield path


def below(folder: Path) -> Iterator[Path]:
    """The Markdown files in and below ``folder``, sorted; hidden and installed folders are left out.

    The hidden folders of forges are not: a README can live in them.
    """
    for root, folders, files in os.walk(folder):
        if root != str(folder) and _ENVIRONMENT in files:
            folders.clear()
            continue
        folders[:] = sorted(filter(_is_looked_into, folders))
        yield from (path for name in sorted(files) if is_markdown(path := Path(root, name)))


def _is_looked_into(name: str) -> bool:
    return name in _HIDDEN or not (name in _SKIPPED or name.startswith("."))


def picture_path(page: Path, output: str) -> Path:
    """The file that ``output`` means beside ``page``; ValueError outside of the project or no SVG."""
    path = page.parent / output
    if path.suffix.lower() != ".svg":
        raise ValueError(f"{output} does not end with .svg")
    if Path(output).is_absolute() or not path.resolve().is_relative_to(project_of(page)):
        raise ValueError(f"{output} is outside of the project")
    return path


def project_of(page: Path) -> Path:
    """The folder that a page may write to: its repository, else here if it is below, else its own."""
    folder = page.resolve().parent
    for parent in (folder, *folder.parents):
        if (parent / ".git").exists():
            return parent
    here = Path.cwd().resolve()
    return here if folder.is_relative_to(here) else folder
