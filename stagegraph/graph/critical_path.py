"""Levels, earliest and latest times, slack and the critical path of weighted steps."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct


class Schedule(Struct, frozen=True, kw_only=True):
    """One value a step, in the unit of the weights; ``path`` is a critical path, first step first."""

    levels: tuple[int, ...]
    finish: tuple[float, ...]
    slack: tuple[float, ...]
    path: tuple[int, ...]
    length: float


def schedule(inputs: Sequence[Sequence[int]], weights: Sequence[float]) -> Schedule:
    """When each step can finish, and how late it may, with no limit on what runs at once.

    ``inputs`` has for each step the steps that it waits for, all of them before it; ``weights`` its
    duration. Of several critical paths the one through the earliest steps is given.
    """
    levels: list[int] = []
    finish: list[float] = []
    for reads, weight in zip(inputs, weights, strict=True):
        levels.append(1 + max((levels[read] for read in reads), default=-1))
        finish.append(weight + max((finish[read] for read in reads), default=0.0))
    length = max(finish, default=0.0)
    return Schedule(
        levels=tuple(levels),
        finish=tuple(finish),
        slack=tuple(_slack(inputs, weights, finish, length)),
        path=tuple(_path(inputs, finish, length)),
        length=length,
    )


def _slack(
    inputs: Sequence[Sequence[int]], weights: Sequence[float], finish: Sequence[float], length: float
) -> list[float]:
    latest = [length] * len(finish)
    for step in range(len(finish) - 1, -1, -1):
        start = latest[step] - weights[step]
        for read in inputs[step]:
            latest[read] = min(latest[read], start)
    return [late - early for late, early in zip(latest, finish, strict=True)]


def _path(inputs: Sequence[Sequence[int]], finish: Sequence[float], length: float) -> list[int]:
    if not finish:
        return []
    step = finish.index(length)
    path = [step]
    while inputs[step]:
        step = max(inputs[step], key=lambda read: (finish[read], -read))
        path.append(step)
    return path[::-1]
