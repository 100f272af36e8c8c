"""Draws several nodes of a large report as one, or leaves them out, so that the picture stays readable.

Nodes with the same role and the same neighbours (a bisimulation) are drawn as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from msgspec.structs import replace

from stagegraph.model import Edge, EdgeKind, Node, Report, Role
from stagegraph.picture.left_out import (
    BUNDLE,
    Inside,
    between,
    bundled,
    inside,
    inside_notes,
    without,
    written_inside,
)
from stagegraph.picture.shorten import pattern
from stagegraph.picture.view import View

_FEWEST = 3  # nodes that are worth being drawn as one
_ROUNDS = 30  # a graph that is deeper than this is not regular, and stays as it is
_Groups = dict[str, tuple[Node, ...]]


def alike(
    nodes: Sequence[Node],
    edges: Sequence[Edge],
    bases: Mapping[str, str],
    inside: Mapping[str, tuple[Inside, ...]],
) -> tuple[tuple[Node, ...], tuple[Edge, ...], dict[str, tuple[Inside, ...]], dict[str, tuple[str, ...]]]:
    """Nodes, edges and written sources with the like as one, and the ids that each of these stands for."""
    groups = _groups(nodes, edges, bases)
    first = {node.id: name for name, members in groups.items() for node in members}
    kept = tuple(
        _together(groups[node.id]) if node.id in groups else node
        for node in nodes
        if first.get(node.id, node.id) == node.id
    )
    moved = tuple(
        replace(edge, source=first.get(edge.source, edge.source), target=first.get(edge.target, edge.target))
        if edge.source in first or edge.target in first
        else edge
        for edge in edges
    )
    written = {name: lines for name, lines in inside.items() if first.get(name, name) == name}
    for name, members in groups.items():
        if name in written:
            written[name] = _written_together([inside.get(node.id, ()) for node in members])
    return kept, moved, written, {name: tuple(node.id for node in group) for name, group in groups.items()}


def _groups(nodes: Sequence[Node], edges: Sequence[Edge], bases: Mapping[str, str]) -> _Groups:
    """The nodes that nothing tells apart but their names, by the id of the first.

    Nodes begin as one class for each role and are told apart by the classes that they read and that read
    them, until that tells nothing more (a bisimulation): edges between classes are then edges between all.
    """
    classes = _numbered(
        {node.id: (node.kind, node.role, node.reach, node.platform, bases.get(node.id, "")) for node in nodes}
    )
    for _ in range(_ROUNDS):
        seen: dict[str, set[object]] = {node.id: set() for node in nodes}
        for edge in (edge for edge in edges if edge.target != BUNDLE):
            how = (edge.kind, edge.needed, edge.selectable)
            seen[edge.target].add((how, "reads", classes[edge.source]))
            seen[edge.source].add((how, "is read by", classes[edge.target]))
        finer = _numbered({name: (classes[name], frozenset(own)) for name, own in seen.items()})
        if max(finer.values(), default=0) == max(classes.values(), default=0):
            return _large(nodes, classes)
        classes = finer
    return {}


def _numbered(keys: Mapping[str, object]) -> dict[str, int]:
    """A number for each different key, by the names that have it."""
    numbers: dict[object, int] = {}
    return {name: numbers.setdefault(key, len(numbers)) for name, key in keys.items()}


def _large(nodes: Sequence[Node], classes: Mapping[str, int]) -> _Groups:
    groups: dict[int, list[Node]] = {}
    for node in nodes:
        if node.role is not Role.TARGET:
            groups.setdefault(classes[node.id], []).append(node)
    return {group[0].id: tuple(group) for group in groups.values() if len(group) >= _FEWEST}


def _together(group: Sequence[Node]) -> Node:
    """One node for a group: what their names have in common, all of them in its tooltip."""
    return replace(
        group[0],
        label=pattern([node.label for node in group]),
        description=", ".join(node.label for node in group),
        critical=any(node.critical for node in group),
        steps=0,
        line=None,
    )


def _written_together(written: Sequence[tuple[Inside, ...]]) -> tuple[Inside, ...]:
    rows = zip(*written, strict=False)
    return tuple(
        Inside(line=pattern([each.line for each in row]), whole="; ".join(each.whole for each in row))
        for row in rows
    )


FOLD_UNNEEDED = 80  # nodes; above it unneeded stages are drawn as one
FOLD_ALIKE = 80  # nodes; above it nodes that read and are read alike are drawn as one


class Folded(NamedTuple):
    """What is left to draw; ``bases`` and ``inside`` are sources now written in stages, by their ids."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    bases: Mapping[str, str]  # the image that a stage is FROM
    counts: Mapping[str, int]  # how many nodes a bundle stands for
    notes: tuple[str, ...]
    inside: Mapping[str, tuple[Inside, ...]] = MappingProxyType({})  # what else it reads
    members: Mapping[str, tuple[str, ...]] = MappingProxyType({})  # ids that a node stands for


def folded(report: Report, view: View) -> Folded:
    """``report`` less what the view leaves out and what its size makes fold."""
    nodes, edges, notes = report.nodes, report.edges, []
    if view.prune:
        nodes = tuple(node for node in nodes if node.needed)
        left_out = len(report.nodes) - len(nodes)
        edges = between(nodes, edges)
        if left_out:
            nodes_are, are = ("nodes that are", "are") if left_out > 1 else ("node that is", "is")
            notes.append(f"{left_out} {nodes_are} not needed {are} left out")
    if view.steps:
        return Folded(nodes=nodes, edges=edges, bases={}, counts={}, notes=tuple(notes))
    counts: dict[str, int] = {}
    if len(nodes) > FOLD_UNNEEDED:
        nodes, edges, counts = bundled(nodes, edges)
        notes += [f"{count} unneeded stages are drawn as one" for count in counts.values()]
    return _smaller(nodes, edges, counts, notes)


def _smaller(
    nodes: tuple[Node, ...], edges: tuple[Edge, ...], counts: dict[str, int], notes: list[str]
) -> Folded:
    """The sources that many stages use listed inside those, and similar nodes grouped into one."""
    gone = written_inside(nodes, edges)
    nodes, edges, moved = without(nodes, edges, gone)
    labels = {node.id: node.label for node in gone}
    bases = {
        edge.target: labels[edge.source]
        for edge in moved
        if edge.kind is EdgeKind.FROM and edge.target != BUNDLE
    }
    written = inside(gone, moved)
    members: Mapping[str, tuple[str, ...]] = {}
    if len(nodes) > FOLD_ALIKE:
        nodes, edges, written, members = alike(nodes, edges, bases, written)
        if members:
            same = sum(map(len, members.values()))
            notes.append(f"{same} similar nodes are grouped into {len(members)}")
    return Folded(
        nodes=nodes,
        edges=edges,
        bases=bases,
        counts=counts | {name: len(ids) for name, ids in members.items()},
        notes=(*notes, *inside_notes(gone)),
        inside=written,
        members=members,
    )
