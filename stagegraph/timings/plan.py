"""The sequence of changes that shortens a build most together, by playing the build without them again."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence

from stagegraph.timings.match import MatchedRecord
from stagegraph.timings.order import order_vertices
from stagegraph.timings.replay import Replay, critical_path, finish_without, length_without, replay_of
from stagegraph.timings.timings import PlannedChange, TimedStep, Timings
from stagegraph.timings.totals import failed_steps, timed_steps
from stagegraph.timings.waits import WaitGraph, wait_graph

_MOST_CHANGES = 8
_LEAST = 100  # a change below one part in this many of the build is not worth it
_MOST_TRIED = 40  # in each round, the longest
_BUDGET = 4_000_000  # activities that are visited


def plan_of(matched: MatchedRecord, timings: Timings) -> tuple[PlannedChange, ...]:
    """The changes to make one after the other, each with the time of the build after it.

    In each round, the next one is the instruction on the critical path without which the build is shortest,
    of equal ones the longest. Where several branches end at almost the same time, the first changes save
    little, and the last of them saves what they save together. Nothing if the dependencies are not known,
    or if the build failed.
    """
    if not timings.dependencies_known or timings.error or not timings.wall:
        return ()
    steps, _ = timed_steps(order_vertices(matched), matched)
    graph = wait_graph(steps, by_time=matched.record.has_inputs)
    replay = replay_of(graph, failed_steps(steps))
    return tuple(_worth_it(list(_changes(graph, replay, steps, timings.wall)), timings.wall))


def _changes(
    graph: WaitGraph, replay: Replay, steps: Sequence[TimedStep], wall: int
) -> Iterator[PlannedChange]:
    groups = _instructions(graph, steps)
    of = {position: key for key, own in groups.items() for position in own}
    left_out: set[int] = set()
    visited = 0
    while visited < _BUDGET:
        finish = finish_without(replay, left_out)
        path = critical_path(_played(replay, finish, left_out))
        on_path = dict.fromkeys(of[one] for one in path if one not in left_out and replay.durations[one])
        candidates = sorted(on_path, key=lambda key: -_sum(replay, groups[key]))[:_MOST_TRIED]
        if not candidates:
            return
        visited += len(candidates) * len(finish)
        best = min(
            candidates, key=lambda key: (_length(replay, left_out, groups[key]), -_sum(replay, groups[key]))
        )
        before = _length(replay, left_out, ())
        left_out.update(groups[best])
        own = tuple(dict.fromkeys(graph.activities[one].step for one in groups[best]))
        after = _length(replay, left_out, ())
        first = steps[own[0]]
        yield PlannedChange(
            name=first.name,
            lines=first.lines,
            steps=own,
            took=_sum(replay, groups[best]),
            saves=before - after,
            wall=wall - replay.length + after,
        )


def _played(replay: Replay, finish: Sequence[int], left_out: set[int]) -> Replay:
    """The build without ``left_out`` as a replay of its own."""
    from msgspec.structs import replace

    last = replay.last if replay.failed else max(range(len(finish)), key=lambda one: (finish[one], one))
    durations = (0 if one in left_out else time for one, time in enumerate(replay.durations))
    return replace(replay, finish=tuple(finish), durations=tuple(durations), last=last)


def _length(replay: Replay, left_out: set[int], more: Sequence[int]) -> int:
    both = left_out.union(more)
    return length_without(replay, both) if both else replay.length


def _sum(replay: Replay, own: Sequence[int]) -> int:
    return sum(replay.durations[one] for one in own)


def _instructions(graph: WaitGraph, steps: Sequence[TimedStep]) -> Mapping[Hashable, list[int]]:
    """The activities of each instruction on all platforms; a step without lines is its own."""
    groups: dict[Hashable, list[int]] = {}
    for position, activity in enumerate(graph.activities):
        step = steps[activity.step]
        groups.setdefault(step.lines or step.id, []).append(position)
    return groups


def _worth_it(changes: Sequence[PlannedChange], wall: int) -> Sequence[PlannedChange]:
    """The first changes, up to the last that shortens the build by a part that counts."""
    shown = changes[:_MOST_CHANGES]
    worth = [number for number, one in enumerate(shown, 1) if one.saves * _LEAST >= wall]
    return shown[: max(worth, default=0)]
