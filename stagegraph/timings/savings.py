"""How much sooner the build would have ended without something on its path, found by playing it again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from stagegraph.timings.replay import Played, length_without
from stagegraph.timings.timings import PathPart, Saving, SavingKind, TimedStage, TimedStep
from stagegraph.timings.totals import by_lines

# Playing costs as much as the build has activities. Of the thousands of steps that a path may have,
# those that can save the most are played, within this many activities.
_BUDGET = 1_000_000
_AT_LEAST = 40


class Savings:
    """What each set of steps would save; the same set is played once."""

    def __init__(self, build: Played, of_step: Sequence[Sequence[int]], path: Iterable[int]) -> None:
        self._build = build
        self._of_step = of_step
        self._path = frozenset(path)
        self._left = max(_AT_LEAST, _BUDGET // (len(build.finish) + 1))
        self._known: dict[frozenset[int], int | None] = {}
        self.complete = True

    def most(self, steps: Collection[int]) -> int:
        """What ``steps`` can save at the most: how long they ran on the path."""
        return sum(self._build.lasts[p] for step in steps for p in self._of_step[step] if p in self._path)

    def of(self, steps: Collection[int]) -> int | None:
        """How much sooner the build would end if ``steps`` took no time; None when it is not played."""
        left_out = frozenset(p for step in steps for p in self._of_step[step])
        if left_out not in self._known:
            self._known[left_out] = self._play(left_out) if self.most(steps) else 0
        return self._known[left_out]

    def _play(self, left_out: frozenset[int]) -> int | None:
        if self._left <= 0:
            self.complete = False
            return None
        self._left -= 1
        return self._build.length - length_without(self._build, left_out)


def savings_of(savings: Savings, groups: Mapping[object, Collection[int]]) -> dict[object, int | None]:
    """The saving of each of ``groups`` of steps; those that could save the most first."""
    order = sorted(groups, key=lambda name: (-savings.most(groups[name]), min(groups[name], default=0)))
    return {name: savings.of(groups[name]) for name in order}


def biggest_savings(
    savings: Savings, steps: Sequence[TimedStep], stages: Sequence[TimedStage], parts: Sequence[PathPart]
) -> list[Saving]:
    """What each instruction and each stage on the path would save, the biggest saving first."""
    lines = by_lines(steps, (part.step for part in parts))
    on_path: Mapping[object, tuple[int, ...]] = {s.id: s.steps for s in stages if s.on_path}
    found = []
    for key, saves in savings_of(savings, lines).items():
        if saves:
            own = lines[key]
            first = steps[next(step for step in own if steps[step].critical)]
            found.append(_saving(SavingKind.STEP, first.name, saves, own, steps, lines=first.lines))
    for key, saves in savings_of(savings, on_path).items():
        if saves and isinstance(key, int):
            stage = stages[key]
            found.append(_saving(SavingKind.STAGE, stage.name, saves, stage.steps, steps, stage=key))
    return sorted(found, key=lambda s: (-s.saves, s.kind, s.steps))


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
