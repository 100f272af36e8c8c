"""The paths of the links of a Mermaid diagram as d3-shape draws their curves, and the boxes that they strike.

Seen down the ranks: in a diagram whose ranks are columns, width and height are exchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import inf, sqrt
from types import MappingProxyType
from typing import NamedTuple

from stagegraph.formats.dagre import laid_out
from stagegraph.formats.dagre_order import Layered
from stagegraph.formats.mermaid_size import boxes_and_links, is_across, rim
from stagegraph.model import NodeKind
from stagegraph.picture.view import Picture

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

    def is_crossed(self, path: Sequence[Point], inside: float) -> bool:
        """Whether a path comes so many pixels inside it."""
        return any(self._is_crossed(one, other, inside) for one, other in pairwise(path))

    def _is_crossed(self, one: Point, other: Point, inside: float) -> bool:
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
    """The links of a diagram that is laid out, with letters of a width that is compared with Arial."""

    def __init__(self, drawn: Picture, layered: Layered, letters: float, rank_separation: float) -> None:
        self.sizes, self.links = boxes_and_links(drawn, letters)
        self.ranks, self.turned = layered.ranks, is_across(drawn)
        self.cylinders = {at for at, box in enumerate(drawn.boxes) if box.kind is NodeKind.IMAGE}
        self.layout = laid_out(layered, self.sizes, rank_separation)
        self.rows: dict[int, list[tuple[int, _Place]]] = {}
        for box, ((x, y), (width, height)) in enumerate(zip(self.layout.middles, self.sizes, strict=True)):
            place = _Place(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
            self.rows.setdefault(self.ranks[box], []).append((box, place))

    def struck(self, link: int, curve: str, inside: float) -> set[int]:
        """The boxes that a link with a curve comes so many pixels inside of, without those at its ends."""
        source, target, _ = self.links[link]
        found: set[int] = set()
        for rank, path in enumerate(self._parts(link, curve), self.ranks[source]):
            for box, place in [*self.rows.get(rank, ()), *self.rows.get(rank + 1, ())]:
                if box not in (source, target, *found) and place.is_crossed(path, inside):
                    found.add(box)
        return found

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
        # a link in a circle can lead from one rank to the next
        before, after = (
            (bends[0], bends[-1]) if bends else (self.layout.middles[target], self.layout.middles[source])
        )
        corners = [self._border(source, before), *bends, self._border(target, after)]
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
