"""Paths of pages, of the Dockerfiles that name them, and of the pictures they may write."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from glob import glob, has_magic
from pathlib import Path

from stagegraph.embedding.languages import SUFFIXES
from stagegraph.errors import InputError
from stagegraph.reading import NAMES

_DOCKERFILES = frozenset(name.lower() for name in NAMES)
_SKIPPED = frozenset({"node_modules", "__pycache__"})
_HIDDEN = frozenset({".github", ".gitlab", ".gitea", ".forgejo"})  # where forges look for a README
_ENVIRONMENT = "pyvenv.cfg"  # marks a Python environment, which holds the pages of packages


def page_files(names: Sequence[str]) -> list[Path]:
    """The files that ``names`` select: files, directories with everything below them, and globs; each once.

    Raises InputError for a glob that matches no file.
    """
    paths: dict[Path, Path] = {}
    for name in names:
        for path in _selected(name):
            paths.setdefault(path.resolve(), path)
    return list(paths.values())


def is_page(path: Path) -> bool:
    """Whether ``path`` has a suffix of pages."""
    return path.suffix.lower() in SUFFIXES


def names_dockerfile(name: str) -> bool:
    """Whether ``name`` is a usual name of a Dockerfile: Dockerfile.dev, api.Dockerfile, Containerfile."""
    parts = Path(name).name.lower().split(".")
    return not is_page(Path(name)) and not _DOCKERFILES.isdisjoint(parts)


def _selected(name: str) -> Iterator[Path]:
    path = Path(name)
    if path.is_dir():
        yield from pages_below(path)
    elif has_magic(name) and not path.exists():
        matches = sorted(Path(match) for match in glob(name, recursive=True))
        files = [match for match in matches if match.is_file()]
        if not files:
            raise InputError(f"no file matches {name}")
        yield from files
    else:
        yield path


def pages_below(folder: Path) -> Iterator[Path]:
    """The pages in and below ``folder``, sorted.

    Skips hidden directories (except those of forges, which can hold a README), installed packages, and
    links to files outside the repository.
    """
    for root, folders, files in os.walk(folder):
        if root != str(folder) and _ENVIRONMENT in files:
            folders.clear()
            continue
        folders[:] = sorted(filter(_is_searched, folders))
        paths = (Path(root, name) for name in sorted(files))
        yield from (path for path in paths if is_page(path) and not leaves_repository(path))


def leaves_repository(path: Path) -> bool:
    """Whether symbolic links on the way to ``path`` lead out of the repository that its name is in."""
    folder = Path(os.path.abspath(path)).parent
    root = _repository_above(folder)
    return root is not None and not path.resolve().is_relative_to(root.resolve())


def _is_searched(name: str) -> bool:
    return name in _HIDDEN or not (name in _SKIPPED or name.startswith("."))


def picture_path(file: Path, output: str, suffix: str) -> Path:
    """The path of the picture ``output`` of a page.

    Raises ValueError for a path outside the project or without ``suffix``.
    """
    path = file.parent / output
    if path.suffix.lower() != suffix:
        raise ValueError(f"{output} does not end with {suffix}")
    if Path(output).is_absolute() or not path.resolve().is_relative_to(project_of(file)):
        raise ValueError(f"{output} is outside the project")
    return path


def project_of(file: Path) -> Path:
    """The directory that a page may write to.

    It is the repository of the file; without one the working directory if the file is below it;
    otherwise the directory of the file.
    """
    folder = file.resolve().parent
    if root := _repository_above(folder):
        return root
    here = Path.cwd().resolve()
    return here if folder.is_relative_to(here) else folder


def _repository_above(folder: Path) -> Path | None:
    """The repository that the name of ``folder`` is in, links not followed; None outside of one."""
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)
