"""Which Dockerfile a build means, from its context and the paths that it names."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable
from pathlib import Path

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
