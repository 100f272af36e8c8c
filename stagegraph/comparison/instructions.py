"""Which instructions of a stage went and which came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from difflib import SequenceMatcher

MOST_MATCHED = 1_000  # instructions that differ; of more the order is not looked at

Span = tuple[int, int]  # from, to


def differences(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[tuple[Span, Span]]:
    """The stretches of ``old`` and ``new`` that are not the same; linear in what is equal."""
    start = _equal(old, new)
    end = _equal(old[: start - 1 if start else None : -1], new[: start - 1 if start else None : -1])
    ours, theirs = old[start : len(old) - end], new[start : len(new) - end]
    found = _uncounted(ours, theirs) if len(ours) + len(theirs) > MOST_MATCHED else _matched(ours, theirs)
    for (first, last), (other, final) in found:
        yield (first + start, last + start), (other + start, final + start)


def _equal(old: Sequence[Hashable], new: Sequence[Hashable]) -> int:
    """How many are equal from the beginning on."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((place for place, (one, two) in pairs if one != two), min(len(old), len(new)))


def _matched(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[tuple[Span, Span]]:
    for kind, first, last, other, final in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            yield (first, last), (other, final)


def _uncounted(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[tuple[Span, Span]]:
    """What one has more often than the other; all of both where only the order differs."""
    gone, come = [*_more(old, new)], [*_more(new, old)]
    if not (gone or come):
        yield (0, len(old)), (0, len(new))
    for place in gone:
        yield (place, place + 1), (0, 0)
    for place in come:
        yield (0, 0), (place, place + 1)


def _more(some: Sequence[Hashable], others: Sequence[Hashable]) -> Iterator[int]:
    left = Counter(others)
    for place, one in enumerate(some):
        if left[one] > 0:
            left[one] -= 1
        else:
            yield place
