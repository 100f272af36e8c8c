"""What of a large report is drawn as one, or not at all, so that the picture stays readable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stagegraph.model import Edge, EdgeKind, Node, NodeKind, Reach, Report, Role
from stagegraph.renderers.view import View

FOLD_BASES = 24  # nodes; above it an image that is only one stage's base is written in that stage
FOLD_UNNEEDED = 80  # nodes; above it unneeded stages are drawn as one
_FEWEST = 6  # unneeded stages that are worth a bundle
BUNDLE = "bundle:unneeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """What is left to draw; ``bases`` are images now written in their stage, by its id."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    bases: Mapping[str, str]
    counts: Mapping[str, int]  # how many nodes a bundle stands for
    notes: tuple[str, ...]


def folded(report: Report, view: View) -> Folded:
    """``report`` less what the view leaves out and what its size makes fold."""
    nodes, edges, notes = report.nodes, report.edges, []
    if view.prune:
        nodes = tuple(node for node in nodes if node.needed)
        left_out = len(report.nodes) - len(nodes)
        edges = _between(nodes, edges)
        if left_out:
            notes.append(f"{left_out} node{'s' if left_out > 1 else ''} not needed left out")
    counts: dict[str, int] = {}
    if len(nodes) > FOLD_UNNEEDED and not view.steps:
        nodes, edges, counts = _bundled(nodes, edges)
        notes += [f"{count} unneeded stages are drawn as one" for count in counts.values()]
    bases: dict[str, str] = {}
    if len(nodes) > FOLD_BASES and not view.steps:
        nodes, edges, bases = _with_bases_inside(nodes, edges)
        if bases:
            notes.append(f"{len(bases)} base images are written in their stages")
    return Folded(nodes=nodes, edges=edges, bases=bases, counts=counts, notes=tuple(notes))


def _between(nodes: Sequence[Node], edges: Sequence[Edge]) -> tuple[Edge, ...]:
    drawn = {node.id for node in nodes}
    return tuple(edge for edge in edges if edge.source in drawn and edge.target in drawn)


def _bundled(
    nodes: tuple[Node, ...], edges: tuple[Edge, ...]
) -> tuple[tuple[Node, ...], tuple[Edge, ...], dict[str, int]]:
    """The unneeded stages as one node, and the sources that only they read left out."""
    unneeded = [n for n in nodes if n.kind is NodeKind.STAGE and n.role is Role.UNNEEDED]
    gone = {n.id for n in unneeded if n.reach is not Reach.SELECTABLE}
    if len(gone) < _FEWEST:
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
    return result, _between(result, (*joined, *_few(links))), {BUNDLE: len(gone)}


def _few(links: Mapping[str, Edge]) -> tuple[Edge, ...]:
    """One edge into the bundle is enough to place it; all of them would hide the rest."""
    return tuple(links[source] for source in sorted(links)[:1])


def _with_bases_inside(
    nodes: tuple[Node, ...], edges: tuple[Edge, ...]
) -> tuple[tuple[Node, ...], tuple[Edge, ...], dict[str, str]]:
    uses = Counter(edge.source for edge in edges)
    images = {node.id: node for node in nodes if node.kind is NodeKind.IMAGE and uses[node.id] == 1}
    inside = [e for e in edges if e.source in images and e.kind is EdgeKind.FROM and not e.selectable]
    bases = {edge.target: images[edge.source].label for edge in inside}
    gone = {edge.source for edge in inside}
    left = tuple(node for node in nodes if node.id not in gone)
    return left, _between(left, edges), bases
