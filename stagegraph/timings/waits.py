"""The graph of what waited for what, in which the critical path is found.

Its nodes are activities: one for each interval in which a step ran, since a FROM resolves its image
first and pulls it later. A step from the cache that took no time is an activity without times of its
own and finishes when the last activity it waits for does: BuildKit stamps cached vertexes when it sees
the hit, in no particular order (moby/buildkit solver/progress.go).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct

from stagegraph.timings.step_names import VertexKind
from stagegraph.timings.timings import TimedStep

# Clocks of a daemon and of its client agree to some milliseconds.
TOLERANCE = 20_000_000
_MOST_INPUTS = 64  # of a step whose inputs are searched for what triggered the pull of its base
_BAKE_TARGET = re.compile(r"\[([^\]\s]+)\] ")  # "[api] exporting to image"
_Ends = list[tuple[int, int]]  # (end, position) of activities, sorted


class Activity(NamedTuple):
    """One interval of the step ``step``; ``instant``: without times of its own."""

    step: int
    start: int
    end: int
    instant: bool


class WaitGraph(Struct):
    """All activities, in an order in which what they wait for comes first."""

    activities: list[Activity]
    of_step: list[list[int]]  # positions in ``activities``
    waits: list[list[int]]  # positions of what each waits for, all smaller than its own


def wait_graph(steps: Sequence[TimedStep], *, by_time: bool) -> WaitGraph:
    """The activities of ``steps``, each waiting for those of the inputs of its step.

    ``by_time``: order the activities by the clock, where it is exact; otherwise by their steps.
    """
    latest = _latest_moments(steps)
    activities = [activity for step in steps for activity in _activities_of(step, latest[step.id])]
    if by_time:
        activities.sort(key=lambda activity: (activity.start, activity.end, activity.step))
    of_step: list[list[int]] = [[] for _ in steps]
    for position, activity in enumerate(activities):
        of_step[activity.step].append(position)
    graph = WaitGraph(activities, of_step, [])
    users = _users(steps)
    graph.waits = [list(_waits_of(graph, position, steps, users)) for position in range(len(activities))]
    _add_waits_between_phases(graph, steps)
    return graph


def _latest_moments(steps: Sequence[TimedStep]) -> list[int | None]:
    """When each step ended; for one that never ran, when the first of its users began."""
    latest = [step.end for step in steps]
    begun = [step.start for step in steps]
    for step in reversed(steps):
        start = begun[step.id]
        for read in step.inputs:
            known = begun[read]
            if start is not None and steps[read].start is None and (known is None or start < known):
                begun[read] = latest[read] = start
    return latest


def _activities_of(step: TimedStep, moment: int | None) -> Iterator[Activity]:
    intervals = [interval for interval in step.intervals if interval.end > interval.start]
    if not intervals and step.intervals and not step.cached:
        intervals = [step.intervals[0]]
    for start, end in intervals:
        yield Activity(step.id, start, end, False)
    if not intervals and moment is not None:
        yield Activity(step.id, moment, moment, True)


def _users(steps: Sequence[TimedStep]) -> list[list[int]]:
    users: list[list[int]] = [[] for _ in steps]
    for step in steps:
        for read in step.inputs:
            users[read].append(step.id)
    return users


def _waits_of(
    graph: WaitGraph, position: int, steps: Sequence[TimedStep], users: Sequence[Sequence[int]]
) -> Iterator[int]:
    step = graph.activities[position].step
    own = graph.of_step[step]
    if own[0] == position:
        for read in steps[step].inputs:
            yield from _last_before(graph, read, position)
        return
    yield own[bisect_left(own, position) - 1]
    yield from _triggers(graph, position, steps, users[step])


def _last_before(graph: WaitGraph, step: int, position: int) -> Iterator[int]:
    """The last activity of ``step`` that was over when the one at ``position`` began, if any."""
    own = graph.of_step[step]
    count = bisect_left(own, position)
    if len(own) > 1:
        latest = graph.activities[position].start + TOLERANCE
        count = min(count, bisect_right(own, latest, key=lambda p: graph.activities[p].end))
    if count:
        yield own[count - 1]


def _triggers(
    graph: WaitGraph, position: int, steps: Sequence[TimedStep], users: Sequence[int]
) -> Iterator[int]:
    """The other inputs of the first user that began after: once they are done, it has its base pulled."""
    activity = graph.activities[position]
    begun = [(graph.activities[graph.of_step[user][0]].start, user) for user in users if graph.of_step[user]]
    later = [pair for pair in begun if pair[0] >= activity.end - TOLERANCE]
    user = min(later)[1] if later else None
    if user is not None and len(steps[user].inputs) <= _MOST_INPUTS:
        for read in steps[user].inputs:
            if read != activity.step:
                yield from _last_before(graph, read, position)


def _add_waits_between_phases(graph: WaitGraph, steps: Sequence[TimedStep]) -> None:
    """Let steps wait for loading, and exports for the steps: BuildKit reports no such inputs."""
    loading = _ends(graph, (step.id for step in steps if step.kind is VertexKind.FRONTEND))
    last = _last_of_targets(graph, steps)
    exports: dict[str, _Ends] = {}
    for position, activity in enumerate(graph.activities):
        if graph.waits[position]:
            continue
        step = steps[activity.step]
        if step.kind is VertexKind.EXPORT:
            match = _BAKE_TARGET.match(step.name)
            target = match[1] if match else ""
            earlier = exports.setdefault(target, [])
            built = last.get(target, last[""])
            wait = max(_just_before(graph, earlier, position), _just_before(graph, built, position))
            insort(earlier, (activity.end, position))
        else:
            wait = _just_before(graph, loading, position)
        graph.waits[position] += [waited for _, waited in wait]


def _ends(graph: WaitGraph, steps: Iterable[int]) -> _Ends:
    return sorted((graph.activities[p].end, p) for step in steps for p in graph.of_step[step])


def _last_of_targets(graph: WaitGraph, steps: Sequence[TimedStep]) -> dict[str, _Ends]:
    """The steps that nothing waits for, of all targets under "" and of each bake target."""
    read = {graph.activities[wait].step for waits in graph.waits for wait in waits}
    outer = (VertexKind.FRONTEND, VertexKind.EXPORT)
    last = [step for step in steps if step.kind not in outer and step.id not in read]
    by_target: dict[str, list[int]] = {"": [step.id for step in last]}
    for step in last:
        if step.target:
            by_target.setdefault(step.target, []).append(step.id)
    return {target: _ends(graph, own) for target, own in by_target.items()}


def _just_before(graph: WaitGraph, ends: _Ends, position: int) -> _Ends:
    """The last of ``ends`` before the activity at ``position`` began, or nothing."""
    count = bisect_left(ends, (graph.activities[position].start, position))
    return ends[count - 1 : count] if count else []
