"""Replays a recorded build: its critical path, the slack of each activity, its length without some.

Each activity starts as long after the last thing it waited for as it did in the build, so delays
by a busy builder or a registry stay.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct

from stagegraph.timings.timings import PathPart
from stagegraph.timings.waits import Activity, WaitGraph


class Replay(Struct, frozen=True, kw_only=True):
    """The build as it was: one value for each activity; nanoseconds from the start of the build."""

    durations: tuple[int, ...]
    delays: tuple[int, ...]  # between the last of what it waited for and its start
    finish: tuple[int, ...]
    # what it waited for, and how much of that was still running when it started
    waits: tuple[tuple[tuple[int, int], ...], ...]
    last: int  # the activity that ended the build, -1 without activities
    failed: bool  # whether ``last`` ended the build by its failure, so that nothing else counts

    @property
    def length(self) -> int:
        """When the build ended."""
        return self.finish[self.last] if self.last >= 0 else 0


def replay_of(graph: WaitGraph, failed: Collection[int]) -> Replay:
    """The schedule of ``graph``; ``failed`` are the steps whose failure ended the build."""
    delays: list[int] = []
    finish: list[int] = []
    waits: list[tuple[tuple[int, int], ...]] = []
    for activity, reads in zip(graph.activities, graph.waits, strict=True):
        start = max((finish[read] for read in reads), default=0) if activity.instant else activity.start
        waits.append(tuple((read, max(0, finish[read] - start)) for read in reads))
        ready = max((finish[read] - overlap for read, overlap in waits[-1]), default=0)
        delays.append(start - ready)
        finish.append(start + _duration(activity))
    ending = [p for p, activity in enumerate(graph.activities) if activity.step in failed]
    last = max(ending or range(len(finish)), key=lambda position: (finish[position], position), default=-1)
    return Replay(
        durations=tuple(map(_duration, graph.activities)),
        delays=tuple(delays),
        finish=tuple(finish),
        waits=tuple(waits),
        last=last,
        failed=bool(failed),
    )


def _duration(activity: Activity) -> int:
    return activity.end - activity.start


def length_without(replay: Replay, left_out: Collection[int]) -> int:
    """When the build would have ended if the activities ``left_out`` had taken no time."""
    finish = finish_without(replay, left_out)
    return finish[replay.last] if replay.failed else max(finish)


def finish_without(replay: Replay, left_out: Collection[int]) -> list[int]:
    """When each activity would have ended if those in ``left_out`` had taken no time."""
    finish = list(replay.finish)
    waits, delays, durations = replay.waits, replay.delays, replay.durations
    for position in range(min(left_out, default=len(finish)), len(finish)):
        ready = 0
        for read, overlap in waits[position]:
            if finish[read] - overlap > ready:
                ready = finish[read] - overlap
        finish[position] = ready + delays[position] + (0 if position in left_out else durations[position])
    return finish


def critical_path(replay: Replay) -> list[int]:
    """The activities that the end of the build waited for, the first one first."""
    path = [replay.last] if replay.last >= 0 else []
    while path and replay.waits[path[-1]]:
        path.append(max(replay.waits[path[-1]], key=lambda w: (replay.finish[w[0]] - w[1], -w[0]))[0])
    return path[::-1]


def path_parts(graph: WaitGraph, path: Sequence[int]) -> list[PathPart]:
    """The critical path by step: times waited and run, which add up to its end."""
    parts: list[PathPart] = []
    now = 0
    for position in path:
        step, start, end, instant = graph.activities[position]
        if instant:
            start = end = now
        waited, time = max(0, start - now), max(0, end - max(start, now))
        now = max(now, end)
        if parts and parts[-1].step == step:
            before = parts.pop()
            waited, time = before.waited + waited, before.time + time
            parts.append(PathPart(step=step, start=before.start, end=now, time=time, waited=waited))
        else:
            parts.append(PathPart(step=step, start=now - time, end=now, time=time, waited=waited))
    return parts


def slacks(replay: Replay) -> list[int | None]:
    """How much later each activity could have finished; None for what the end did not wait for."""
    latest: list[int | None] = [None if replay.failed else replay.length] * len(replay.finish)
    if replay.last >= 0:
        latest[replay.last] = replay.length
    for position in range(len(latest) - 1, -1, -1):
        late = latest[position]
        if late is not None:
            start = late - replay.durations[position] - replay.delays[position]
            for read, overlap in replay.waits[position]:
                known = latest[read]
                latest[read] = start + overlap if known is None else min(known, start + overlap)
    return [None if late is None else late - end for late, end in zip(latest, replay.finish, strict=True)]
