"""The curve of each link of a Mermaid diagram: another one where the usual one would run through a box.

Mermaid leads a link from the side of its box if its next point is far aside, and a box beside it is then in
its way. The lines are worked out as Mermaid draws them, for texts of several widths, since the font of the
reader is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import sqrt
from types import MappingProxyType
from typing import NamedTuple

from stagegraph.formats.dagre import Layout, laid_out
from stagegraph.formats.mermaid_size import RANK_SPACING, boxes_and_links
from stagegraph.picture.sizes import Size
from stagegraph.picture.view import Picture

Point = tuple[float, float]
_FONTS = (1.055, 0.98, 1.13)  # widths of letters, compared with Arial
_CLEARANCE = 1.0  # pixels that a line may be inside a box
_STEPS = 16  # points for a part of a curve


class _Place(NamedTuple):
    """A box where it is drawn."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, point: Point) -> bool:
        return (
            self.left + _CLEARANCE < point[0] < self.right - _CLEARANCE
            and self.top + _CLEARANCE < point[1] < self.bottom - _CLEARANCE
        )

    def meets(self, one: Point, other: Point) -> bool:
        """Whether the rectangle between two points has a part in it."""
        return (
            min(one[0], other[0]) < self.right
            and max(one[0], other[0]) > self.left
            and min(one[1], other[1]) < self.bottom
            and max(one[1], other[1]) > self.top
        )


def _bump(one: Point, other: Point) -> Iterator[Point]:
    (left, top), (right, bottom) = one, other
    for step in range(_STEPS + 1):
        part = step / _STEPS
        aside = part * part * (3 - 2 * part)
        along = 1.5 * part * (1 - part) + part**3
        yield left + (right - left) * aside, top + (bottom - top) * along


def _straight(one: Point, other: Point) -> Iterator[Point]:
    for step in range(_STEPS + 1):
        part = step / _STEPS
        yield one[0] + (other[0] - one[0]) * part, one[1] + (other[1] - one[1]) * part


def _along_first(one: Point, other: Point) -> Iterator[Point]:
    corner = one[0], other[1]
    yield from _straight(one, corner)
    yield from _straight(corner, other)


def _aside_first(one: Point, other: Point) -> Iterator[Point]:
    corner = other[0], one[1]
    yield from _straight(one, corner)
    yield from _straight(corner, other)


# by how far down the page they lead; sideways, the two steps change their names
_CURVES: Mapping[str, Callable[[Point, Point], Iterator[Point]]] = MappingProxyType(
    {"bump": _bump, "stepBefore": _along_first, "stepAfter": _aside_first, "linear": _straight}
)
