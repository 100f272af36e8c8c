"""What of a large report is drawn as one, or not at all, so that the picture stays readable."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from stagegraph.model import Edge, EdgeKind, Node, Report
from stagegraph.picture.alike import alike
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
from stagegraph.picture.view import View

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
            notes.append(f"{left_out} node{'s' if left_out > 1 else ''} not needed left out")
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
