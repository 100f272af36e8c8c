"""Where the files of the image come from, through the stages that pass them on.

A path that is copied out of a stage may be one that was copied into it. So every path is followed
back along the copies that land at it or below it, and above it in a stage that runs nothing: what a
RUN makes there of what was copied is its own.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from stagegraph.model import Edge, EdgeKind

_MOST_LOOKS = 100_000  # at stages, so that a file of thousands of stages costs no more than seconds
_WILDCARD = re.compile(r"[*?\[]")
_COPIES = (EdgeKind.COPY, EdgeKind.ADD)


class Copied(NamedTuple):
    """A path of ``edge`` that ends in the image, through ``via``: the reader of the edge first."""

    edge: Edge
    path: str
    via: tuple[str, ...]


class Tracer:
    """Follows paths back; every path of an edge is told once."""

    def __init__(self, by_target: Mapping[str, Sequence[Edge]], running: frozenset[str]) -> None:
        self._copies: dict[str, list[Edge]] = {}
        self._bases: dict[str, str] = {}
        for target, edges in by_target.items():
            for edge in edges:
                if edge.kind in _COPIES:
                    self._copies.setdefault(target, []).append(edge)
                elif edge.kind is EdgeKind.FROM:
                    self._bases.setdefault(target, edge.source)
        self._running = running  # the stages that have a RUN
        self._told: set[tuple[Edge, str]] = set()
        self._asked: set[tuple[str, str]] = set()
        self._looks = _MOST_LOOKS
        self.whole: dict[str, set[str]] = {}  # node -> its paths that a reader got from a stage on it

    def into(self, node: str, via: tuple[str, ...]) -> Iterator[Copied]:
        """What is copied into ``node``, all of it in the image, and what went into that before."""
        for edge in self._copies.get(node, ()):
            yield from self._edge(edge, via)

    def _edge(self, edge: Edge, via: tuple[str, ...]) -> Iterator[Copied]:
        waiting = [(edge, path, via) for path in reversed(edge.paths)]
        while waiting:
            edge, path, via = waiting.pop()
            if (edge, path) not in self._told:
                self._told.add((edge, path))
                yield Copied(edge, path, via)
                before = list(self._before(edge.source, _from_root(path), (edge.source, *via)))
                waiting.extend(reversed(before))

    def _before(
        self, node: str, path: str, via: tuple[str, ...]
    ) -> Iterator[tuple[Edge, str, tuple[str, ...]]]:
        """The copies that brought ``path`` of ``node`` there."""
        if (node, path) in self._asked:
            return
        self._asked.add((node, path))
        as_copied, from_base = True, True  # no RUN can have made it; no copy has brought it
        while self._looks > 0:
            self._looks -= 1
            as_copied = as_copied and node not in self._running
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
    """The nodes that something of is copied into ``image``, with what came of them as a base."""
    found: dict[str, set[str]] = {}
    for node in image:
        for item in tracer.into(node, ()):
            found.setdefault(item.edge.source, set())
    for node, paths in tracer.whole.items():
        found.setdefault(node, set()).update(paths)
    return found


def _from_root(path: str) -> str:
    """A source path, clean; of one with wildcards the folder that they stand in."""
    match = _WILDCARD.search(path)
    if match:
        path = path[: match.start()].rpartition("/")[0]
    return posixpath.normpath(f"/{path}").replace("//", "/")


def _meets(path: str, lands: str, source: str, as_copied: bool) -> bool:
    """Whether something of ``source``, which was copied to ``lands``, is at or below ``path``.

    ``as_copied`` says that nothing else can have come to be below ``lands``.
    """
    if not lands:
        return path == "/"
    place = posixpath.normpath(lands)
    if _is_below(place, path):
        return True
    if not as_copied or not _is_below(path, place):
        return False
    # Copied into a folder: a file keeps its name there, of a folder all that is in it arrives.
    name = posixpath.basename(posixpath.normpath(source))
    rest = path.removeprefix(place).strip("/").partition("/")[0]
    return (
        not lands.endswith("/")
        or name in (rest, ".", "")
        or bool(_WILDCARD.search(source))
        or source.endswith("/")
    )


def _is_below(path: str, folder: str) -> bool:
    return path == folder or folder == "/" or path.startswith(f"{folder}/")
