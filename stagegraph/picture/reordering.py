"""Lays a picture out again with another order of its boxes, as long as that makes it better arranged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations, pairwise

from stagegraph.picture.arrangement import (
    MOST_BOXES,
    Before,
    arrangement,
    better_orders,
    box_ranks,
    in_file_order,
    is_better,
    swapped_rows,
)
from stagegraph.picture.graphviz_engine import LayoutError
from stagegraph.picture.layout_result import Layout, Point, Route
from stagegraph.picture.view import Picture

LayOut = Callable[[Before], Layout]
_MOST_LAYOUTS, _MOST_LAID_OUT = 12, 600  # of one picture; boxes in all of these together
_PARTS = (0.25, 0.5, 0.75, 1.0)  # of a curve, between which it is measured as straight
Line = tuple[Point, Point]


def arranged(drawn: Picture, layout: Layout, lay_out: LayOut, fits: Callable[[Layout], bool]) -> Layout:
    """``layout``, or one whose siblings are in the order of the Dockerfile and whose target is central.

    ``lay_out`` lays the picture out with pairs of nodes of which the first stands before the second.
    """
    layout = in_file_order(drawn, layout)
    for before in better_orders(drawn, layout):
        try:
            other = in_file_order(drawn, lay_out(before))
        except LayoutError:
            break
        if is_better(drawn, other, layout) and fits(other):
            layout = other
            break
    return _climb(drawn, layout, lay_out, fits)


def _climb(drawn: Picture, layout: Layout, lay_out: LayOut, fits: Callable[[Layout], bool]) -> Layout:
    """``layout`` with more siblings in order, as far as that makes no lines cross: a hill climb."""
    if drawn.groups or drawn.compares or len(drawn.boxes) > MOST_BOXES:
        return layout
    most = min(_MOST_LAYOUTS, _MOST_LAID_OUT // len(drawn.boxes))
    tried = set[Before]()
    waiting = _orders(drawn, layout)
    while len(tried) < most and (order := next(waiting, None)):
        if order in tried:
            continue
        tried.add(order)
        try:
            other = in_file_order(drawn, lay_out(order))
        except LayoutError:
            break
        if is_in_better_order(drawn, other, layout) and fits(other):
            layout, waiting = other, _orders(drawn, other)
    return layout


def is_in_better_order(drawn: Picture, other: Layout, layout: Layout) -> bool:
    """Whether fewer siblings are swapped in ``other``, and no more lines cross."""
    return (
        arrangement(drawn, other).swapped < arrangement(drawn, layout).swapped
        and is_better(drawn, other, layout)
        and crossings(other.routes) <= crossings(layout.routes)
    )


def _orders(drawn: Picture, layout: Layout) -> Iterator[Before]:
    """What to put before what: siblings in order, the rest in its order or in any; then neighbours."""
    ranks, rows = box_ranks(drawn, layout), swapped_rows(drawn, layout)
    for row in rows:
        yield tuple(pairwise(row))
        yield _with_order(ranks, row)
    for row in rows:
        placed = [name for rank in ranks for name in rank if name in row]
        for one, other in pairwise(placed):
            if row.index(one) > row.index(other):
                yield _with_order(ranks, [other, one])
                yield ((other, one),)


def _with_order(ranks: Iterable[list[str]], row: list[str]) -> Before:
    """The order of the boxes of ``ranks``; those of ``row`` are in its order at the places they have."""
    names = iter(row)
    ordered = [[next(names) if name in row else name for name in rank] for rank in ranks]
    return tuple(pair for rank in ordered for pair in pairwise(rank))


def crossings(routes: tuple[Route, ...]) -> int:
    """The number of pairs of arrows whose lines cross."""
    lines = [(_span(route), _lines(route)) for route in routes if route.curves]
    return sum(
        _meet(one, other) and any(_cross(a, b) for a in ours for b in theirs)
        for (one, ours), (other, theirs) in combinations(lines, 2)
    )


def _span(route: Route) -> tuple[float, float, float, float]:
    xs, ys = zip(*(point for curve in route.curves for point in curve), strict=True)
    return min(xs), max(xs), min(ys), max(ys)


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1] and one[2] <= other[3] and other[2] <= one[3]


def _lines(route: Route) -> list[Line]:
    """The curves of ``route`` as short straight lines."""
    return [line for curve in route.curves for line in pairwise(_points(curve))]


def _points(curve: tuple[Point, ...]) -> Iterator[Point]:
    yield curve[0]
    for start in range(0, len(curve) - 3, 3):
        piece = curve[start : start + 4]
        for part in _PARTS:
            rest = 1 - part
            shares = (rest**3, 3 * rest**2 * part, 3 * rest * part**2, part**3)
            yield (
                sum(share * point[0] for share, point in zip(shares, piece, strict=True)),
                sum(share * point[1] for share, point in zip(shares, piece, strict=True)),
            )


def _cross(one: Line, other: Line) -> bool:
    return _parts(one, other) and _parts(other, one)


def _parts(line: Line, other: Line) -> bool:
    """Whether the ends of ``other`` are on different sides of ``line``."""
    (ax, ay), (bx, by) = line
    first, second = ((bx - ax) * (y - ay) - (by - ay) * (x - ax) for x, y in other)
    return first * second < 0
