"""The role of every node in the image of the targets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from stagegraph.analysis.tracing import Tracer, traced
from stagegraph.model import Edge, EdgeKind, Role

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
