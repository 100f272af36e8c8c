"""Two builds of one Dockerfile beside each other, by line.

Not by digest: that of a step that reads the build context is new every time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from enum import StrEnum

from msgspec import Struct

from stagegraph.records.record import SECOND
from stagegraph.timings.step_names import spelled, step_words
from stagegraph.timings.timings import TimedStep, Timings

_LEAST = SECOND // 10  # by which a step has to differ to be slower or faster
_SHARE = 10  # and by one part in so many


class ChangeKind(StrEnum):
    """What became of an instruction."""

    MISSED = "newly missed"  # it came from the cache before, and ran now
    SLOWER = "slower"
    ADDED = "added"
    FASTER = "faster"
    CACHED = "newly cached"  # it ran before, and came from the cache now
    REMOVED = "removed"
    SAME = "same"  # or not different enough to mean anything


class StepChange(Struct, frozen=True, kw_only=True):
    """One instruction before and after, on all its platforms; lengths in nanoseconds."""

    kind: ChangeKind
    name: str  # of the step after, or before if it was removed
    stage: str  # "" if it belongs to none
    line_before: int | None
    line_after: int | None
    before: int | None  # how long its steps ran together; None: there were none
    after: int | None
    cached_before: bool = False
    cached_after: bool = False

    @property
    def difference(self) -> int:
        """How much longer its steps ran."""
        return (self.after or 0) - (self.before or 0)


class TimingsComparison(Struct, frozen=True, kw_only=True):
    """Two builds; ``changes`` by kind, those that differ most first."""

    before: Timings
    after: Timings
    changes: tuple[StepChange, ...]

    @property
    def difference(self) -> int:
        """How much longer the build took, in nanoseconds."""
        return self.after.wall - self.before.wall


class _Group(Struct):
    """The steps of one instruction."""

    steps: list[TimedStep]
    stage: str

    @property
    def took(self) -> int:
        return sum(step.duration for step in self.steps)

    @property
    def cached(self) -> bool:
        return all(step.cached for step in self.steps)

    @property
    def line(self) -> int | None:
        return self.steps[0].lines[0] if self.steps[0].lines else None


def compare_timings(before: Timings, after: Timings) -> TimingsComparison:
    """What became of each instruction from ``before`` to ``after``."""
    old, new = _groups(before), _groups(after)
    moved = _moved(before, after)
    old = {_after_key(key, moved): group for key, group in old.items()}
    keys = dict.fromkeys([*new, *old])
    changes = [_change(old.get(key), new.get(key)) for key in keys]
    order = list(ChangeKind)
    changes.sort(
        key=lambda c: (order.index(c.kind), -abs(c.difference), c.line_after or c.line_before or 0, c.name)
    )
    return TimingsComparison(before=before, after=after, changes=tuple(changes))


def _groups(found: Timings) -> dict[object, _Group]:
    groups: dict[object, _Group] = {}
    for step in found.steps:
        if step.ran:
            stage = found.stages[step.stages[0]].name if step.stages else ""
            groups.setdefault(_key(step), _Group([], stage)).steps.append(step)
    return groups


def _key(step: TimedStep) -> object:
    """What stays the same from build to build: the line, else the name."""
    if step.lines:
        return step.lines[0]
    words = step_words(step.name)
    return (words.stage, words.text) if words else spelled(step.name).text


def _moved(before: Timings, after: Timings) -> Mapping[int, int] | None:
    """Where each line of the Dockerfile went; None if it is the same one, or not known."""
    if not before.dockerfile or not after.dockerfile or before.dockerfile.text == after.dockerfile.text:
        return None
    old, new = before.dockerfile.text.split("\n"), after.dockerfile.text.split("\n")
    found: dict[int, int] = {}
    for tag, a, a_end, b, b_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found.update((a + n + 1, b + n + 1) for n in range(a_end - a))
        elif tag == "replace":
            found.update(_replaced(old[a:a_end], new[b:b_end], a, b))
    return found


def _replaced(old: Sequence[str], new: Sequence[str], at_old: int, at_new: int) -> Iterator[tuple[int, int]]:
    """Lines that were rewritten: the same instruction in the same place is the same line."""
    for n, (was, now) in enumerate(zip(old, new, strict=False)):
        first, second = was.split(None, 1)[:1], now.split(None, 1)[:1]
        if first and [w.upper() for w in first] == [w.upper() for w in second]:
            yield at_old + n + 1, at_new + n + 1


def _after_key(key: object, moved: Mapping[int, int] | None) -> object:
    if moved is None or not isinstance(key, int):
        return key
    return moved.get(key, ("gone", key))


def _change(before: _Group | None, after: _Group | None) -> StepChange:
    own = after or before
    assert own is not None
    return StepChange(
        kind=_kind(before, after),
        name=own.steps[0].name,
        stage=own.stage,
        line_before=before.line if before else None,
        line_after=after.line if after else None,
        before=before.took if before else None,
        after=after.took if after else None,
        cached_before=bool(before and before.cached),
        cached_after=bool(after and after.cached),
    )


def _kind(before: _Group | None, after: _Group | None) -> ChangeKind:
    if before is None or after is None:
        return ChangeKind.ADDED if before is None else ChangeKind.REMOVED
    if before.cached != after.cached:
        return ChangeKind.CACHED if after.cached else ChangeKind.MISSED
    difference = after.took - before.took
    if abs(difference) < max(_LEAST, max(before.took, after.took) // _SHARE):
        return ChangeKind.SAME
    return ChangeKind.SLOWER if difference > 0 else ChangeKind.FASTER
