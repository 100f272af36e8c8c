"""Two builds in one picture: what was added, removed and changed, and what is around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stagegraph.comparison.changes import REMOVED_PREFIX, Change, Comparison, EdgeChange, NodeChange
from stagegraph.model import Edge, Node, Report, Role
from stagegraph.printable import printable
from stagegraph.renderers.folding import Folded
from stagegraph.renderers.picture import picture_of
from stagegraph.renderers.shorten import cut
from stagegraph.renderers.view import Arrow, Box, Picture, View

WHOLE_BELOW = 30  # nodes; of a larger graph only what is around the changes is drawn
_SIGNS = {Change.ADDED: "+", Change.REMOVED: "−", Change.CHANGED: "±", Change.RENAMED: "±"}


def change_picture(comparison: Comparison, view: View) -> Picture:
    """Decide what to draw of a comparison; what both builds have is drawn as the new one has it."""
    both = _both(comparison)
    kept = _around(both, comparison)
    drawn = picture_of(both, kept, view)
    nodes = {change.id: change for change in comparison.nodes}
    edges = {
        (change.source, change.target, change.kind, change.selectable): change for change in comparison.edges
    }
    return replace(
        drawn,
        title=printable(view.title or f"{comparison.old.source} → {comparison.new.source}"),
        description=_description(comparison),
        boxes=tuple(_box(box, nodes.get(box.id)) for box in drawn.boxes),
        arrows=tuple(
            _arrow(arrow, edges.get((arrow.source, arrow.target, arrow.kind, arrow.selectable)), view)  # type: ignore[arg-type]
            for arrow in drawn.arrows
        ),
    )


def _both(comparison: Comparison) -> Report:
    """The new report, and in it the nodes and edges that only the old one has."""
    gone = [
        replace(node, id=f"{REMOVED_PREFIX}{node.id}")
        for node in comparison.old.nodes
        if node.id not in comparison.pairs
    ]
    present = {(edge.source, edge.target, edge.kind, edge.selectable) for edge in comparison.new.edges}
    old = (_moved(edge, comparison) for edge in comparison.old.edges)
    edges = [edge for edge in old if (edge.source, edge.target, edge.kind, edge.selectable) not in present]
    new = comparison.new
    return replace(new, nodes=(*new.nodes, *gone), edges=(*new.edges, *edges))


def _moved(edge: Edge, comparison: Comparison) -> Edge:
    source, target = (
        comparison.pairs.get(end, f"{REMOVED_PREFIX}{end}") for end in (edge.source, edge.target)
    )
    return replace(edge, source=source, target=target)


def _around(both: Report, comparison: Comparison) -> Folded:
    """All of a small graph; of a large one what changed, its neighbours and the targets."""
    nodes: Sequence[Node] = both.nodes
    notes: tuple[str, ...] = ()
    if len(nodes) > WHOLE_BELOW:
        changed = {change.id for change in comparison.nodes}
        for change in comparison.edges:
            changed |= {change.source, change.target}
        near = changed | set(both.targets)
        for edge in both.edges:
            if edge.source in changed or edge.target in changed:
                near |= {edge.source, edge.target}
        nodes = [node for node in both.nodes if node.id in near]
        left = len(both.nodes) - len(nodes)
        notes = (f"{left} unchanged nodes are left out",) if left else ()
    kept = {node.id for node in nodes}
    edges = tuple(edge for edge in both.edges if edge.source in kept and edge.target in kept)
    return Folded(nodes=tuple(nodes), edges=edges, bases={}, counts={}, notes=notes)


def _description(comparison: Comparison) -> str:
    if comparison.same:
        return "The two build graphs are the same."
    counts: dict[str, int] = {}
    for change in comparison.nodes:
        counts[change.change] = counts.get(change.change, 0) + 1
    words = [f"{count} {change}" for change, count in sorted(counts.items())]
    edges = len(comparison.edges)
    return (
        f"Two build graphs in one. Stages and sources: {', '.join(words) or 'the same'}."
        f" Edges that differ: {edges}."
    )


def _box(box: Box, change: NodeChange | None) -> Box:
    if change is None:
        return replace(box, change=Change.SAME)
    told = "; ".join((str(change.change), *change.details))
    return replace(
        box,
        change=change.change,
        label=f"{_SIGNS[change.change]} {box.label}",
        sublabel=cut(_words(box, change), 48),
        tooltip=printable(f"{told}; {box.tooltip}"),
    )


def _words(box: Box, change: NodeChange) -> str:
    """The second line of a box: what became of it."""
    parts = ["target"] if box.role is Role.TARGET else []
    if change.old and change.new and change.old != change.new:
        parts.append(f"was {change.old}")
    if change.change is Change.CHANGED:
        return " · ".join([*parts, *change.details])
    return " · ".join(parts if change.change is Change.RENAMED else [*parts, str(change.change)])


def _arrow(arrow: Arrow, change: EdgeChange | None, view: View) -> Arrow:
    if change is None:
        return replace(arrow, change=Change.SAME, label="")
    sign = _SIGNS[change.change]
    told = [f"− {text}" for text in change.removed] + [f"+ {text}" for text in change.added]
    return replace(
        arrow,
        change=change.change,
        label=f"{sign} {arrow.label}" if arrow.label and view.labels else sign,
        tooltip=printable("; ".join(told)),
        needed=True,  # no change is faded
    )
