"""What is in the image of the targets, what the build leaves behind, and the role of every node."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import networkx

from stagegraph.graph.stage_graph import StageGraph, incoming
from stagegraph.graph.tracing import Copied, Tracer, traced
from stagegraph.model import EdgeKind, LeftBehind, NodeKind, Role, Shipped

_OF_KIND = {EdgeKind.COPY: Role.COPIED, EdgeKind.ADD: Role.COPIED, EdgeKind.MOUNT: Role.MOUNTED}
_ORDER = tuple(Role)


def image_stages(graph: StageGraph, targets: Iterable[str]) -> dict[str, Role]:
    """The nodes whose layers are in the images of ``targets``: these, and their bases up to the root."""
    roles_by_node: dict[str, Role] = {}
    waiting = [(target, Role.TARGET) for target in targets]
    while waiting:
        node, role = waiting.pop()
        if roles_by_node.get(node) not in (Role.TARGET, role):
            roles_by_node[node] = role
            bases = [edge.source for edge in incoming(graph, node) if edge.kind is EdgeKind.FROM]
            waiting.extend((base, Role.INHERITED) for base in bases)
    return roles_by_node


def roles(graph: StageGraph, targets: Sequence[str]) -> dict[str, Role]:
    """The role of every node of ``graph``."""
    image = image_stages(graph, targets)
    assigned = dict.fromkeys(traced(tuple(image), Tracer(graph)), Role.COPIED) | image
    for node in image:
        for edge in incoming(graph, node):
            role = _OF_KIND.get(edge.kind)
            if role is not None:
                known = assigned.get(edge.source, Role.UNNEEDED)
                assigned[edge.source] = min(known, role, key=_ORDER.index)
    rest = {n: Role.UPSTREAM if data["needed"] else Role.UNNEEDED for n, data in graph.nodes.items()}
    return rest | assigned


def shipped(graph: StageGraph, target: str) -> tuple[Shipped, ...]:
    """The bases, from the root to ``target``, then every path that is copied into its image, by line.

    A path that the stage it is copied from got by a copy itself is followed by where that came from.
    """
    chain = tuple(image_stages(graph, [target]))[::-1]
    return tuple(dict.fromkeys([*_bases(graph, chain, target), *_paths(chain, Tracer(graph), target)]))


def _bases(graph: StageGraph, chain: tuple[str, ...], target: str) -> list[Shipped]:
    items = []
    for position, node in enumerate(chain[:-1]):
        kind = "stage" if graph.nodes[node]["kind"] == NodeKind.STAGE else "base image"
        edges = [e for e in incoming(graph, chain[position + 1]) if e.kind is EdgeKind.FROM]
        line = edges[0].line if edges else None
        items.append(Shipped(target=target, node=node, kind=kind, line=line, via=chain[position:-1]))
    return items


def _paths(chain: tuple[str, ...], tracer: Tracer, target: str) -> list[Shipped]:
    """Every path with those before it, in the order of the lines that copy them into the image."""
    groups: list[list[Copied]] = []
    for position, node in enumerate(chain):
        for item in tracer.into(node, chain[position:-1]):
            if item.edge.target == node and item.via == chain[position:-1]:
                groups.append([])
            groups[-1].append(item)
    groups.sort(key=lambda group: group[0].edge.line)
    return [_path(item, target) for group in groups for item in group]


def _path(item: Copied, target: str) -> Shipped:
    return Shipped(
        target=target,
        node=item.edge.source,
        kind="path",
        path=item.path,
        destination=item.edge.destination,
        line=item.edge.line,
        via=item.via,
    )


def left_behind(
    graph: StageGraph, target: str, ships: Sequence[Shipped], order: Iterable[str]
) -> tuple[LeftBehind, ...]:
    """The stages and images that ``target`` needs and of which its image has nothing, or only some paths."""
    own = networkx.ancestors(graph, target) | {target}
    order = [node for node in order if node in own]
    role_of = roles(graph, [target])
    image = [node for node in order if role_of[node] in (Role.TARGET, Role.INHERITED)]
    kept = {node: sorted(paths) for node, paths in traced(image, Tracer(graph)).items()}
    for item in ships:
        if item.kind == "path":
            kept.setdefault(item.node, []).append(item.path)
    return tuple(
        LeftBehind(target=target, node=node, kept=tuple(dict.fromkeys(kept.get(node, ()))))
        for node in order
        if role_of[node] in (Role.COPIED, Role.MOUNTED, Role.UPSTREAM)
        and graph.nodes[node]["kind"] in (NodeKind.STAGE, NodeKind.IMAGE, NodeKind.NAMED_CONTEXT)
        and "/" not in kept.get(node, ())
    )
