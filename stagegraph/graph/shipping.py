"""What is in the image of the targets, what the build leaves behind, and the role of every node."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from stagegraph.graph.stage_graph import StageGraph, ancestors, incoming
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


def shipped(graph: StageGraph, targets: Sequence[str]) -> tuple[Shipped, ...]:
    """For each target the bases, from the root up, then every path that is copied in, by line.

    A path that the stage it is copied from got by a copy itself is followed by where that came from.
    """
    items: list[Shipped] = []
    for target in targets:
        chain = _chain(graph, target)
        items.extend(_bases(graph, target, chain))
        items.extend(_paths(target, chain, Tracer(graph)))
    return tuple(dict.fromkeys(items))


class _Inherited(NamedTuple):
    """A stage or an image of which a target has all layers."""

    line: int | None  # of the FROM that reads it; None for the target
    via: tuple[str, ...]  # from it to the target, which is left out


def _chain(graph: StageGraph, target: str) -> dict[str, _Inherited]:
    """The target and its bases, the root first; a build for several platforms can have several bases."""
    chain = {target: _Inherited(None, ())}
    waiting = [target]
    for node in waiting:
        for edge in incoming(graph, node):
            if edge.kind is EdgeKind.FROM and edge.source not in chain:
                chain[edge.source] = _Inherited(edge.line, (edge.source, *chain[node].via))
                waiting.append(edge.source)
    return dict(reversed(chain.items()))


def _bases(graph: StageGraph, target: str, chain: Mapping[str, _Inherited]) -> Iterator[Shipped]:
    for node, inherited in chain.items():
        if node != target:
            kind = "stage" if graph.nodes[node]["kind"] == NodeKind.STAGE else "base image"
            yield Shipped(target=target, node=node, kind=kind, line=inherited.line, via=inherited.via)


def _paths(target: str, chain: Mapping[str, _Inherited], tracer: Tracer) -> list[Shipped]:
    """Every path with those before it, in the order of the lines that copy them into the image."""
    groups: list[list[Copied]] = []
    for node, inherited in chain.items():
        for item in tracer.into(node, inherited.via):
            if item.edge.target == node and item.via == inherited.via:
                groups.append([])
            groups[-1].append(item)
    groups.sort(key=lambda group: group[0].edge.line)
    return [_path(target, item) for group in groups for item in group]


def _path(target: str, item: Copied) -> Shipped:
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
    graph: StageGraph, targets: Sequence[str], ships: Sequence[Shipped], order: Sequence[str]
) -> tuple[LeftBehind, ...]:
    """For each target the stages and images that it needs and its image does not hold, or only in part.

    They are in ``order``.
    """
    return tuple(
        one
        for target in targets
        for one in _left_by(graph, target, [item for item in ships if item.target == target], order)
    )


def _left_by(
    graph: StageGraph, target: str, ships: Iterable[Shipped], order: Iterable[str]
) -> Iterator[LeftBehind]:
    image = image_stages(graph, [target])
    kept = {node: sorted(paths) for node, paths in traced(tuple(image), Tracer(graph)).items()}
    for item in ships:
        if item.kind == "path":
            kept.setdefault(item.node, []).append(item.path)
    needed = ancestors(graph, [target]) - image.keys()
    for node in order:
        is_build = graph.nodes[node]["kind"] in (NodeKind.STAGE, NodeKind.IMAGE, NodeKind.NAMED_CONTEXT)
        if node in needed and is_build and "/" not in kept.get(node, ()):
            yield LeftBehind(target=target, node=node, kept=tuple(dict.fromkeys(kept.get(node, ()))))
