"""Where everything of a picture goes: a Graphviz lays out empty boxes of known size."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import graphviz
from msgspec import Struct

from stagegraph.errors import RenderError
from stagegraph.model import Role
from stagegraph.picture.graphviz_engine import laid_out
from stagegraph.picture.sizes import Size, box_size, frame_line, frame_mark, label_lines, label_size
from stagegraph.picture.theme import SHIPS, arrow_looks
from stagegraph.picture.view import Arrow, Group, Picture

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


Point = tuple[float, float]
_Named = Mapping[str, Mapping[str, Any]]


class Spot(Struct, frozen=True, kw_only=True):
    """A rectangle: its centre and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> float:
        """Its left side."""
        return self.x - self.width / 2

    @property
    def top(self) -> float:
        """Its upper side."""
        return self.y - self.height / 2


class Way(Struct, frozen=True, kw_only=True):
    """The way of an arrow: Bézier curves (a point, then three for each piece) and the tip of its head."""

    curves: tuple[tuple[Point, ...], ...]
    tip: Point | None
    label: Spot | None


class Placed(Struct, frozen=True, kw_only=True):
    """The places of the boxes, arrows and frames of a picture, in its order; y runs downwards."""

    width: float
    height: float
    boxes: tuple[Spot, ...]
    ways: tuple[Way, ...]
    frames: tuple[Spot, ...]


def placed(drawn: Picture, engine: str) -> Placed:
    """Lay ``drawn`` out with a Graphviz; RenderError when that fails."""
    output = laid_out(layout_dot(drawn), "json0", engine)
    try:
        return _Reader(json.loads(output)).placed(drawn)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise RenderError(
            f"Graphviz gives a layout that cannot be read: {error}", hint="try another --engine"
        ) from None


class _Reader:
    """Reads the JSON that Graphviz writes; its y runs upwards."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        _, _, self._width, self._height = _numbers(found["bb"])
        self._objects: _Named = {each["name"]: each for each in found.get("objects", ())}
        self._edges: _Named = {each["id"]: each for each in found.get("edges", ())}

    def placed(self, drawn: Picture) -> Placed:
        """All places of ``drawn``."""
        return Placed(
            width=self._width,
            height=self._height,
            boxes=tuple(self._spot(f"n{number}") for number in range(len(drawn.boxes))),
            ways=tuple(self._way(number, arrow) for number, arrow in enumerate(drawn.arrows)),
            frames=tuple(self._frame(f"cluster{number}") for number in range(len(drawn.groups))),
        )

    def _spot(self, name: str) -> Spot:
        node = self._objects[name]
        x, y = self._point(node["pos"])
        return Spot(x=x, y=y, width=float(node["width"]) * POINTS, height=float(node["height"]) * POINTS)

    def _frame(self, name: str) -> Spot:
        left, bottom, right, top = _numbers(self._objects[name]["bb"])
        middle = self._height - (bottom + top) / 2
        return Spot(x=(left + right) / 2, y=middle, width=right - left, height=top - bottom)

    def _way(self, number: int, arrow: Arrow) -> Way:
        head = self._edges[f"h{number}"]
        tip = None
        curves = []
        for part in (self._edges.get(f"t{number}"), head):
            for text in part["pos"].split(";") if part else ():
                end, points = self._curve(text)
                curves.append(points)
                tip = end if part is head else tip
        label = self._spot(f"l{number}") if arrow.label else None
        return Way(curves=tuple(curves), tip=tip, label=label)

    def _curve(self, text: str) -> tuple[Point | None, tuple[Point, ...]]:
        end, points = None, []
        for word in text.split():
            if word.startswith("e,"):
                end = self._point(word[2:])
            elif not word.startswith("s,"):
                points.append(self._point(word))
        return end, tuple(points)

    def _point(self, text: str) -> Point:
        x, y = _numbers(text)
        return x, self._height - y


def _numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]
