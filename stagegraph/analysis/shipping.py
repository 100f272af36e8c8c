"""What is in the image of the targets, and what the build leaves behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stagegraph.analysis.roles import image_stages, incoming
from stagegraph.model import Edge, EdgeKind, LeftBehind, Node, NodeKind, Role, Shipped


def shipped(targets: Sequence[str], nodes: Mapping[str, Node], edges: Sequence[Edge]) -> tuple[Shipped, ...]:
    """The bases, from the root to the target, then every path that is copied in, by line."""
    by_target = incoming(edges)
    found: list[Shipped] = []
    for target in targets:
        chain = tuple(image_stages([target], by_target))[::-1]
        found.extend(_bases(chain, nodes, by_target))
        found.extend(_paths(chain, by_target))
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


def _paths(chain: tuple[str, ...], by_target: Mapping[str, Sequence[Edge]]) -> list[Shipped]:
    copies = [
        edge
        for node in chain
        for edge in by_target.get(node, ())
        if edge.kind in (EdgeKind.COPY, EdgeKind.ADD)
    ]
    return [
        Shipped(
            node=edge.source,
            kind="path",
            path=path,
            destination=edge.destination,
            line=edge.line,
            via=chain[chain.index(edge.target) : -1],
        )
        for edge in sorted(copies, key=lambda edge: edge.line)
        for path in edge.paths
    ]


def left_behind(nodes: Sequence[Node], ships: Sequence[Shipped]) -> tuple[LeftBehind, ...]:
    """The needed stages and images of which the image holds nothing, or only some paths."""
    kept: dict[str, list[str]] = {}
    for item in ships:
        if item.kind == "path":
            kept.setdefault(item.node, []).append(item.path)
    return tuple(
        LeftBehind(node=node.id, kept=tuple(dict.fromkeys(kept.get(node.id, ()))))
        for node in nodes
        if node.role in (Role.COPIED, Role.MOUNTED, Role.UPSTREAM)
        and node.kind in (NodeKind.STAGE, NodeKind.IMAGE, NodeKind.NAMED_CONTEXT)
    )
