"""The files of one state of a repository, for what reads bake and compose files."""

from __future__ import annotations

import os

from stagegraph.bake.files import DISK
from stagegraph.rebuild.context import Context
from stagegraph.rebuild.tree import NodeKind


class TreeFiles:
    """The files of ``tree``, whose root is the folder ``root``, by paths from the current directory.

    What is neither in it nor in ``other``, the other state of a change, is read from disk: git ignores it, as
    it mostly does with ``.env``, so it is the same in both.
    """

    def __init__(self, tree: Context, root: str, other: Context | None = None) -> None:
        self._tree = tree
        self._other = other
        self._root = os.path.realpath(root)
        self._here = os.path.realpath(".")

    def is_file(self, path: str) -> bool:
        """Whether there is a file at ``path``."""
        if self._is_ignored(path):
            return DISK.is_file(path)
        node = self._tree.at(self._inside(path))
        return node is not None and node.kind is NodeKind.FILE

    def read(self, path: str, most: int) -> bytes:
        """At most ``most`` bytes of the file at ``path``. Raises OSError, also if they are not known."""
        if self._is_ignored(path):
            return DISK.read(path, most)
        node = self._tree.at(self._inside(path)) if self.is_file(path) else None
        data = node.start(most) if node else None
        if data is None:
            raise FileNotFoundError(2, "it is not in this state of the repository")
        return data

    def _is_ignored(self, path: str) -> bool:
        if self._other is None:
            return False
        inside = self._inside(path)
        return self._tree.at(inside) is None and self._other.at(inside) is None

    def _inside(self, path: str) -> str:
        return os.path.relpath(os.path.join(self._here, path), self._root).replace(os.sep, "/")
