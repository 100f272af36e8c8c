"""How far a word is from one that it may be a spelling mistake of."""

from __future__ import annotations

from collections.abc import Iterable

_LONG = 6  # letters; in a longer word, two mistakes are still a mistake
_LONGEST = 40


def edit_distance(one: str, other: str) -> int:
    """The optimal string alignment distance: letters to replace, insert, delete or swap."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        two_before, before, row = before, row, [i]
        for j, right in enumerate(other, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                best = min(best, two_before[j - 2] + 1)
            row.append(best)
    return row[-1]


def misspelled(word: str, known: Iterable[str]) -> str:
    """The one of ``known`` that ``word`` is one mistake away from, or two if both are long; else empty."""
    if len(word) > _LONGEST:
        return ""
    distances = [(edit_distance(word, name), name) for name in known]
    near = [(far, name) for far, name in distances if far <= (2 if min(len(word), len(name)) >= _LONG else 1)]
    return min(near)[1] if near else ""
