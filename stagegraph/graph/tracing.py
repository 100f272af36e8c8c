"""Traces where the files of an image come from, through the stages that pass them on.

A path that is copied out of a stage can have been copied into it before. So every path is followed
back along the copies that land at it or below it, and above it in a stage without a RUN: what a RUN
makes there of the copied files is its own.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from stagegraph.graph.stage_graph import StageGraph, incoming
from stagegraph.model import Edge, EdgeKind

_MOST_VISITS = 100_000  # of stages, so that a file of thousands of stages takes seconds at most
_COPIES = (EdgeKind.COPY, EdgeKind.ADD)


class Copied(NamedTuple):
    """A path of ``edge`` that ends in the image, through ``via``: the reader of the edge first."""

    edge: Edge
    path: str
    via: tuple[str, ...]


class Tracer:
    """Follows paths back; yields every path of an edge once."""

    def __init__(self, graph: StageGraph) -> None:
        self._graph = graph
        self._copies: dict[str, list[Edge]] = {}
        self._bases: dict[str, str] = {}
        for node in graph:
            for edge in incoming(graph, node):
                if edge.kind in _COPIES:
                    self._copies.setdefault(node, []).append(edge)
                elif edge.kind is EdgeKind.FROM:
                    self._bases.setdefault(node, edge.source)
        self._yielded: set[tuple[Edge, str]] = set()
        self._followed: set[tuple[str, str]] = set()
        self._visits_left = _MOST_VISITS
        self.whole: dict[str, set[str]] = {}  # node -> its paths that a reader got from a stage based on it

    def into(self, node: str, via: tuple[str, ...]) -> Iterator[Copied]:
        """What is copied into ``node``, which is in the image, and what was copied into that before."""
        for edge in self._copies.get(node, ()):
            yield from self._edge(edge, via)

    def _edge(self, edge: Edge, via: tuple[str, ...]) -> Iterator[Copied]:
        waiting = [(edge, path, via) for path in reversed(edge.paths)]
        while waiting:
            edge, path, via = waiting.pop()
            if (edge, path) not in self._yielded:
                self._yielded.add((edge, path))
                yield Copied(edge, path, via)
                before = list(self._before(edge.source, _from_root(path), (edge.source, *via)))
                waiting.extend(reversed(before))

    def _before(
        self, node: str, path: str, via: tuple[str, ...]
    ) -> Iterator[tuple[Edge, str, tuple[str, ...]]]:
        """The copies that brought ``path`` of ``node`` there."""
        if (node, path) in self._followed:
            return
        self._followed.add((node, path))
        as_copied = True  # no RUN ran in the stages seen, so nothing else is below a copied directory
        from_base = True  # no COPY of the stages seen wrote the path
        while self._visits_left > 0:
            self._visits_left -= 1
            as_copied = as_copied and not self._graph.nodes[node]["runs"]
            for edge in self._copies.get(node, ()):
                for source in edge.paths:
                    if _meets(path, edge.lands, source, as_copied):
                        from_base = False
                        yield edge, source, via
            if node not in self._bases:
                return
            node = self._bases[node]
            if path == "/" or (as_copied and from_base):
                self.whole.setdefault(node, set()).add(path)


def traced(image: Sequence[str], tracer: Tracer) -> dict[str, set[str]]:
    """The nodes of which something is copied into ``image``, with the paths that came from each as a base."""
    paths_by_node: dict[str, set[str]] = {}
    for node in image:
        for item in tracer.into(node, ()):
            paths_by_node.setdefault(item.edge.source, set())
    for node, paths in tracer.whole.items():
        paths_by_node.setdefault(node, set()).update(paths)
    return paths_by_node


def _from_root(path: str) -> str:
    """A clean absolute source path; of one with wildcards, the directory above the first wildcard."""
    wildcard = _first_wildcard(path)
    if wildcard >= 0:
        path = path[:wildcard].rpartition("/")[0]
    return posixpath.normpath(f"/{path}").replace("//", "/")


def _first_wildcard(path: str) -> int:
    return min((path.find(char) for char in "*?[" if char in path), default=-1)


def _meets(path: str, lands: str, source: str, as_copied: bool) -> bool:
    """Whether something of ``source``, which was copied to ``lands``, is at or below ``path``.

    ``as_copied`` means that nothing but the copy can be below ``lands``.
    """
    if not lands:
        return path == "/"
    target = posixpath.normpath(lands)
    if _is_below(target, path):
        return True
    if not as_copied or not _is_below(path, target):
        return False
    # Copied into a directory, a file keeps its name; of a directory, everything in it arrives.
    name = posixpath.basename(posixpath.normpath(source))
    rest = path.removeprefix(target).strip("/").partition("/")[0]
    return (
        not lands.endswith("/")
        or name in (rest, ".", "")
        or _first_wildcard(source) >= 0
        or source.endswith("/")
    )


def _is_below(path: str, directory: str) -> bool:
    return path == directory or directory == "/" or path.startswith(f"{directory}/")
