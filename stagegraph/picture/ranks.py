"""Ranks of boxes, as a layered layout assigns them, and the number of ranks that arrows cross."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate

from stagegraph.picture.view import Arrow, Box, Picture


def ranks(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> dict[str, int]:
    """The longest path to each box, in arrows; boxes on a cycle and behind one keep what was found so far."""
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
