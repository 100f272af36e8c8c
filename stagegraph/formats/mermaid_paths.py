"""The paths of the links of a Mermaid diagram as d3-shape draws their curves, and the boxes that they strike.

Seen down the ranks: in a diagram whose ranks are columns, width and height are exchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from math import inf, sqrt
from types import MappingProxyType
from typing import NamedTuple

from stagegraph.formats.dagre import Layout
from stagegraph.formats.dagre_ranks import Links
from stagegraph.formats.mermaid_size import rim
from stagegraph.picture.sizes import Size

Point = tuple[float, float]
_STEPS = 24  # parts of a curve from one point to the next


def _bump(one: Point, other: Point) -> Iterator[Point]:
    (left, top), (right, bottom) = one, other
    for step in range(1, _STEPS + 1):
        part = step / _STEPS
        aside = part * part * (3 - 2 * part)
        along = 1.5 * part * (1 - part) + part**3
        yield left + (right - left) * aside, top + (bottom - top) * along


def _linear(one: Point, other: Point) -> Iterator[Point]:
    yield other


def _step_before(one: Point, other: Point) -> Iterator[Point]:
    yield one[0], other[1]
    yield other


def _step_after(one: Point, other: Point) -> Iterator[Point]:
    yield other[0], one[1]
    yield other


_CURVES: Mapping[str, Callable[[Point, Point], Iterator[Point]]] = MappingProxyType(
    {"bump": _bump, "linear": _linear, "stepBefore": _step_before, "stepAfter": _step_after}
)


class _Place(NamedTuple):
    """A box where it is drawn."""

    left: float
    top: float
    right: float
    bottom: float

    def is_crossed(self, one: Point, other: Point, inside: float) -> bool:
        """Whether a straight line comes so far inside it."""
        enters, leaves = 0.0, 1.0
        for axis in (0, 1):
            low, high = self[axis] + inside, self[axis + 2] - inside
            start, way = one[axis], other[axis] - one[axis]
            if not way:
                if not low < start < high:
                    return False
                continue
            first, last = sorted(((low - start) / way, (high - start) / way))
            enters, leaves = max(enters, first), min(leaves, last)
        return enters < leaves


class DrawnLinks:
    """The links of a diagram that is laid out."""

    def __init__(
        self,
        layout: Layout,
        sizes: Sequence[Size],
        links: Links,
        ranks: Sequence[int],
        *,
        cylinders: Collection[int] = (),
        turned: bool = False,
    ) -> None:
        self.layout, self.sizes, self.links, self.ranks = layout, sizes, links, ranks
        self.cylinders, self.turned = cylinders, turned
        self.rows: dict[int, list[tuple[int, _Place]]] = {}
        for box, ((x, y), (width, height)) in enumerate(zip(layout.middles, sizes, strict=True)):
            place = _Place(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
            self.rows.setdefault(ranks[box], []).append((box, place))

    def strikes(self, link: int, curve: str, inside: float) -> bool:
        """Whether a link with a curve comes so many pixels inside a box that is not one of its ends."""
        source, target, _ = self.links[link]
        rank = self.ranks[source]
        for number, path in enumerate(self._parts(link, curve), rank):
            near = [*self.rows.get(number, ()), *self.rows.get(number + 1, ())]
            others = [place for box, place in near if box not in (source, target)]
            if any(place.is_crossed(one, other, inside) for one, other in pairwise(path) for place in others):
                return True
        return False

    def shares(self, link: int, curve: str, others: Mapping[int, str]) -> bool:
        """Whether a link runs along the rank where another one with other ends does it, too."""
        ends = set(self.links[link][:2])
        mine = list(self._level(link, curve))
        return any(
            abs(y - level) < 1 and min(right, last) - max(left, first) > 1
            for other, its in others.items()
            if not ends & set(self.links[other][:2])
            for level, first, last in self._level(other, its)
            for y, left, right in mine
        )

    def _level(self, link: int, curve: str) -> Iterator[tuple[float, float, float]]:
        """The parts along a rank: where, from and to."""
        for path in self._parts(link, curve):
            for one, other in pairwise(path):
                if one[1] == other[1]:
                    yield one[1], min(one[0], other[0]), max(one[0], other[0])

    def _parts(self, link: int, curve: str) -> Iterator[list[Point]]:
        """The path from each rank that a link passes to the next one."""
        source, target, _ = self.links[link]
        bends = self.layout.bends[link]
        corners = [self._border(source, bends[0]), *bends, self._border(target, bends[-1])]
        for one, other in pairwise(corners):
            yield [one, *_CURVES[curve](one, other)]

    def _border(self, box: int, point: Point) -> Point:
        """Where the straight line from the middle of a box to a point leaves it."""
        x, y = self.layout.middles[box]
        width, height = self.sizes[box]
        aside, along = point[0] - x, point[1] - y
        part = min(width / 2 / abs(aside) if aside else inf, height / 2 / abs(along) if along else inf)
        aside, along = aside * part, along * part
        if box in self.cylinders:
            if self.turned:
                aside = _below_rim(along, aside, height, width)
            else:
                along = _below_rim(aside, along, width, height)
        return x + aside, y + along


def _below_rim(x: float, y: float, width: float, height: float) -> float:
    """Where a line ends that leaves a cylinder: at its rim, which is lower at its sides."""
    radius = rim(width)
    if abs(x) >= width / 2 and abs(y) <= height / 2 - radius:
        return y
    lower = radius - radius * sqrt(max(0.0, 1 - (2 * x / width) ** 2))
    return y - lower if y > 0 else y + lower
