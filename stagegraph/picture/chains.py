"""Stages that only pass on: chains, and stages that only one other stage needs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from stagegraph.model import Edge, EdgeKind, Node, NodeKind
from stagegraph.picture.legibility import FEWEST_IN_ROW


def chains(nodes: Sequence[Node], edges: Sequence[Edge], alone: Collection[str]) -> list[tuple[Node, ...]]:
    """The longest rows of stages, each the only reader, by FROM, of the one before, which reads nothing more.

    All stages of a row have one role and are all on the critical path or all not on it, and none of them is
    in ``alone``. Between its ends a row has no other neighbours, so it can be drawn as one box without
    a circle.
    """
    by_id = {node.id: node for node in nodes}
    reads, readers = _neighbours(nodes, edges)
    follows = {
        edge.target: edge.source
        for edge in edges
        if edge.kind is EdgeKind.FROM
        and reads[edge.target] == {edge.source}
        and readers[edge.source] == {edge.target}
        and _same(by_id[edge.source], by_id[edge.target])
        and by_id[edge.source].critical is by_id[edge.target].critical
        and not {edge.source, edge.target}.intersection(alone)
    }
    rows = (tuple(by_id[name] for name in row) for row in _rows(follows))
    return [row for row in rows if len(row) >= FEWEST_IN_ROW]


def _rows(follows: Mapping[str, str]) -> Iterator[list[str]]:
    """The chains in ``follows``, which has for each node the one before it."""
    before = set(follows.values())
    for last in follows:
        if last not in before:
            row = [last]
            while row[-1] in follows:
                row.append(follows[row[-1]])
            yield row[::-1]


def tributaries(
    nodes: Sequence[Node], edges: Sequence[Edge], alone: Collection[str]
) -> list[tuple[Node, ...]]:
    """Stages of one role with all that only they need: the stage itself comes first.

    A stage with one reader can be drawn in the box of that reader without a circle.
    """
    by_id = {node.id: node for node in nodes}
    _, readers = _neighbours(nodes, edges)
    into = {
        name: reader
        for name, own in readers.items()
        for reader in own
        if len(own) == 1 and _same(by_id[name], by_id[reader]) and not {name, reader}.intersection(alone)
    }
    groups: dict[str, list[Node]] = {}
    for name in into:
        end = name
        while end in into:
            end = into[end]
        groups.setdefault(end, [by_id[end]]).append(by_id[name])
    return [tuple(group) for group in groups.values()]


def _same(one: Node, other: Node) -> bool:
    """Whether two nodes are stages that may be drawn as one."""
    stages = one.kind is other.kind is NodeKind.STAGE
    return stages and one.role is other.role and one.reach is other.reach


def _neighbours(
    nodes: Sequence[Node], edges: Sequence[Edge]
) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """For each node the ids of what it reads, and of its readers."""
    reads: dict[str, set[str]] = {node.id: set() for node in nodes}
    readers: dict[str, set[str]] = {node.id: set() for node in nodes}
    for edge in edges:
        reads[edge.target].add(edge.source)
        readers[edge.source].add(edge.target)
    return reads, readers
