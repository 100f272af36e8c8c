"""Lays a picture out: Graphviz places empty boxes of known size, and its JSON is read back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import graphviz
from msgspec import Struct

from stagegraph.errors import RenderError
from stagegraph.model import Role
from stagegraph.picture.direction import crossed_ranks
from stagegraph.picture.graphviz_engine import LayoutError, first_in_time, run_graphviz
from stagegraph.picture.sizes import Size, box_size, frame_line, frame_mark, label_lines, label_size
from stagegraph.picture.smaller import layout_candidates, without_hopeless
from stagegraph.picture.theme import SHIPS, arrow_styles
from stagegraph.picture.view import Arrow, Group, Picture

PLAIN_BOXES = 400  # above it lines are straight and few rounds are spent on the layout
PLAIN_CROSSED_RANKS = 1000  # above it, too: 1,500 took 0.9 s and 4,000 5 s, plainly at most 0.2 s
POINTS = 72.0  # an inch
Point = tuple[float, float]


class Rectangle(Struct, frozen=True, kw_only=True):
    """A rectangle by its centre and size, in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> float:
        """The x of its left side."""
        return self.x - self.width / 2

    @property
    def top(self) -> float:
        """The y of its upper side."""
        return self.y - self.height / 2


class Route(Struct, frozen=True, kw_only=True):
    """The line of an arrow: Bézier curves (a point, then three for each piece) and the tip of its head."""

    curves: tuple[tuple[Point, ...], ...]
    tip: Point | None
    label: Rectangle | None


class Layout(Struct, frozen=True, kw_only=True):
    """Where the boxes, arrows and frames of a picture are, in its order; in pixels, y runs downwards."""

    width: float
    height: float
    boxes: tuple[Rectangle, ...]
    routes: tuple[Route, ...]
    frames: tuple[Rectangle, ...]


def lay_out(
    pictures: Iterable[Picture], engine: str, fits: Callable[[Picture, Layout], bool] | None = None
) -> tuple[Picture, Layout]:
    """The first of ``pictures`` that Graphviz lays out in time and that ``fits``, and its layout.

    When none of them is, a smaller one with a note of what is left out; when none fits, the smallest. One
    that is estimated to be much too large is not laid out. Raises RenderError when Graphviz is missing or
    fails for the smallest.
    """
    smallest: tuple[Picture, Layout] | None = None

    def draw(drawn: Picture, seconds: float) -> Layout:
        nonlocal smallest
        layout = _layout_of(drawn, engine, seconds)
        smallest = drawn, layout
        if fits and not fits(drawn, layout):
            raise LayoutError("the picture is too large to be read", hint="use --prune to draw less")
        return layout

    candidates = layout_candidates(pictures)
    try:
        return first_in_time(without_hopeless(candidates) if fits else candidates, draw)
    except LayoutError:
        if smallest is None:
            raise
        return smallest


def _layout_of(drawn: Picture, engine: str, seconds: float) -> Layout:
    output = run_graphviz(layout_dot(drawn), "json0", engine, seconds)
    try:
        return _JsonReader(json.loads(output)).layout(drawn)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise RenderError(
            f"cannot read the layout that Graphviz wrote: {error}", hint="try another --engine"
        ) from None


def layout_dot(drawn: Picture) -> str:
    """The DOT text that Graphviz lays out: sizes, edges and their weights, no text.

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
    for number, (arrow, style) in enumerate(zip(drawn.arrows, arrow_styles(drawn), strict=True)):
        weight = 1 if not arrow.needed else 30 if style == "inherited" else 4 if style in SHIPS else 2
        _edge(graph, number, arrow, names, weight=weight, labelled=labelled)
    _last_rank(graph, drawn, names)
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
    if len(drawn.boxes) > PLAIN_BOXES or crossed_ranks(drawn) > PLAIN_CROSSED_RANKS:
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
    # twice as heavy: near its reader a label has fewer other lines around it
    graph.edge(f"l{number}", target, id=f"h{number}", weight=str(2 * weight))


def _last_rank(graph: graphviz.Digraph, drawn: Picture, names: Mapping[str, str]) -> None:
    """Put the targets that nothing reads in the last rank, however long other chains are."""
    read = {arrow.source for arrow in drawn.arrows}
    ends = [box.id for box in drawn.boxes if box.role is Role.TARGET and box.id not in read]
    if ends and not drawn.groups:
        with graph.subgraph(graph_attr={"rank": "sink"}) as last:
            for end in ends:
                last.node(names[end])


class _JsonReader:
    """Reads the JSON that Graphviz writes; its y runs upwards, and its node sizes are in inches."""

    def __init__(self, graph: Mapping[str, Any]) -> None:
        _, _, self._width, self._height = _numbers(graph["bb"])
        self._objects = {each["name"]: each for each in graph.get("objects", ())}
        self._edges = {each["id"]: each for each in graph.get("edges", ())}

    def layout(self, drawn: Picture) -> Layout:
        """The layout of everything in ``drawn``."""
        return Layout(
            width=self._width,
            height=self._height,
            boxes=tuple(self._box(f"n{number}") for number in range(len(drawn.boxes))),
            routes=tuple(self._route(number, arrow) for number, arrow in enumerate(drawn.arrows)),
            frames=tuple(self._frame(f"cluster{number}") for number in range(len(drawn.groups))),
        )

    def _box(self, name: str) -> Rectangle:
        node = self._objects[name]
        x, y = self._point(node["pos"])
        return Rectangle(x=x, y=y, width=float(node["width"]) * POINTS, height=float(node["height"]) * POINTS)

    def _frame(self, name: str) -> Rectangle:
        left, bottom, right, top = _numbers(self._objects[name]["bb"])
        middle = self._height - (bottom + top) / 2
        return Rectangle(x=(left + right) / 2, y=middle, width=right - left, height=top - bottom)

    def _route(self, number: int, arrow: Arrow) -> Route:
        head = self._edges[f"h{number}"]
        tip = None
        curves = []
        for part in (self._edges.get(f"t{number}"), head):
            for text in part["pos"].split(";") if part else ():
                end, points = self._curve(text)
                curves.append(points)
                tip = end if part is head else tip
        label = self._box(f"l{number}") if arrow.label else None
        return Route(curves=tuple(curves), tip=tip, label=label)

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
