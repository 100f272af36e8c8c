"""What has no inputs in a record, put in its place by time: before the steps, or after them.

Loading the definition and the metadata of images is reported without edges, and so is exporting.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence

from stagegraph.measured.activities import Activities
from stagegraph.measured.names import VertexKind

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
