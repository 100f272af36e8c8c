"""The unneeded stages of a large graph as one node: how many they are is enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from stagegraph.model import Edge, EdgeKind, Node, NodeKind, Reach, Role

_FEWEST = 6  # unneeded stages that are worth a bundle
BUNDLE = "bundle:unneeded"


def between(nodes: Sequence[Node], edges: Sequence[Edge]) -> tuple[Edge, ...]:
    """The edges that have both ends among ``nodes``."""
    drawn = {node.id for node in nodes}
    return tuple(edge for edge in edges if edge.source in drawn and edge.target in drawn)


def bundled(
    nodes: tuple[Node, ...], edges: tuple[Edge, ...]
) -> tuple[tuple[Node, ...], tuple[Edge, ...], dict[str, int]]:
    """The unneeded stages as one node, and the sources that only they read left out."""
    unneeded = [n for n in nodes if n.kind is NodeKind.STAGE and n.role is Role.UNNEEDED]
    gone = {n.id for n in unneeded if n.reach is not Reach.SELECTABLE}
    if len(gone) < _FEWEST:
        return nodes, edges, {}
    kept = [
        n for n in nodes if n.id not in gone and (n.kind is NodeKind.STAGE or n.role is not Role.UNNEEDED)
    ]
    names = ", ".join(n.label for n in unneeded if n.id in gone)
    bundle = Node(
        id=BUNDLE,
        kind=NodeKind.STAGE,
        label=f"{len(gone)} stages not needed",
        role=Role.UNNEEDED,
        reach=Reach.IDLE,
        description=names,
    )
    moved = (
        replace(e, target=BUNDLE, paths=()) if e.target in gone else e for e in edges if e.source not in gone
    )
    joined = [e for e in moved if e.target != BUNDLE]
    links = {
        e.source: replace(e, target=BUNDLE, kind=EdgeKind.FROM, paths=(), needed=False)
        for e in edges
        if e.target in gone and e.source not in gone
    }
    result = (*kept, bundle)
    return result, between(result, (*joined, *_few(links))), {BUNDLE: len(gone)}


def _few(links: Mapping[str, Edge]) -> tuple[Edge, ...]:
    """One edge into the bundle is enough to place it; all of them would hide the rest."""
    return tuple(links[source] for source in sorted(links)[:1])
