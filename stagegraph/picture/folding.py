"""Leaves nodes of a large report out or groups them, so that the picture stays readable.

Unneeded stages become one bundle; sources that many stages read are listed inside those
(``listed_sources``); then nodes with the same role and the same neighbours (a bisimulation) are drawn as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from msgspec.structs import replace

from stagegraph.model import Edge, EdgeKind, Node, NodeKind, Reach, Report, Role
from stagegraph.picture.listed_sources import (
    ListedSource,
    listed_sources,
    listing_notes,
    sources_to_list,
    without,
)
from stagegraph.picture.shorten import pattern
from stagegraph.picture.view import View

FOLD_UNNEEDED = 80  # nodes; above it unneeded stages are drawn as one
FOLD_SIMILAR = 80  # nodes; above it similar nodes are drawn as one
_SMALLEST_BUNDLE = 6  # unneeded stages
_SMALLEST_GROUP = 3  # nodes
_ROUNDS = 30  # of refinement; a graph that needs more has hardly any similar nodes, and is not grouped
BUNDLE = "bundle:unneeded"
_Groups = dict[str, tuple[Node, ...]]


class Folded(NamedTuple):
    """What to draw; ``bases`` and ``inside`` are the sources listed inside stages, by stage id."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    bases: Mapping[str, str]  # the image that a stage is FROM
    counts: Mapping[str, int]  # how many nodes a bundle stands for
    notes: tuple[str, ...]
    inside: Mapping[str, tuple[ListedSource, ...]] = MappingProxyType({})  # what else a stage reads
    members: Mapping[str, tuple[str, ...]] = MappingProxyType({})  # ids that a node stands for


def folded(report: Report, view: View) -> Folded:
    """What to draw of ``report``: without what the view leaves out, and folded if it is large."""
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
        nodes, edges, counts = _bundled(nodes, edges)
        notes += [f"{count} unneeded stages are grouped into one" for count in counts.values()]
    return _listed_and_grouped(nodes, edges, counts, notes)


def _listed_and_grouped(
    nodes: tuple[Node, ...], edges: tuple[Edge, ...], counts: dict[str, int], notes: list[str]
) -> Folded:
    """Lists sources inside the stages that use them, and groups similar nodes."""
    gone = sources_to_list(nodes, edges)
    nodes, edges, moved = without(nodes, edges, gone)
    labels = {node.id: node.label for node in gone}
    bases = {
        edge.target: labels[edge.source]
        for edge in moved
        if edge.kind is EdgeKind.FROM and edge.target != BUNDLE
    }
    listed = listed_sources(gone, moved)
    members: Mapping[str, tuple[str, ...]] = {}
    if len(nodes) > FOLD_SIMILAR:
        nodes, edges, listed, members = group_similar(nodes, edges, bases, listed)
        if members:
            same = sum(map(len, members.values()))
            notes.append(f"{same} similar nodes are grouped into {len(members)}")
    return Folded(
        nodes=nodes,
        edges=edges,
        bases=bases,
        counts=counts | {name: len(ids) for name, ids in members.items()},
        notes=(*notes, *listing_notes(gone)),
        inside=listed,
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
    if len(gone) < _SMALLEST_BUNDLE:
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
    """One edge determines the rank of the bundle; all of them would cross the other edges."""
    return tuple(links[source] for source in sorted(links)[:1])


def group_similar(
    nodes: Sequence[Node],
    edges: Sequence[Edge],
    bases: Mapping[str, str],
    inside: Mapping[str, tuple[ListedSource, ...]],
) -> tuple[
    tuple[Node, ...], tuple[Edge, ...], dict[str, tuple[ListedSource, ...]], dict[str, tuple[str, ...]]
]:
    """Nodes, edges and listed sources with similar nodes grouped, and the ids in each group."""
    groups = _groups(nodes, edges, bases)
    first = {node.id: name for name, members in groups.items() for node in members}
    kept = tuple(
        _group_node(groups[node.id]) if node.id in groups else node
        for node in nodes
        if first.get(node.id, node.id) == node.id
    )
    moved = tuple(
        replace(edge, source=first.get(edge.source, edge.source), target=first.get(edge.target, edge.target))
        if edge.source in first or edge.target in first
        else edge
        for edge in edges
    )
    listed = {name: sources for name, sources in inside.items() if first.get(name, name) == name}
    for name, members in groups.items():
        if name in listed:
            listed[name] = _combined([inside.get(node.id, ()) for node in members])
    return kept, moved, listed, {name: tuple(node.id for node in group) for name, group in groups.items()}


def _groups(nodes: Sequence[Node], edges: Sequence[Edge], bases: Mapping[str, str]) -> _Groups:
    """Groups of nodes that differ only in their names, by the id of the first: the coarsest bisimulation.

    Partition refinement: the first classes are the roles; each is split by the classes that its nodes read
    and are read by, until none is split.
    """
    classes = _numbered(
        {node.id: (node.kind, node.role, node.reach, node.platform, bases.get(node.id, "")) for node in nodes}
    )
    for _ in range(_ROUNDS):
        neighbours: dict[str, set[object]] = {node.id: set() for node in nodes}
        for edge in (edge for edge in edges if edge.target != BUNDLE):
            how = (edge.kind, edge.needed, edge.selectable)
            neighbours[edge.target].add((how, "reads", classes[edge.source]))
            neighbours[edge.source].add((how, "is read by", classes[edge.target]))
        finer = _numbered({name: (classes[name], frozenset(own)) for name, own in neighbours.items()})
        if max(finer.values(), default=0) == max(classes.values(), default=0):
            return _large(nodes, classes)
        classes = finer
    return {}


def _numbered(keys: Mapping[str, object]) -> dict[str, int]:
    """For each name the number of its key; equal keys have equal numbers."""
    numbers: dict[object, int] = {}
    return {name: numbers.setdefault(key, len(numbers)) for name, key in keys.items()}


def _large(nodes: Sequence[Node], classes: Mapping[str, int]) -> _Groups:
    groups: dict[int, list[Node]] = {}
    for node in nodes:
        if node.role is not Role.TARGET:
            groups.setdefault(classes[node.id], []).append(node)
    return {group[0].id: tuple(group) for group in groups.values() if len(group) >= _SMALLEST_GROUP}


def _group_node(group: Sequence[Node]) -> Node:
    """One node for a group: its label is the common pattern of the names, its description lists them."""
    return replace(
        group[0],
        label=pattern([node.label for node in group]),
        description=", ".join(node.label for node in group),
        critical=any(node.critical for node in group),
        steps=0,
        line=None,
    )


def _combined(sources: Sequence[tuple[ListedSource, ...]]) -> tuple[ListedSource, ...]:
    rows = zip(*sources, strict=False)
    return tuple(
        ListedSource(line=pattern([each.line for each in row]), full="; ".join(each.full for each in row))
        for row in rows
    )
