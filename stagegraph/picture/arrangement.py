"""Where boxes stand beside each other: siblings in the order of the Dockerfile, the target in the middle.

Graphviz orders the boxes of a rank so that few lines cross; where two orders are equal it takes either one. A
first layout tells the ranks, so that invisible edges in a rank can ask a second layout for a better order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise, product
from typing import NamedTuple

from stagegraph.model import NodeKind, Role
from stagegraph.picture.layout_result import Layout, mirrored
from stagegraph.picture.theme import arrow_style, style_name
from stagegraph.picture.view import Picture

MOST_BOXES = 150  # of a picture that is laid out twice; more take too long
_MOST_PARTS = 8  # beside the spine; of more not all choices of sides are tried
_IN_LINE = 2.0  # pixels that the middles of boxes in one line may differ by
_OFF_CENTRE = 0.04  # of the breadth: a target nearer to the middle is not worth another layout
_LARGER, _LONGER = 1.3, 1.25  # growth of the picture and of its lines, above which an order costs too much
_MOVED, _MOVED_PART = 100.0, 0.1  # pixels, part of the breadth: how far siblings may move the target
Before = tuple[tuple[str, str], ...]  # pairs of nodes of one rank: the first stands before the second


class Node(NamedTuple):
    """A box or a label in a layout, as the picture runs: down or across."""

    rank: int
    place: float  # of its middle, beside the others of its rank
    breadth: float


class Arrangement(NamedTuple):
    """How well a layout is arranged; less is better."""

    swapped: int  # pairs of siblings that are not in the order of the Dockerfile
    off_centre: float  # distance of the target from the middle, as a part of the width


def arrangement(drawn: Picture, layout: Layout) -> Arrangement:
    """How well ``layout`` is arranged."""
    nodes = _nodes(drawn, layout)
    swapped = sum(nodes[a].place > nodes[b].place for row in siblings(drawn, nodes) for a, b in _pairs(row))
    return Arrangement(swapped, _off_centre(drawn, layout, nodes))


def least_off_centre(drawn: Picture, layout: Layout) -> float:
    """About how central the target can be, by the breadth of the parts beside its spine, which stay whole.

    One part stays on one side: its lines would cross the spine.
    """
    nodes = _nodes(drawn, layout)
    breadths = [_breadths(part, nodes) for part in _parts(drawn, spine(drawn, nodes))]
    if len(breadths) < 2:
        return 0.5
    best = min(_imbalance(breadths, right) for right in _choices(len(breadths)))
    return best / 2 / _breadth(drawn, layout)


def in_file_order(drawn: Picture, layout: Layout) -> Layout:
    """``layout``, or its mirror image if that has more siblings in the order of the Dockerfile."""
    nodes = _nodes(drawn, layout)
    pairs = [nodes[a].place > nodes[b].place for row in siblings(drawn, nodes) for a, b in _pairs(row)]
    return mirrored(layout, drawn.direction) if sum(pairs) > len(pairs) / 2 else layout


def better_orders(drawn: Picture, layout: Layout) -> list[Before]:
    """What other layouts must put before what, so that they may be better arranged; the best comes first."""
    if len(drawn.boxes) > MOST_BOXES or drawn.groups or drawn.compares:
        return []
    nodes = _nodes(drawn, layout)
    rows = siblings(drawn, nodes)
    swapped, off_centre = arrangement(drawn, layout)
    in_order = tuple(pair for row in rows for pair in pairwise(row))
    outside = off_centre > least_off_centre(drawn, layout) + _OFF_CENTRE
    sides = tuple(_sides(drawn, nodes, rows)) if outside else ()
    return [*([(*in_order, *sides)] if sides else []), *([in_order] if swapped else [])]


def is_better(drawn: Picture, other: Layout, layout: Layout) -> bool:
    """Whether ``other`` is better arranged than ``layout``, and neither much larger nor more tangled."""
    new, old = arrangement(drawn, other), arrangement(drawn, layout)
    moved = new.off_centre * _breadth(drawn, other) - old.off_centre * _breadth(drawn, layout)
    better = new.swapped < old.swapped or (new.swapped == old.swapped and new.off_centre < old.off_centre)
    larger = max(other.width / layout.width, other.height / layout.height)
    return (
        better
        and moved < max(_MOVED, _MOVED_PART * _breadth(drawn, other))
        and larger < _LARGER
        and _lines(other) <= _LONGER * _lines(layout)
    )


def swapped_rows(drawn: Picture, layout: Layout) -> list[list[str]]:
    """The rows of siblings of which two are not in the order of the Dockerfile."""
    nodes = _nodes(drawn, layout)
    rows = siblings(drawn, nodes)
    return [row for row in rows if any(nodes[a].place > nodes[b].place for a, b in _pairs(row))]


def box_ranks(drawn: Picture, layout: Layout) -> list[list[str]]:
    """The boxes of each rank, in the order in which they stand; the ranks in the order of their boxes."""
    nodes = _nodes(drawn, layout)
    ranks = defaultdict[int, list[str]](list)
    for box in drawn.boxes:
        ranks[nodes[box.id].rank].append(box.id)
    return [sorted(rank, key=lambda name: nodes[name].place) for rank in ranks.values()]


def siblings(drawn: Picture, nodes: Mapping[str, Node]) -> list[list[str]]:
    """Rows of stages of one role in one rank that read the same, or that the same reads; in file order."""
    sources, readers = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for arrow in drawn.arrows:
        sources[arrow.target].add(arrow.source)
        readers[arrow.source].add(arrow.target)
    rows: dict[object, list[str]] = {}
    for box in drawn.boxes:
        if box.kind is NodeKind.STAGE:
            for name, around in (("reads", sources[box.id]), ("is read", readers[box.id])):
                key = (name, frozenset(around), box.role, box.reach, nodes[box.id].rank)
                if around:
                    rows.setdefault(key, []).append(box.id)
    return [row for row in rows.values() if len(row) > 1]


def spine(drawn: Picture, nodes: Mapping[str, Node]) -> list[str]:
    """The only target and what it is FROM, as far as they are in one line; empty for several targets."""
    targets = [box.id for box in drawn.boxes if box.role is Role.TARGET]
    if len(targets) != 1:
        return []
    middle = nodes[targets[0]].place
    styles = {box.id: style_name(box) for box in drawn.boxes}
    before = {
        arrow.target: arrow.source
        for arrow in drawn.arrows
        if arrow_style(arrow, styles[arrow.source], styles[arrow.target]) == "inherited"
    }
    line = targets
    while line[-1] in before and abs(nodes[before[line[-1]]].place - middle) <= _IN_LINE:
        line.append(before[line[-1]])
    return line


def _sides(drawn: Picture, nodes: Mapping[str, Node], rows: Iterable[list[str]]) -> Iterator[tuple[str, str]]:
    """Pairs of nodes that put each part beside the spine on the side where the target is most central."""
    line = spine(drawn, nodes)
    parts = _parts(drawn, line)
    if not line or len(parts) < 2:
        return
    number = {name: at for at, part in enumerate(parts) for name in part}
    ordered = {
        (number[a], number[b])
        for row in rows
        for a, b in _pairs(row)
        if a in number and b in number and number[a] != number[b]
    }
    breadths = [_breadths(part, nodes) for part in parts]
    best = min(
        _choices(len(parts)),
        key=lambda right: (sum(right[a] > right[b] for a, b in ordered), _imbalance(breadths, right)),
    )
    ranks = {nodes[name].rank: name for name in line}
    for name, at in number.items():
        middle = ranks.get(nodes[name].rank)
        if middle:
            yield (middle, name) if best[at] else (name, middle)


def _choices(parts: int) -> Iterable[tuple[bool, ...]]:
    """For each part whether it stands after the spine; of many parts the first ones stand before it."""
    if parts <= _MOST_PARTS:
        return product((False, True), repeat=parts)
    return (tuple(part >= first for part in range(parts)) for first in range(parts + 1))


def _parts(drawn: Picture, line: Iterable[str]) -> list[list[str]]:
    """What is connected without the spine, boxes and labels, in the order of the boxes."""
    beside = {box.id: {box.id} for box in drawn.boxes} | {
        f"l{number}": {f"l{number}"} for number, arrow in enumerate(drawn.arrows) if arrow.label
    }
    out = set(line)
    for number, arrow in enumerate(drawn.arrows):
        ends = [arrow.source, f"l{number}", arrow.target] if arrow.label else [arrow.source, arrow.target]
        for one, other in pairwise(ends):
            if not out & {one, other}:
                beside[one].add(other)
                beside[other].add(one)
    parts, seen = list[list[str]](), set(out)
    for start in beside:
        if start not in seen:
            parts.append(_reached(start, beside, seen))
    return parts


def _reached(start: str, beside: Mapping[str, set[str]], seen: set[str]) -> list[str]:
    """All that is connected with ``start``; added to ``seen``."""
    seen.add(start)
    part = [start]
    for name in part:
        new = sorted(beside[name] - seen)
        seen.update(new)
        part += new
    return part


def _breadths(part: Iterable[str], nodes: Mapping[str, Node]) -> dict[int, float]:
    """How broad a part is in each rank."""
    result = defaultdict[int, float](float)
    for name in part:
        result[nodes[name].rank] += nodes[name].breadth
    return result


def _imbalance(breadths: list[dict[int, float]], right: tuple[bool, ...]) -> float:
    """How much broader one side is than the other."""
    sides = defaultdict[int, float](float), defaultdict[int, float](float)
    for part, side in zip(breadths, right, strict=True):
        for rank, breadth in part.items():
            sides[side][rank] += breadth
    return abs(max(sides[0].values(), default=0.0) - max(sides[1].values(), default=0.0))


def _nodes(drawn: Picture, layout: Layout) -> dict[str, Node]:
    """The boxes by id and the labels as ``l`` and the number of their arrow."""
    across = drawn.direction in ("LR", "RL")
    places = [(box.id, place) for box, place in zip(drawn.boxes, layout.boxes, strict=True)]
    places += [(f"l{number}", route.label) for number, route in enumerate(layout.routes) if route.label]
    return {
        name: Node(round(place.x), place.y, place.height)
        if across
        else Node(round(place.y), place.x, place.width)
        for name, place in places
    }


def _off_centre(drawn: Picture, layout: Layout, nodes: Mapping[str, Node]) -> float:
    ends = [box.id for box in drawn.boxes if box.role is Role.TARGET]
    return abs(nodes[ends[0]].place / _breadth(drawn, layout) - 0.5) if len(ends) == 1 else 0.0


def _breadth(drawn: Picture, layout: Layout) -> float:
    """The size of a layout across the direction in which it runs."""
    return layout.height if drawn.direction in ("LR", "RL") else layout.width


def _pairs(row: list[str]) -> Iterator[tuple[str, str]]:
    return ((a, b) for at, a in enumerate(row) for b in row[at + 1 :])


def _lines(layout: Layout) -> float:
    """The length of all lines, by their control points."""
    return sum(
        abs(a[0] - b[0]) + abs(a[1] - b[1])
        for route in layout.routes
        for curve in route.curves
        for a, b in pairwise(curve)
    )
