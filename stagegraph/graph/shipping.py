"""What is in the image of the targets, and what the build leaves behind."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from stagegraph.model import Edge, EdgeKind, LeftBehind, Node, NodeKind, Role, Shipped

_OF_KIND = {EdgeKind.COPY: Role.COPIED, EdgeKind.ADD: Role.COPIED, EdgeKind.MOUNT: Role.MOUNTED}
_ORDER = tuple(Role)


def incoming(edges: Iterable[Edge]) -> dict[str, list[Edge]]:
    """The edges by the node that they lead to."""
    found: dict[str, list[Edge]] = {}
    for edge in edges:
        found.setdefault(edge.target, []).append(edge)
    return found


def image_stages(targets: Sequence[str], by_target: Mapping[str, Sequence[Edge]]) -> dict[str, Role]:
    """The nodes whose layers are in the images of ``targets``: these, and their bases up to the root."""
    found: dict[str, Role] = {}
    waiting = [(target, Role.TARGET) for target in targets]
    while waiting:
        node, role = waiting.pop()
        if found.get(node) not in (Role.TARGET, role):
            found[node] = role
            bases = [edge.source for edge in by_target.get(node, ()) if edge.kind is EdgeKind.FROM]
            waiting.extend((base, Role.INHERITED) for base in bases)
    return found


def roles(
    nodes: Iterable[str],
    edges: Sequence[Edge],
    targets: Sequence[str],
    needed: set[str],
    running: frozenset[str],
) -> dict[str, Role]:
    """The role of each of ``nodes``; ``edges`` are those that exist, not those that might.

    ``running`` are the ids of stages that have a RUN.
    """
    by_target = incoming(edges)
    image = image_stages(targets, by_target)
    found = dict.fromkeys(traced(tuple(image), Tracer(by_target, running)), Role.COPIED) | image
    for node in image:
        for edge in by_target.get(node, ()):
            role = _OF_KIND.get(edge.kind)
            if role is not None:
                known = found.get(edge.source, Role.UNNEEDED)
                found[edge.source] = min(known, role, key=_ORDER.index)
    rest = {node: Role.UPSTREAM if node in needed else Role.UNNEEDED for node in nodes}
    return rest | found


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


def shipped(
    targets: Sequence[str], nodes: Mapping[str, Node], edges: Sequence[Edge], running: frozenset[str]
) -> tuple[Shipped, ...]:
    """The bases, from the root to the target, then every path that is copied in, by line.

    A path that the stage it is copied from got by a copy itself follows with where that came from.
    ``running`` are the ids of stages that have a RUN.
    """
    by_target = incoming(edges)
    found: list[Shipped] = []
    for target in targets:
        chain = tuple(image_stages([target], by_target))[::-1]
        found.extend(_bases(chain, nodes, by_target))
        found.extend(_paths(chain, Tracer(by_target, running)))
    return tuple(dict.fromkeys(found))


def _bases(
    chain: tuple[str, ...], nodes: Mapping[str, Node], by_target: Mapping[str, Sequence[Edge]]
) -> list[Shipped]:
    found = []
    for position, node in enumerate(chain[:-1]):
        kind = "stage" if nodes[node].kind is NodeKind.STAGE else "base image"
        above = [e for e in by_target.get(chain[position + 1], ()) if e.kind is EdgeKind.FROM]
        line = above[0].line if above else None
        found.append(Shipped(node=node, kind=kind, line=line, via=chain[position:-1]))
    return found


def _paths(chain: tuple[str, ...], tracer: Tracer) -> list[Shipped]:
    """Every path with those behind it, in the order of the lines that bring it into the image."""
    groups: list[list[Copied]] = []
    for position, node in enumerate(chain):
        for item in tracer.into(node, chain[position:-1]):
            if item.edge.target == node and item.via == chain[position:-1]:
                groups.append([])
            groups[-1].append(item)
    groups.sort(key=lambda group: group[0].edge.line)
    return [_path(item) for group in groups for item in group]


def _path(item: Copied) -> Shipped:
    return Shipped(
        node=item.edge.source,
        kind="path",
        path=item.path,
        destination=item.edge.destination,
        line=item.edge.line,
        via=item.via,
    )


def left_behind(
    nodes: Sequence[Node],
    ships: Sequence[Shipped],
    edges: Sequence[Edge],
    running: frozenset[str],
) -> tuple[LeftBehind, ...]:
    """The needed stages and images of which the image holds nothing, or only some paths."""
    by_target = incoming(edges)
    image = [node.id for node in nodes if node.role in (Role.TARGET, Role.INHERITED)]
    kept = {node: sorted(paths) for node, paths in traced(image, Tracer(by_target, running)).items()}
    for item in ships:
        if item.kind == "path":
            kept.setdefault(item.node, []).append(item.path)
    return tuple(
        LeftBehind(node=node.id, kept=tuple(dict.fromkeys(kept.get(node.id, ()))))
        for node in nodes
        if node.role in (Role.COPIED, Role.MOUNTED, Role.UPSTREAM)
        and node.kind in (NodeKind.STAGE, NodeKind.IMAGE, NodeKind.NAMED_CONTEXT)
        and "/" not in kept.get(node.id, ())
    )
