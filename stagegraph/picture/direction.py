"""Which way a picture runs: as it can be shown larger on a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from stagegraph.picture.sizes import box_size, label_lines, label_size
from stagegraph.picture.view import Arrow, Box

_PAGE = 900.0, 1300.0  # pixels of a page in a browser that a reader takes in at once
_ASIDE, _BETWEEN = 24.0, 42.0  # between boxes of one rank, and between ranks
_UNUSED = 50  # boxes; so many make a picture down the page twice as wide as they are, most of it unused


def direction_of(asked: str, boxes: Sequence[Box], arrows: Sequence[Arrow]) -> str:
    """``asked``, or for auto down the page (TB) unless the picture is larger across it (LR)."""
    if asked != "auto":
        return asked
    down, across = _sizes(boxes, arrows) if boxes else ((0.0, 0.0), (0.0, 0.0))
    return better_direction(down, across)


def better_direction(down: tuple[float, float], across: tuple[float, float]) -> str:
    """TB or LR, by the width and height of the picture either way."""
    return "LR" if _scale(*across) > 1.03 * _scale(*down) else "TB"


def _scale(width: float, height: float) -> float:
    """How large a picture of this size is shown, at most as it is."""
    return min(1.0, _PAGE[0] / max(width, 1.0), _PAGE[1] / max(height, 1.0))


def _sizes(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> tuple[tuple[float, float], tuple[float, float]]:
    """The estimated width and height of the picture down the page, and of that across it.

    Boxes of one rank stand side by side, labels do before the rank that their arrows lead to, and an
    arrow that passes a rank needs room in it.
    """
    ranks = _near_readers(_ranks(boxes, arrows), arrows)
    rows: dict[float, list[tuple[float, float]]] = {}
    for box in boxes:
        size = box_size(box)
        rows.setdefault(ranks[box.id], []).append((size.width, size.height))
    for arrow in arrows:
        if arrow.label:
            size = label_size(label_lines(arrow))
            rows.setdefault(ranks[arrow.target] - 0.5, []).append((size.width, size.height))
    passing, wider = _passing(ranks, arrows), 1 + min(len(boxes) / _UNUSED, 1)
    down, across = (0.0, 0.0), (0.0, 0.0)
    for rank, row in rows.items():
        wide, high = zip(*row, strict=True)
        aside = _ASIDE * (len(row) + passing.get(rank, 0))
        down = max(down[0], wider * (sum(wide) + aside)), down[1] + max(high) + _BETWEEN / 2
        across = across[0] + max(wide) + _BETWEEN / 2, max(across[1], sum(high) + aside)
    return down, across


def _passing(ranks: Mapping[str, int], arrows: Sequence[Arrow]) -> dict[float, int]:
    """How many arrows pass each rank without beginning or ending in it."""
    changes: Counter[int] = Counter()
    for arrow in arrows:
        if ranks[arrow.target] - ranks[arrow.source] > 1:
            changes[ranks[arrow.source] + 1] += 1
            changes[ranks[arrow.target]] -= 1
    found: dict[float, int] = {}
    now = 0
    for rank in range(max(ranks.values()) + 1):
        now += changes[rank]
        found[rank] = now
    return found


def _near_readers(ranks: Mapping[str, int], arrows: Sequence[Arrow]) -> dict[str, int]:
    """``ranks`` with what reads nothing right before the first that reads it."""
    read = {arrow.target for arrow in arrows}
    first: dict[str, int] = {}
    for arrow in arrows:
        if arrow.source not in read:
            first[arrow.source] = min(ranks[arrow.target] - 1, first.get(arrow.source, ranks[arrow.target]))
    return {box: max(first.get(box, rank), 0) for box, rank in ranks.items()}


def _ranks(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> dict[str, int]:
    """The length of the longest chain of arrows before each box; arrows in a circle count once."""
    users: dict[str, list[str]] = {box.id: [] for box in boxes}
    waits = Counter({box.id: 0 for box in boxes})
    for arrow in arrows:
        users[arrow.source].append(arrow.target)
        waits[arrow.target] += 1
    ranks = {box.id: 0 for box in boxes}
    ready = [box.id for box in boxes if not waits[box.id]]
    while ready:
        source = ready.pop()
        for target in users[source]:
            ranks[target] = max(ranks[target], ranks[source] + 1)
            waits[target] -= 1
            if not waits[target]:
                ready.append(target)
    return ranks
