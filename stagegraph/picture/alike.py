"""Siblings that are drawn as one: nodes with the same role and the same neighbours (a bisimulation)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from stagegraph.model import BUILT, Edge, Node
from stagegraph.picture.legibility import FEWEST_ALIKE

# Of refinement; a graph that needs more has hardly any similar nodes, and is not grouped.
_ROUNDS, _MOST_EDGES = 30, 100_000  # edges looked at in all rounds together: 0.3 seconds


def alike(
    nodes: Sequence[Node], edges: Sequence[Edge], texts: Mapping[str, object], alone: Collection[str]
) -> list[tuple[Node, ...]]:
    """Groups of nodes that differ only in their names: the coarsest bisimulation.

    Partition refinement: the first classes are the roles and ``texts``, what a box says beside its name, by
    Node.id; each class is split by the classes that its nodes read and are read by, until none is split.
    The nodes in ``alone`` are in no group.
    """
    classes = _numbered({node.id: (_looks(node), texts.get(node.id)) for node in nodes})
    for _ in range(min(_ROUNDS, _MOST_EDGES // max(len(edges), 1))):
        neighbours: dict[str, set[object]] = {node.id: set() for node in nodes}
        for edge in edges:
            how = (edge.kind, edge.needed, edge.selectable)
            neighbours[edge.target].add((how, "reads", classes[edge.source]))
            neighbours[edge.source].add((how, "is read by", classes[edge.target]))
        finer = _numbered({name: (classes[name], frozenset(own)) for name, own in neighbours.items()})
        if max(finer.values(), default=0) == max(classes.values(), default=0):
            return _many(nodes, classes, alone)
        classes = finer
    return []


def with_same_readers(
    nodes: Sequence[Node], edges: Sequence[Edge], alone: Collection[str]
) -> list[tuple[Node, ...]]:
    """Groups of stages with one role that the same nodes read, whatever they read themselves."""
    readers: dict[str, set[str]] = {node.id: set() for node in nodes}
    for edge in edges:
        readers[edge.source].add(edge.target)
    stages = [node for node in nodes if node.kind in BUILT]
    keys = {node.id: (node.role, node.reach, frozenset(readers[node.id])) for node in stages}
    return _many(stages, _numbered(keys), alone)


def _looks(node: Node) -> tuple[object, ...]:
    return node.kind, node.role, node.reach, node.platform, node.base == "scratch"


def _numbered(keys: Mapping[str, object]) -> dict[str, int]:
    """For each name the number of its key; equal keys have equal numbers."""
    numbers: dict[object, int] = {}
    return {name: numbers.setdefault(key, len(numbers)) for name, key in keys.items()}


def _many(
    nodes: Sequence[Node], classes: Mapping[str, int], alone: Collection[str]
) -> list[tuple[Node, ...]]:
    """The classes of enough nodes."""
    groups: dict[int, list[Node]] = {}
    for node in nodes:
        if node.id not in alone:
            groups.setdefault(classes[node.id], []).append(node)
    return [tuple(group) for group in groups.values() if len(group) >= FEWEST_ALIKE]
