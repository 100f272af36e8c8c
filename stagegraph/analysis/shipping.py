"""What is in the image of the targets, and what the build leaves behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stagegraph.analysis.roles import image_stages, incoming
from stagegraph.analysis.tracing import Copied, Tracer, traced
from stagegraph.model import Edge, EdgeKind, LeftBehind, Node, NodeKind, Role, Shipped


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
