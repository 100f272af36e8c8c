"""When everything could have ended: the measured build played again, with something taking no time.

Each activity begins as long after the last thing it waited for as it did in the build: what a
builder that is busy, or a registry, made it wait stays.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from stagegraph.timings.waits import Activities, Activity


class Played(Struct, frozen=True, kw_only=True):
    """The build as it was: one value an activity; times from the start of the build."""

    lasts: tuple[int, ...]
    gaps: tuple[int, ...]  # between the last of what it waited for and its start
    finish: tuple[int, ...]
    waits: tuple[tuple[tuple[int, int], ...], ...]  # what it waited for, and how much longer that went on
    last: int  # the activity that ended the build, -1 if there is none
    ending: bool  # whether only ``last`` counts, as in a build that failed

    @property
    def length(self) -> int:
        """When the build ended."""
        return self.finish[self.last] if self.last >= 0 else 0


def played(known: Activities, zero: int, failed: Collection[int]) -> Played:
    """The schedule of ``known``; ``failed`` are the vertices whose failure ended the build."""
    gaps: list[int] = []
    finish: list[int] = []
    waits: list[tuple[tuple[int, int], ...]] = []
    for activity, reads in zip(known.all, known.waits, strict=True):
        start = max((finish[r] for r in reads), default=0) if activity.passes else activity.start - zero
        waits.append(tuple((read, max(0, finish[read] - start)) for read in reads))
        ready = max((finish[read] - over for read, over in waits[-1]), default=0)
        gaps.append(start - ready)
        finish.append(start + _lasts(activity))
    candidates = [p for p, a in enumerate(known.all) if a.vertex in failed] or range(len(finish))
    last = max(candidates, key=lambda position: (finish[position], position), default=-1)
    return Played(
        lasts=tuple(map(_lasts, known.all)),
        gaps=tuple(gaps),
        finish=tuple(finish),
        waits=tuple(waits),
        last=last,
        ending=bool(failed),
    )


def _lasts(activity: Activity) -> int:
    return activity.end - activity.start


def length_without(build: Played, left_out: Collection[int]) -> int:
    """When the build would have ended if the activities ``left_out`` had taken no time."""
    finish = list(build.finish)
    waits, gaps, lasts = build.waits, build.gaps, build.lasts
    for position in range(min(left_out), len(finish)):
        ready = 0
        for read, over in waits[position]:
            if finish[read] - over > ready:
                ready = finish[read] - over
        finish[position] = ready + gaps[position] + (0 if position in left_out else lasts[position])
    return finish[build.last] if build.ending else max(finish)


def critical_path(build: Played) -> list[int]:
    """The activities that the end of the build waited for, the first one first."""
    path = [build.last] if build.last >= 0 else []
    while path and build.waits[path[-1]]:
        path.append(max(build.waits[path[-1]], key=lambda w: (build.finish[w[0]] - w[1], -w[0]))[0])
    return path[::-1]


def slacks(build: Played) -> list[int | None]:
    """How much later each activity could have finished; None for what the end did not wait for."""
    latest: list[int | None] = [None if build.ending else build.length] * len(build.finish)
    if build.last >= 0:
        latest[build.last] = build.length
    for position in range(len(latest) - 1, -1, -1):
        late = latest[position]
        if late is not None:
            start = late - build.lasts[position] - build.gaps[position]
            for read, over in build.waits[position]:
                known = latest[read]
                latest[read] = start + over if known is None else min(known, start + over)
    return [None if late is None else late - end for late, end in zip(latest, build.finish, strict=True)]
