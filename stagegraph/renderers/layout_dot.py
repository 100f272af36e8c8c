"""The picture as Graphviz has to see it to lay it out: empty boxes of known size, edges, weights."""

from __future__ import annotations

from collections.abc import Mapping

import graphviz

from stagegraph.model import Role
from stagegraph.renderers.sizes import Size, box_size, frame_line, frame_mark, label_lines, label_size
from stagegraph.renderers.theme import SHIPS, arrow_looks
from stagegraph.renderers.view import Arrow, Group, Picture

PLAIN_ABOVE = 400  # boxes; above it lines are straight and few rounds are spent on the layout
PLAIN_ARROWS = 500  # arrows; above it, too: 840 between 220 boxes took ten seconds, and take one
POINTS = 72.0  # an inch


def layout_dot(drawn: Picture) -> str:
    """The picture as Graphviz has to see it: sizes, edges and their weights, no text.

    A label is a box of its own in the middle of its edge, so that the line leads through it and no
    other one does.
    """
    labelled = any(arrow.label for arrow in drawn.arrows)
    graph = graphviz.Digraph("build", graph_attr=_graph_attributes(drawn, labelled))
    graph.attr("node", shape="box", fixedsize="true", label="")
    names = {box.id: f"n{number}" for number, box in enumerate(drawn.boxes)}
    grouped = drawn.grouped()
    for number, group in enumerate(drawn.groups):
        with graph.subgraph(name=f"cluster{number}", graph_attr=_frame(group)) as frame:
            for box in grouped[group.id]:
                frame.node(names[box.id], **_size(box_size(box)))
    for box in grouped.get("", ()):
        graph.node(names[box.id], **_size(box_size(box)))
    for number, (arrow, look) in enumerate(zip(drawn.arrows, arrow_looks(drawn), strict=True)):
        weight = 1 if not arrow.needed else 4 if look in SHIPS else 2
        _edge(graph, number, arrow, names, weight=weight, labelled=labelled)
    _last(graph, drawn, names)
    return str(graph.source)


def _graph_attributes(drawn: Picture, labelled: bool) -> dict[str, str]:
    across = drawn.direction in ("LR", "RL")
    between = 44.0 if across else 24.0 if drawn.groups else 40.0
    attributes = {
        "rankdir": drawn.direction,
        "nodesep": _inches(18 if across else 26),
        "ranksep": _inches(between / 2 if labelled else between),
        "newrank": "true",
    }
    if len(drawn.boxes) > PLAIN_ABOVE or len(drawn.arrows) > PLAIN_ARROWS:
        attributes |= {"splines": "line", "nslimit": "1", "nslimit1": "1", "mclimit": "0.1"}
    return attributes


def _inches(pixels: float) -> str:
    return f"{pixels / POINTS:.4f}"


def _size(size: Size) -> dict[str, str]:
    return {"width": _inches(size.width), "height": _inches(size.height)}


def _frame(group: Group) -> dict[str, str]:
    width = frame_line(group).width + frame_mark(group) + 8
    size = f'FIXEDSIZE="TRUE" WIDTH="{width:.0f}" HEIGHT="16"'
    empty = f'<<TABLE BORDER="0" {size}><TR><TD></TD></TR></TABLE>>'
    return {"label": empty, "labeljust": "l", "margin": "12"}


def _edge(
    graph: graphviz.Digraph,
    number: int,
    arrow: Arrow,
    names: Mapping[str, str],
    *,
    weight: int,
    labelled: bool,
) -> None:
    source, target = names[arrow.source], names[arrow.target]
    lines = label_lines(arrow)
    if not lines:
        graph.edge(source, target, id=f"h{number}", weight=str(weight), minlen="2" if labelled else "1")
        return
    graph.node(f"l{number}", **_size(label_size(lines)))
    graph.edge(source, f"l{number}", id=f"t{number}", weight=str(weight), arrowhead="none")
    # the label stands near the reader: there fewer lines are close together
    graph.edge(f"l{number}", target, id=f"h{number}", weight=str(2 * weight))


def _last(graph: graphviz.Digraph, drawn: Picture, names: Mapping[str, str]) -> None:
    """The targets that nothing reads stand at the end of the picture, whatever else is long."""
    read = {arrow.source for arrow in drawn.arrows}
    ends = [box.id for box in drawn.boxes if box.role is Role.TARGET and box.id not in read]
    if ends and not drawn.groups:
        with graph.subgraph(graph_attr={"rank": "sink"}) as last:
            for end in ends:
                last.node(names[end])
