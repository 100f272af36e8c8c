"""Computes how much sooner the build would have ended without a step or a stage, by replaying it."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence

from stagegraph.timings.replay import Replay, length_without
from stagegraph.timings.timings import PathPart, Saving, SavingKind, TimedStage, TimedStep

# A replay visits every activity, and a path may have thousands of steps. Those that can save the most
# are left out first, until this many activities are visited.
_BUDGET = 1_000_000
_FEWEST_REPLAYS = 40


class Replays:
    """Replays the build without sets of steps, each set once, within the budget."""

    def __init__(self, replay: Replay, of_step: Sequence[Sequence[int]], path: Iterable[int]) -> None:
        self._replay = replay
        self._of_step = of_step  # positions of activities
        self._path = frozenset(path)
        self._left = max(_FEWEST_REPLAYS, _BUDGET // (len(replay.finish) + 1))
        self._known: dict[frozenset[int], int | None] = {}
        self.complete = True  # whether the budget was enough for all that was asked

    def saving(self, steps: Collection[int]) -> int | None:
        """How much sooner the build would end if ``steps`` took no time; None: the budget is used up."""
        left_out = frozenset(p for step in steps for p in self._of_step[step])
        if left_out not in self._known:
            self._known[left_out] = self._replayed(left_out) if self._upper_bound(steps) else 0
        return self._known[left_out]

    def savings(self, groups: Mapping[Hashable, Collection[int]]) -> dict[Hashable, int | None]:
        """The saving of each of ``groups`` of steps; those that could save the most first."""
        bounds = {key: self._upper_bound(steps) for key, steps in groups.items()}
        order = sorted(groups, key=lambda key: (-bounds[key], min(groups[key], default=0)))
        return {key: self.saving(groups[key]) for key in order}

    def _upper_bound(self, steps: Collection[int]) -> int:
        """How long ``steps`` ran on the path: they cannot save more."""
        durations = self._replay.durations
        return sum(durations[p] for step in steps for p in self._of_step[step] if p in self._path)

    def _replayed(self, left_out: frozenset[int]) -> int | None:
        if self._left <= 0:
            self.complete = False
            return None
        self._left -= 1
        return self._replay.length - length_without(self._replay, left_out)


def largest_savings(
    replays: Replays, steps: Sequence[TimedStep], stages: Sequence[TimedStage], parts: Sequence[PathPart]
) -> list[Saving]:
    """What each instruction and each stage on the critical path would save, the largest saving first."""
    savings = []
    instructions = _steps_by_instruction(steps, [part.step for part in parts])
    for key, saves in replays.savings(instructions).items():
        if saves:
            own = instructions[key]
            first = next(steps[step] for step in own if steps[step].critical)
            saving = _saving(SavingKind.STEP, first.name, saves, own, steps, lines=first.lines)
            savings.append(saving)
    on_path: Mapping[Hashable, tuple[int, ...]] = {s.id: s.steps for s in stages if s.on_path}
    for key, saves in replays.savings(on_path).items():
        if saves and isinstance(key, int):
            name = stages[key].name
            savings.append(_saving(SavingKind.STAGE, name, saves, on_path[key], steps, stage=key))
    return sorted(savings, key=lambda saving: (-saving.saves, saving.kind, saving.steps))


def _steps_by_instruction(steps: Sequence[TimedStep], path: Sequence[int]) -> dict[Hashable, tuple[int, ...]]:
    """The steps of each instruction on the path, on all platforms; a step without lines is its own."""
    wanted = {_instruction(steps[step]) for step in path}
    groups: dict[Hashable, list[int]] = {}
    for step in steps:
        key = _instruction(step)
        if key in wanted:
            groups.setdefault(key, []).append(step.id)
    return {key: tuple(own) for key, own in groups.items()}


def _instruction(step: TimedStep) -> Hashable:
    return step.lines or step.id


def _saving(
    kind: SavingKind,
    name: str,
    saves: int,
    own: tuple[int, ...],
    steps: Sequence[TimedStep],
    *,
    lines: tuple[int, ...] = (),
    stage: int | None = None,
) -> Saving:
    took = sum(steps[step].duration for step in own)
    return Saving(kind=kind, name=name, saves=saves, took=took, steps=own, lines=lines, stage=stage)
