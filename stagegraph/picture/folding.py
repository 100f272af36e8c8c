"""Draws several nodes of a large report as one, or leaves them out, so that the picture stays readable.

Unneeded stages become one bundle; sources that many stages read are written in those (``sources_inside``);
then nodes with the same role and the same neighbours (a bisimulation) are drawn as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from msgspec.structs import replace

from stagegraph.model import Edge, EdgeKind, Node, NodeKind, Reach, Report, Role
from stagegraph.picture.shorten import pattern
from stagegraph.picture.sources_inside import Inside, inside, inside_notes, without, written_inside
from stagegraph.picture.view import View

FOLD_UNNEEDED = 80  # nodes; above it unneeded stages are drawn as one
FOLD_ALIKE = 80  # nodes; above it nodes that read and are read alike are drawn as one
_FEWEST_UNNEEDED = 6  # stages that are worth a bundle
_FEWEST_ALIKE = 3  # nodes that are worth being drawn as one
_ROUNDS = 30  # a graph that is deeper than this is not regular, and stays as it is
_Groups = dict[str, tuple[Node, ...]]
BUNDLE = "bundle:unneeded"


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
            notes.append(f"{left_out} node{'s' if left_out > 1 else ''} not needed left out")
    if view.steps:
        return Folded(nodes=nodes, edges=edges, bases={}, counts={}, notes=tuple(notes))
    counts: dict[str, int] = {}
    if len(nodes) > FOLD_UNNEEDED:
        nodes, edges, counts = _bundled(nodes, edges)
        notes += [f"{count} unneeded stages are drawn as one" for count in counts.values()]
    return _smaller(nodes, edges, counts, notes)


def _smaller(
    nodes: tuple[Node, ...], edges: tuple[Edge, ...], counts: dict[str, int], notes: list[str]
) -> Folded:
    """Sources written in the stages that read them, and what is alike drawn as one."""
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
        before = len(nodes)
        nodes, edges, written, members = alike(nodes, edges, bases, written)
        if members:
            same = sum(map(len, members.values()))
            notes.append(f"{same} nodes of {before} are drawn as {len(members)}, since they are alike")
    return Folded(
        nodes=nodes,
        edges=edges,
        bases=bases,
        counts=counts | {name: len(ids) for name, ids in members.items()},
        notes=(*notes, *inside_notes(gone)),
        inside=written,
        members=members,
    )


def between(nodes: Sequence[Node], edges: Sequence[Edge]) -> tuple[Edge, ...]:
    """The edges that have both ends among ``nodes``."""
    drawn = {node.id for node in nodes}
    return tuple(edge for edge in edges if edge.source in drawn and edge.target in drawn)


def _bundled(
    nodes: tuple[Node, ...], edges: tuple[Edge, ...]
) -> tuple[tuple[Node, ...], tuple[Edge, ...], dict[str, int]]:
    """The unneeded stages as one node, and the sources that only they read left out."""
    unneeded = [n for n in nodes if n.kind is NodeKind.STAGE and n.role is Role.UNNEEDED]
    gone = {n.id for n in unneeded if n.reach is not Reach.SELECTABLE}
    if len(gone) < _FEWEST_UNNEEDED:
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
    return {group[0].id: tuple(group) for group in groups.values() if len(group) >= _FEWEST_ALIKE}


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
