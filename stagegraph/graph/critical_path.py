"""Levels, earliest and latest times, slack and the critical path of weighted steps."""

from __future__ import annotations

from collections.abc import Sequence

import networkx
from msgspec import Struct


class Schedule(Struct, frozen=True, kw_only=True):
    """One value per step, in the unit of the weights; ``path`` is a critical path, first step first."""

    levels: tuple[int, ...]  # length of the longest chain of steps before each, in steps
    finish: tuple[float, ...]  # earliest
    slack: tuple[float, ...]
    path: tuple[int, ...]
    length: float


def schedule(graph: networkx.DiGraph[int], weights: Sequence[float]) -> Schedule:
    """When each step can finish, and how late it may, if any number of steps can run at once.

    ``graph`` has the steps 0, 1, ... in topological order, edges from what is read; ``weights`` has the
    duration of each. Of several critical paths the one through the earliest steps is given.
    """
    finish: list[float] = []
    for step, weight in enumerate(weights):
        finish.append(weight + max((finish[read] for read in graph.pred[step]), default=0.0))
    length = max(finish, default=0.0)
    return Schedule(
        levels=_levels(graph),
        finish=tuple(finish),
        slack=_slack(graph, weights, finish, length),
        path=_critical_path(graph, finish, finish.index(length)) if finish else (),
        length=length,
    )


def _levels(graph: networkx.DiGraph[int]) -> tuple[int, ...]:
    generations = enumerate(networkx.topological_generations(graph))
    level_of = {step: level for level, steps in generations for step in steps}
    return tuple(level_of[step] for step in graph)


def _slack(
    graph: networkx.DiGraph[int], weights: Sequence[float], finish: Sequence[float], length: float
) -> tuple[float, ...]:
    latest = [length] * len(finish)
    for step in range(len(finish) - 1, -1, -1):
        start = latest[step] - weights[step]
        for read in graph.pred[step]:
            latest[read] = min(latest[read], start)
    return tuple(late - early for late, early in zip(latest, finish, strict=True))


def _critical_path(graph: networkx.DiGraph[int], finish: Sequence[float], last: int) -> tuple[int, ...]:
    """The longest path to ``last``, followed back along what each step waits for; of equals the first."""
    path = [last]
    while reads := sorted(graph.pred[path[-1]]):
        path.append(max(reads, key=finish.__getitem__))
    return tuple(reversed(path))
