"""Two builds in one picture: what was added, removed and changed, and its neighbours."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from stagegraph.comparison.changes import REMOVED_PREFIX, Change, Comparison, EdgeChange, NodeChange
from stagegraph.model import Edge, EdgeKind, Report, Role
from stagegraph.picture.folding import Folded
from stagegraph.picture.picture import picture_of
from stagegraph.picture.short_names import cut
from stagegraph.picture.view import Arrow, Box, Picture, View
from stagegraph.source import printable

MAX_WHOLE = 30  # nodes; of a larger graph only the changes and their neighbours are drawn
_MOST_LABELLED = 90  # arrows; of more, none has a label
MOST_BOXES = 120  # targets and changed nodes first
_SIGNS = {Change.ADDED: "+", Change.REMOVED: "−", Change.CHANGED: "±", Change.RENAMED: "±"}


def change_picture(comparison: Comparison, view: View) -> Picture:
    """What to draw of a comparison; what both builds have is drawn as in the new one."""
    both = _both(comparison)
    kept = _around(both, comparison)
    drawn = picture_of(both, kept, view)
    labelled = view.labels and len(drawn.arrows) <= _MOST_LABELLED
    nodes = {change.id: change for change in comparison.nodes}
    edges = {_edge_key(change): change for change in comparison.edges}
    return replace(
        drawn,
        title=printable(view.title or f"{comparison.old.source} → {comparison.new.source}"),
        description=_description(comparison),
        boxes=tuple(_box(box, nodes.get(box.id)) for box in drawn.boxes),
        arrows=tuple(_arrow(arrow, edges.get(_edge_key(arrow)), labelled) for arrow in drawn.arrows),
    )


def _edge_key(edge: Edge | EdgeChange | Arrow) -> tuple[str, str, EdgeKind | None, bool]:
    """The key by which edges of two builds are the same edge."""
    return edge.source, edge.target, edge.kind, edge.selectable


def _both(comparison: Comparison) -> Report:
    """The new report, and in it the nodes and edges that only the old one has."""
    gone = [
        replace(node, id=f"{REMOVED_PREFIX}{node.id}")
        for node in comparison.old.nodes
        if node.id not in comparison.pairs
    ]
    present = {_edge_key(edge) for edge in comparison.new.edges}
    old = (_moved(edge, comparison) for edge in comparison.old.edges)
    edges = [edge for edge in old if _edge_key(edge) not in present]
    new = comparison.new
    return replace(new, nodes=(*new.nodes, *gone), edges=(*new.edges, *edges))


def _moved(edge: Edge, comparison: Comparison) -> Edge:
    source, target = (
        comparison.pairs.get(end, f"{REMOVED_PREFIX}{end}") for end in (edge.source, edge.target)
    )
    return replace(edge, source=source, target=target)


def _around(both: Report, comparison: Comparison) -> Folded:
    """All of a small graph; of a large one the changes, their neighbours and the targets."""
    drawn, edges, notes = {node.id for node in both.nodes}, both.edges, list[str]()
    if len(drawn) > MAX_WHOLE:
        edges = _touched(both, comparison)
        near = {change.id for change in comparison.nodes}.union(both.targets, *map(_ends, edges))
        notes += _left_out(drawn - near, "unchanged")
        drawn = near
    if len(drawn) > MOST_BOXES:
        order = [*both.targets, *(change.id for change in comparison.nodes), *sorted(drawn)]
        kept = set(list(dict.fromkeys(order))[:MOST_BOXES])
        notes += _left_out(drawn - kept, "more")
        drawn = kept
    return Folded(
        nodes=tuple(node for node in both.nodes if node.id in drawn),
        edges=tuple(edge for edge in edges if drawn.issuperset(_ends(edge))),
        notes=tuple(notes),
    )


def _touched(both: Report, comparison: Comparison) -> tuple[Edge, ...]:
    """The edges that differ, and those of nodes that do."""
    nodes = {change.id for change in comparison.nodes}
    edges = {_edge_key(change) for change in comparison.edges}
    return tuple(edge for edge in both.edges if _edge_key(edge) in edges or nodes.intersection(_ends(edge)))


def _ends(edge: Edge) -> tuple[str, str]:
    return edge.source, edge.target


def _left_out(nodes: set[str], word: str) -> Iterator[str]:
    if nodes:
        one = len(nodes) == 1
        yield f"{len(nodes)} {word} node{'' if one else 's'} {'is' if one else 'are'} left out"


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
    summary = "; ".join((str(change.change), *change.details))
    return replace(
        box,
        change=change.change,
        label=f"{_SIGNS[change.change]} {box.label}",
        sublabel=cut(_words(box, change), 48),
        tooltip=printable(f"{summary}; {box.tooltip}"),
    )


def _words(box: Box, change: NodeChange) -> str:
    """The second line of a box: how it changed."""
    parts = ["target"] if box.role is Role.TARGET else []
    if change.old and change.new and change.old != change.new:
        parts.append(f"was {change.old}")
    if change.change is Change.CHANGED:
        return " · ".join([*parts, *change.details])
    return " · ".join(parts if change.change is Change.RENAMED else [*parts, str(change.change)])


def _arrow(arrow: Arrow, change: EdgeChange | None, labelled: bool) -> Arrow:
    if change is None:
        return replace(arrow, change=Change.SAME, label="")
    sign = _SIGNS[change.change]
    lines = [f"− {text}" for text in change.removed] + [f"+ {text}" for text in change.added]
    return replace(
        arrow,
        change=change.change,
        label=f"{sign} {arrow.label}".rstrip() if labelled else "",
        tooltip=printable("; ".join(lines)),
        needed=True,  # no change is faded
    )
