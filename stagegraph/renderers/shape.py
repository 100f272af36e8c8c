"""Which way a picture runs: down the page, or across it where it would be too wide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from stagegraph.renderers.view import Arrow, Box

_WIDEST = 7  # boxes side by side that a page still holds


def direction_of(asked: str, boxes: Sequence[Box], arrows: Sequence[Arrow]) -> str:
    """``asked``, or for auto TB unless one rank is too wide and wider than the picture is deep."""
    if asked != "auto":
        return asked
    ranks = _ranks(boxes, arrows)
    widest = max(Counter(ranks.values()).values(), default=0)
    deepest = max(ranks.values(), default=0) + 1
    return "LR" if widest > _WIDEST and widest > deepest else "TB"


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
