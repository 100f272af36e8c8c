"""What ran, when, and what each waited for: the graph in which the critical path is found.

An activity is one stretch of time in which a vertex ran: a FROM asks for its image first and pulls it
later, in several. A vertex from the cache that took no time is an activity without a place in time: it
passes on the finish of what was executed before it (the times of cached vertexes are those of the
moment the hit was seen and say nothing of order: moby/buildkit solver/progress.go).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct, field

from stagegraph.records.record import Vertex
from stagegraph.timings.step_names import VertexKind

# The clocks of a daemon and of its client are set to each other to some milliseconds.
TOLERANCE = 20_000_000
_MOST_INPUTS = 64  # of a vertex that is asked what set off the pull of its base


class Activity(NamedTuple):
    """One stretch of time of the vertex at position ``vertex``; ``passes``: without a time of its own."""

    vertex: int
    start: int
    end: int
    passes: bool


class Activities(Struct):
    """All activities in an order that what they wait for precedes."""

    all: list[Activity]
    of_vertex: list[list[int]]  # positions in ``all``
    waits: list[list[int]] = field(default_factory=list)  # positions, all of them smaller


def activities_of(
    vertices: Sequence[Vertex], inputs: Sequence[Sequence[int]], *, by_time: bool
) -> Activities:
    """The activities of ``vertices``, each waiting for those of its ``inputs``.

    ``by_time``: order them by their clock, which is exact; else by their vertices.
    """
    moments = _moments(vertices, inputs)
    found = [a for position, vertex in enumerate(vertices) for a in _own(position, vertex, moments[position])]
    if by_time:
        found.sort(key=lambda activity: (activity.start, activity.end, activity.vertex))
    of_vertex: list[list[int]] = [[] for _ in vertices]
    for position, activity in enumerate(found):
        of_vertex[activity.vertex].append(position)
    result = Activities(found, of_vertex)
    users = _users(inputs)
    result.waits = [list(_waits(result, position, inputs, users)) for position in range(len(found))]
    return result


def _moments(vertices: Sequence[Vertex], inputs: Sequence[Sequence[int]]) -> list[int | None]:
    """When each vertex was done with at the latest; one that never began, when its first user began."""
    found: list[int | None] = [v.intervals[-1].end if v.intervals else None for v in vertices]
    begun: list[int | None] = [v.intervals[0].start if v.intervals else None for v in vertices]
    for position in range(len(vertices) - 1, -1, -1):
        start = begun[position]
        for read in inputs[position]:
            known = begun[read]
            if start is not None and not vertices[read].intervals and (known is None or start < known):
                begun[read] = found[read] = start
    return found


def _own(position: int, vertex: Vertex, moment: int | None) -> Iterator[Activity]:
    lasting = [interval for interval in vertex.intervals if interval.end > interval.start]
    if not lasting and vertex.intervals and not vertex.cached:
        lasting = [vertex.intervals[0]]
    for start, end in lasting:
        yield Activity(position, start, end, False)
    if not lasting and moment is not None:
        yield Activity(position, moment, moment, True)


def _users(inputs: Sequence[Sequence[int]]) -> list[list[int]]:
    users: list[list[int]] = [[] for _ in inputs]
    for user, reads in enumerate(inputs):
        for read in reads:
            users[read].append(user)
    return users


def _waits(
    known: Activities, position: int, inputs: Sequence[Sequence[int]], users: Sequence[Sequence[int]]
) -> Iterator[int]:
    activity = known.all[position]
    own = known.of_vertex[activity.vertex]
    if own[0] == position:
        for read in inputs[activity.vertex]:
            yield from _last_before(known, read, position)
        return
    yield own[bisect_left(own, position) - 1]
    yield from _set_off_by(known, position, inputs, users[activity.vertex])


def _last_before(known: Activities, vertex: int, position: int) -> Iterator[int]:
    """The last activity of ``vertex`` that was over when the one at ``position`` began, if any."""
    own = known.of_vertex[vertex]
    count = bisect_left(own, position)
    if len(own) > 1:
        latest = known.all[position].start + TOLERANCE
        count = min(count, bisect_right(own, latest, key=lambda p: known.all[p].end))
    if count:
        yield own[count - 1]


def _set_off_by(
    known: Activities, position: int, inputs: Sequence[Sequence[int]], users: Sequence[int]
) -> Iterator[int]:
    """What the other inputs of a user did before: once they are there, it has its base pulled."""
    activity = known.all[position]
    begun = [(known.all[known.of_vertex[u][0]].start, u) for u in users if known.of_vertex[u]]
    later = [pair for pair in begun if pair[0] >= activity.end - TOLERANCE]
    user = min(later)[1] if later else None
    if user is not None and len(inputs[user]) <= _MOST_INPUTS:
        for read in inputs[user]:
            if read != activity.vertex:
                yield from _last_before(known, read, position)


_TARGET = re.compile(r"\[([^\]\s]+)\] ")  # bake: "[api] exporting to image"
_Ended = list[tuple[int, int]]  # (end, position), sorted


def add_phases(
    known: Activities, kinds: Sequence[VertexKind], names: Sequence[str], targets: Sequence[str]
) -> None:
    """Let what waits for nothing wait for what was done just before it."""
    before = _ended(known, (v for v, kind in enumerate(kinds) if kind is VertexKind.FRONTEND))
    last = _last_of_targets(known, kinds, targets)
    exports: dict[str, _Ended] = {}
    for position, activity in enumerate(known.all):
        if known.waits[position]:
            continue
        if kinds[activity.vertex] is VertexKind.EXPORT:
            match = _TARGET.match(names[activity.vertex])
            target = match[1] if match else ""
            own = exports.setdefault(target, [])
            steps = last.get(target, last[""])
            found = max(_just_before(known, own, position), _just_before(known, steps, position))
            insort(own, (activity.end, position))
        else:
            found = _just_before(known, before, position)
        if found:
            known.waits[position].append(found[-1][1])


def _ended(known: Activities, vertices: Iterable[int]) -> _Ended:
    return sorted((known.all[p].end, p) for vertex in vertices for p in known.of_vertex[vertex])


def _last_of_targets(
    known: Activities, kinds: Sequence[VertexKind], targets: Sequence[str]
) -> dict[str, _Ended]:
    """The steps that nothing reads, of all targets under "" and of each target of bake."""
    read = {known.all[wait].vertex for waits in known.waits for wait in waits}
    last = [
        vertex
        for vertex, kind in enumerate(kinds)
        if kind not in (VertexKind.FRONTEND, VertexKind.EXPORT) and vertex not in read
    ]
    by_target: dict[str, list[int]] = {"": last}
    for vertex in last:
        if targets[vertex]:
            by_target.setdefault(targets[vertex], []).append(vertex)
    return {target: _ended(known, vertices) for target, vertices in by_target.items()}


def _just_before(known: Activities, ended: _Ended, position: int) -> _Ended:
    """The last of ``ended`` before the activity at ``position`` began, or nothing."""
    place = bisect_left(ended, (known.all[position].start, position))
    return ended[place - 1 : place] if place else []
