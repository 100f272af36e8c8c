"""Compares the timings of two builds of one Dockerfile, by line.

Digests are not compared: that of a step that reads the build context differs in every build.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from enum import StrEnum

from msgspec import Struct

from stagegraph.records.record import SECOND
from stagegraph.timings.step_names import canonical_name, step_name
from stagegraph.timings.timings import TimedStep, Timings

_LEAST_DIFFERENCE = SECOND // 10  # for a step to be slower or faster
_LEAST_FRACTION = 10  # it must also differ by one part in this many


class ChangeKind(StrEnum):
    """How an instruction changed from one build to the other."""

    MISSED = "newly missed"  # it came from the cache before, and runs now
    SLOWER = "slower"
    ADDED = "added"
    FASTER = "faster"
    CACHED = "newly cached"  # it ran before, and comes from the cache now
    REMOVED = "removed"
    SAME = "same"  # or within the limits above


class StepChange(Struct, frozen=True, kw_only=True):
    """One instruction in both builds, on all its platforms; durations in nanoseconds."""

    kind: ChangeKind
    name: str  # of the step after, or before if it was removed
    stage: str  # "" without a stage
    line_before: int | None
    line_after: int | None
    before: int | None  # the sum of the durations of its steps; None: it had none
    after: int | None
    cached_before: bool = False
    cached_after: bool = False

    @property
    def difference(self) -> int:
        """How much longer its steps ran, in nanoseconds; negative: shorter."""
        return (self.after or 0) - (self.before or 0)


class TimingsComparison(Struct, frozen=True, kw_only=True):
    """The timings of two builds; ``changes`` are sorted by kind, the largest difference first."""

    before: Timings
    after: Timings
    changes: tuple[StepChange, ...]

    @property
    def difference(self) -> int | None:
        """How much longer the build took, in nanoseconds; negative: shorter; None: not known."""
        if self.before.wall is None or self.after.wall is None:
            return None
        return self.after.wall - self.before.wall


class _InstructionSteps(Struct):
    """The steps of one instruction in one build."""

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
    """How each instruction changed from ``before`` to ``after``."""
    new_lines = _new_lines(before, after)
    old = {_key_in_new(key, new_lines): steps for key, steps in _by_instruction(before).items()}
    new = _by_instruction(after)
    changes = [_change(old.get(key), new.get(key)) for key in dict.fromkeys([*new, *old])]
    order = list(ChangeKind)
    changes.sort(
        key=lambda c: (order.index(c.kind), -abs(c.difference), c.line_after or c.line_before or 0, c.name)
    )
    return TimingsComparison(before=before, after=after, changes=tuple(changes))


def _by_instruction(timings: Timings) -> dict[Hashable, _InstructionSteps]:
    """The steps that ran, by what stays the same from build to build: the line, else the name."""
    groups: dict[Hashable, _InstructionSteps] = {}
    for step in timings.steps:
        if step.ran:
            stage = timings.stages[step.stages[0]].name if step.stages else ""
            groups.setdefault(_key(step), _InstructionSteps([], stage)).steps.append(step)
    return groups


def _key(step: TimedStep) -> Hashable:
    if step.lines:
        return step.lines[0]
    name = step_name(step.name)
    return (name.stage, name.text) if name else canonical_name(step.name).text


def _new_lines(before: Timings, after: Timings) -> Mapping[int, int] | None:
    """The new number of each line of the old Dockerfile; None if it is unchanged or missing."""
    if not before.dockerfile or not after.dockerfile or before.dockerfile.text == after.dockerfile.text:
        return None
    old, new = before.dockerfile.text.split("\n"), after.dockerfile.text.split("\n")
    lines: dict[int, int] = {}
    for tag, a, a_end, b, b_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            lines.update((a + n + 1, b + n + 1) for n in range(a_end - a))
        elif tag == "replace":
            lines.update(_rewritten_lines(old[a:a_end], new[b:b_end], a, b))
    return lines


def _rewritten_lines(
    old: Sequence[str], new: Sequence[str], old_start: int, new_start: int
) -> Iterator[tuple[int, int]]:
    """Pairs of line numbers: lines at the same position with the same keyword are the same line."""
    for n, (before, after) in enumerate(zip(old, new, strict=False)):
        first, second = before.split(None, 1)[:1], after.split(None, 1)[:1]
        if first and [word.upper() for word in first] == [word.upper() for word in second]:
            yield old_start + n + 1, new_start + n + 1


def _key_in_new(key: Hashable, new_lines: Mapping[int, int] | None) -> Hashable:
    if new_lines is None or not isinstance(key, int):
        return key
    return new_lines.get(key, ("removed", key))


def _change(before: _InstructionSteps | None, after: _InstructionSteps | None) -> StepChange:
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


def _kind(before: _InstructionSteps | None, after: _InstructionSteps | None) -> ChangeKind:
    if before is None or after is None:
        return ChangeKind.ADDED if before is None else ChangeKind.REMOVED
    if before.cached != after.cached:
        return ChangeKind.CACHED if after.cached else ChangeKind.MISSED
    difference = after.took - before.took
    if abs(difference) < max(_LEAST_DIFFERENCE, max(before.took, after.took) // _LEAST_FRACTION):
        return ChangeKind.SAME
    return ChangeKind.SLOWER if difference > 0 else ChangeKind.FASTER
