"""What an ignore file leaves of a tree; a folder that stays the same object is filtered once.

Rules: moby/buildkit frontend/dockerui/context.go; tonistiigi/fsutil filter.go and walker.go.
"""

from __future__ import annotations

from collections.abc import Iterable

from stagegraph.rebuild.ignore import PathPatterns
from stagegraph.rebuild.tree import Children, Node

_MOST_PATHS = 1_000_000  # that are kept with their matches


class IgnoreFilter:
    """Filters trees by patterns; PatternError for a pattern that BuildKit rejects.

    Whether a path is excluded depends on nothing but the path, so trees that share folders, as those of two
    commits do, share the results for them.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._excludes = PathPatterns(patterns)
        self._matches: dict[str, tuple[bool, int]] = {}
        self._known: dict[str, tuple[Node, Node]] = {}  # by path: a folder, and what is left of it

    def of(self, root: Node) -> Node:
        """``root`` without what the patterns exclude."""
        if not self._excludes:
            return root
        return root.with_children(self._children(root, "", 0))

    def _children(self, node: Node, path: str, bits: int) -> Children:
        kept = {}
        for name, child in node.children.items():
            inside = f"{path}/{name}" if path else name
            excluded, matched = self._match(inside, bits)
            if not child.is_folder:
                if not excluded:
                    kept[name] = child
            elif not excluded:
                kept[name] = self._folder(child, inside, matched)
            elif self._excludes.has_negated and self._excludes.can_reopen(inside):
                left = self._folder(child, inside, matched)
                if left.children:  # a folder that is excluded is sent if something in it is not
                    kept[name] = left
        return kept

    def _match(self, path: str, bits: int) -> tuple[bool, int]:
        """Whether ``path`` is excluded, and which patterns matched it; ``bits`` are those of its folder."""
        if path not in self._matches:
            if len(self._matches) >= _MOST_PATHS:
                self._matches.clear()
            self._matches[path] = self._excludes.match(path, bits)
        return self._matches[path]

    def _folder(self, node: Node, path: str, bits: int) -> Node:
        """What is left of a folder: the same object if that is all of it."""
        known = self._known.get(path)
        if known is not None and known[0] is node:
            return known[1]
        children = self._children(node, path, bits)
        same = len(children) == len(node.children) and all(
            node.children[name] is child for name, child in children.items()
        )
        left = node if same else node.with_children(children)
        self._known[path] = (node, left)
        return left
