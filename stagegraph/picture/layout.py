"""Lays a picture out: Graphviz places empty boxes of known size, and its JSON is read back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import graphviz
from msgspec.structs import replace

from stagegraph.errors import RenderError
from stagegraph.model import Role
from stagegraph.picture.arrangement import Before
from stagegraph.picture.direction import crossed_ranks
from stagegraph.picture.graphviz_engine import LayoutError, first_in_time, run_graphviz
from stagegraph.picture.layout_result import Layout, Point, Rectangle, Route
from stagegraph.picture.reordering import arranged
from stagegraph.picture.sizes import Size, band_size, box_sizes, label_lines, label_size
from stagegraph.picture.smaller import layout_candidates, without_hopeless
from stagegraph.picture.theme import SHIPS, arrow_styles
from stagegraph.picture.view import Arrow, Box, Group, Picture

PLAIN_BOXES = 400  # above it lines are straight and few rounds are spent on the layout
PLAIN_CROSSED_RANKS = 1000  # above it, too: 1,500 took 0.9 s and 4,000 5 s, plainly at most 0.2 s
POINTS = 72.0  # an inch
_SECOND_LAYOUT = 2.0  # seconds for another order of the boxes
Fits = Callable[[Picture, Layout], bool]


def lay_out(pictures: Iterable[Picture], engine: str, fits: Fits | None = None) -> tuple[Picture, Layout]:
    """The first of ``pictures`` that Graphviz lays out in time and that ``fits``, and its layout.

    When none of them is, a smaller one with a note of what is left out; when none fits, the smallest. One
    that is estimated to be much too large is not laid out. Raises RenderError when Graphviz is missing or
    fails for the smallest.
    """
    smallest: tuple[Picture, Layout] | None = None

    def draw(drawn: Picture, seconds: float) -> Layout:
        nonlocal smallest
        layout = layout_of(drawn, engine, seconds)
        smallest = drawn, layout
        if fits and not fits(drawn, layout):
            raise LayoutError("the picture is too large to be read", hint="use --prune to draw less")
        return layout

    candidates = layout_candidates(pictures)
    try:
        drawn, layout = first_in_time(without_hopeless(candidates) if fits else candidates, draw)
    except LayoutError:
        if smallest is None:
            raise
        drawn, layout = smallest
    again = partial(layout_of, drawn, engine, _SECOND_LAYOUT)
    return drawn, arranged(drawn, layout, again, partial(fits, drawn) if fits else lambda _: True)


def layout_of(drawn: Picture, engine: str, seconds: float, before: Before = ()) -> Layout:
    """The layout of ``drawn`` in at most ``seconds``; of each pair in ``before`` the first stands first."""
    output = run_graphviz(layout_dot(drawn, before), "json0", engine, seconds)
    try:
        return _JsonReader(json.loads(output)).layout(drawn)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise RenderError(
            f"cannot read the layout that Graphviz wrote: {error}", hint="try another --engine"
        ) from None


def layout_dot(drawn: Picture, before: Before = ()) -> str:
    """The DOT text that Graphviz lays out: sizes, edges and their weights, no text.

    Of each pair in ``before`` the first node stands before the second in their rank.

    A label is a box of its own in the middle of its edge, so that the line leads through it and no
    other one does.
    """
    labelled = any(arrow.label for arrow in drawn.arrows)
    graph = graphviz.Digraph("build", graph_attr=_graph_attributes(drawn, labelled))
    graph.attr("node", shape="box", fixedsize="true", label="")
    names = {box.id: f"n{number}" for number, box in enumerate(drawn.boxes)}
    grouped, sizes, entries = drawn.grouped(), box_sizes(drawn), entries_of(drawn)
    targets = sum(box.role is Role.TARGET for box in drawn.boxes)
    straight = targets == 1 and not drawn.compares and not drawn.groups
    for number, group in enumerate(drawn.groups):
        with graph.subgraph(name=f"cluster{number}", graph_attr={"margin": "12"}) as frame:
            frame.node(f"b{number}", group=f"g{number}", **_size(_band(drawn, group, grouped, sizes)))
            for box in grouped[group.id]:
                line = {"group": f"g{number}"} if group.chain else {}
                frame.node(names[box.id], **line, **_size(sizes[box.id]))
                if box.id in entries:
                    _inner(graph, f"b{number}", names[box.id], f"r{names[box.id]}", labelled)
            if not group.chain:
                _add_part(frame, drawn, number, names)
    for box in grouped.get("", ()):
        graph.node(names[box.id], **_size(sizes[box.id]), **_line(box, straight))
    numbers = {group.id: number for number, group in enumerate(drawn.groups)}
    bands = {box.id: numbers[box.group] for box in drawn.boxes if box.group}
    for number, (arrow, style) in enumerate(zip(drawn.arrows, arrow_styles(drawn), strict=True)):
        if number in entries.get(arrow.target, ()):
            band = f"b{bands[arrow.target]}"
            head = "none" if entries[arrow.target][0] == number else "normal"
            _inner(graph, names[arrow.source], band, f"h{number}", labelled, weight="2", arrowhead=head)
            continue
        is_inner = arrow.target in bands and bands[arrow.target] == bands.get(arrow.source)
        if is_inner and drawn.groups[bands[arrow.target]].chain:
            _inner(graph, names[arrow.source], names[arrow.target], f"h{number}", labelled)
            continue
        weight = 1 if not arrow.needed else 12 if style == "inherited" else 4 if style in SHIPS else 2
        _edge(graph, number, arrow, names, weight=weight, labelled=labelled)
    _last_rank(graph, drawn, names)
    for pair in before:
        one, other = (names.get(name, name) for name in pair)
        with graph.subgraph(graph_attr={"rank": "same"}) as rank:
            rank.edge(one, other, style="invis", weight="1")
    return str(graph.source)


def _add_part(frame: graphviz.Digraph, drawn: Picture, number: int, names: Mapping[str, str]) -> None:
    """Put the labels of arrows inside the frame of a Dockerfile into it, and its title above its boxes."""
    inside = {box.id for box in drawn.boxes if box.group == drawn.groups[number].id}
    reached = set()
    for position, arrow in enumerate(drawn.arrows):
        if arrow.source in inside and arrow.target in inside:
            reached.add(arrow.target)
            if arrow.label:
                frame.node(f"l{position}")
    for box in sorted(inside - reached):
        frame.edge(f"b{number}", names[box], id=f"p{names[box]}", style="invis", weight="40")


def _line(box: Box, straight: bool) -> dict[str, str]:
    """Graphviz keeps the boxes of one group in one line: what is wholly in the image of the only target."""
    ships = straight and box.role in (Role.TARGET, Role.INHERITED)
    return {"group": "ships"} if ships else {}


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


def entries_of(drawn: Picture) -> dict[str, tuple[int, ...]]:
    """The boxes of frames that no box of their frame leads to, and the numbers of the arrows into each.

    These arrows enter the frame by its title, which stands before these boxes. The first of them, one of the
    critical path if it has one, goes on to the box.
    """
    chains = {group.id for group in drawn.groups if group.chain}
    frame = {box.id: box.group for box in drawn.boxes if box.group in chains}
    inside = {a.target for a in drawn.arrows if a.target in frame and frame.get(a.source) == frame[a.target]}
    entries: dict[str, list[int]] = {box: [] for box in frame if box not in inside}
    for number, arrow in enumerate(drawn.arrows):
        if arrow.target in entries:
            entries[arrow.target].append(number)
    return {
        box: tuple(sorted(numbers, key=lambda number: not drawn.arrows[number].critical))
        for box, numbers in entries.items()
    }


def _band(drawn: Picture, group: Group, grouped: Mapping[str, list[Box]], sizes: Mapping[str, Size]) -> Size:
    """The size of the title of a frame: as wide as its boxes above them, as high as they are beside them."""
    size, first = band_size(group), sizes[grouped[group.id][0].id]
    if not group.chain:
        return size
    if drawn.direction in ("TB", "BT"):
        return Size(first.width, size.height)
    return Size(size.width, max(size.height, first.height))


def _inner(graph: graphviz.Digraph, source: str, target: str, name: str, labelled: bool, **more: str) -> None:
    """An edge in a frame, heavy so that its boxes are in one line, or with ``more`` into its title."""
    graph.edge(source, target, id=name, minlen="2" if labelled else "1", **{"weight": "60", **more})


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
        self._edges = {each["id"]: each for each in graph.get("edges", ()) if "id" in each}

    def layout(self, drawn: Picture) -> Layout:
        """The layout of everything in ``drawn``."""
        return Layout(
            width=self._width,
            height=self._height,
            boxes=tuple(self._box(f"n{number}") for number in range(len(drawn.boxes))),
            routes=tuple(self._routes(drawn)),
            frames=tuple(self._frame(f"cluster{number}") for number in range(len(drawn.groups))),
            bands=tuple(self._box(f"b{number}") for number in range(len(drawn.groups))),
        )

    def _box(self, name: str) -> Rectangle:
        node = self._objects[name]
        x, y = self._point(node["pos"])
        return Rectangle(x=x, y=y, width=float(node["width"]) * POINTS, height=float(node["height"]) * POINTS)

    def _frame(self, name: str) -> Rectangle:
        left, bottom, right, top = _numbers(self._objects[name]["bb"])
        middle = self._height - (bottom + top) / 2
        return Rectangle(x=(left + right) / 2, y=middle, width=right - left, height=top - bottom)

    def _routes(self, drawn: Picture) -> Iterator[Route]:
        names = {box.id: f"n{number}" for number, box in enumerate(drawn.boxes)}
        onward = {numbers[0]: f"r{names[box]}" for box, numbers in entries_of(drawn).items() if numbers}
        for number, arrow in enumerate(drawn.arrows):
            route = self._route(number, arrow)
            yield self._to_box(route, onward[number]) if number in onward else route

    def _to_box(self, route: Route, name: str) -> Route:
        """``route``, which ends at the title of a frame, and the line from there to the first box."""
        tip, points = self._curve(self._edges[name]["pos"])
        return replace(route, curves=(*route.curves, points), tip=tip)

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
