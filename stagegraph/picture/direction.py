"""Ranks of boxes, as a layered layout assigns them, and whether a picture runs down the page or across it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from stagegraph.picture.sizes import Size, box_size, label_lines, label_size
from stagegraph.picture.view import Arrow, Box, Picture

_PAGE = Size(width=900.0, height=1300.0)  # pixels that a browser window shows at once
_PREFERENCE = 0.98  # LR from this ratio of the estimated scales on, unless TB needs no shrinking
_BESIDE_DOWN, _BESIDE_ACROSS = 26.0, 18.0  # between the nodes of one row, as in `layout`
_BETWEEN_DOWN, _BETWEEN_ACROSS = 20.0, 22.0  # between rows


def ranks(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> dict[str, int]:
    """The longest path to each box, in arrows; boxes on a cycle and behind one keep the rank so far."""
    users: dict[str, list[str]] = {box.id: [] for box in boxes}
    waits = Counter({box.id: 0 for box in boxes})
    for arrow in arrows:
        users[arrow.source].append(arrow.target)
        waits[arrow.target] += 1
    result = {box.id: 0 for box in boxes}
    ready = [box.id for box in boxes if not waits[box.id]]
    while ready:
        source = ready.pop()
        for target in users[source]:
            result[target] = max(result[target], result[source] + 1)
            waits[target] -= 1
            if not waits[target]:
                ready.append(target)
    return result


def near_readers(rank: Mapping[str, int], arrows: Sequence[Arrow]) -> dict[str, int]:
    """``rank`` with each box that has no incoming arrow moved right before the first box that reads it."""
    read = {arrow.target for arrow in arrows}
    first: dict[str, int] = {}
    for arrow in arrows:
        if arrow.source not in read:
            first[arrow.source] = min(rank[arrow.target] - 1, first.get(arrow.source, rank[arrow.target]))
    return {box: max(first.get(box, own), 0) for box, own in rank.items()}


def passing(rank: Mapping[str, int], arrows: Sequence[Arrow]) -> list[int]:
    """The number of arrows that pass each row: rank r is row 2r, and the labels before it are in row 2r - 1.

    An arrow does not pass the row that holds its label.
    """
    changes = [0] * (2 * max(rank.values(), default=0) + 2)
    for arrow in arrows:
        first, last = 2 * rank[arrow.source], 2 * rank[arrow.target]
        if last > first:
            changes[first + 1] += 1
            changes[last - 1 if arrow.label else last] -= 1
    return list(accumulate(changes))


def crossed_ranks(drawn: Picture) -> int:
    """The sum of the ranks that all arrows span: the number that the time of a layout grows with."""
    rank = near_readers(ranks(drawn.boxes, drawn.arrows), drawn.arrows)
    return sum(abs(rank[arrow.target] - rank[arrow.source]) for arrow in drawn.arrows)


class _Row(NamedTuple):
    """The boxes of one rank or the labels between two ranks, and the arrows that pass them."""

    sizes: list[Size]
    passing: int

    def width(self) -> float:
        """The width of the row when the picture runs down."""
        return sum(size.width for size in self.sizes) + _BESIDE_DOWN * (len(self.sizes) - 1 + self.passing)

    def height(self) -> float:
        """The height of the row, which is a column, when the picture runs across."""
        return sum(size.height for size in self.sizes) + _BESIDE_ACROSS * (len(self.sizes) - 1 + self.passing)


def direction_of(requested: str, boxes: Sequence[Box], arrows: Sequence[Arrow]) -> str:
    """``requested``, or for auto TB unless the picture can be shown larger as LR.

    Every format uses this answer. It is estimated from the shape of the graph, since Mermaid has no layout
    to ask and two layouts take twice as long as one. Of 189 generated graphs 5 could be shown
    larger the other way, by 13 % on average.
    """
    if requested != "auto":
        return requested
    rows = _rows(boxes, arrows)
    if not rows:
        return "TB"
    down, across = _scale(_size_down(rows)), _scale(_size_across(rows))
    return "LR" if down < 1.0 and across > _PREFERENCE * down else "TB"


def estimated_size(drawn: Picture) -> Size:
    """About the width and height in pixels that Graphviz needs."""
    rows = _rows(drawn.boxes, drawn.arrows)
    if not rows:
        return Size(width=0.0, height=0.0)
    return _size_down(rows) if drawn.direction in ("TB", "BT") else _size_across(rows)


def _scale(size: Size) -> float:
    """The factor by which a picture of this size is shrunk to fit the page; at most 1."""
    return min(1.0, _PAGE.width / max(size.width, 1.0), _PAGE.height / max(size.height, 1.0))


def _size_down(rows: Sequence[_Row]) -> Size:
    """The estimated size as TB.

    The factors are fitted to layouts of Graphviz: the fuller the other rows and the more arrows pass, the
    less freely it can pack the widest row.
    """
    widths = [row.width() for row in rows]
    widest = max(widths)
    full = sum(widths) / len(widths) / max(widest, 1.0)
    passing = min(max(row.passing for row in rows) / 10, 1.0)
    height = sum(max(size.height for size in row.sizes) + _BETWEEN_DOWN for row in rows)
    return Size(width=widest * (0.8 + 0.6 * full + 0.25 * passing), height=height)


def _size_across(rows: Sequence[_Row]) -> Size:
    """The estimated size as LR."""
    width = sum(max(size.width for size in row.sizes) + _BETWEEN_ACROSS for row in rows)
    return Size(width=width, height=max(row.height() for row in rows))


def _rows(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> list[_Row]:
    """The rows that hold anything: boxes in even rows, labels in the odd row before their arrow's target."""
    rank = near_readers(ranks(boxes, arrows), arrows)
    sizes: dict[int, list[Size]] = {}
    for box in boxes:
        sizes.setdefault(2 * rank[box.id], []).append(box_size(box))
    for arrow in arrows:
        if arrow.label:
            sizes.setdefault(2 * rank[arrow.target] - 1, []).append(label_size(label_lines(arrow)))
    passed = passing(rank, arrows)
    return [_Row(sizes=row, passing=passed[number]) for number, row in sizes.items()]
