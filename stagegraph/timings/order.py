"""Orders the vertices of a record topologically, and finds when the build started and how long it took.

A plain log has no inputs and no times: they are estimated from its Dockerfile, and unknown without one.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.model import StepKind
from stagegraph.records.record import SECOND, Interval, Record, Vertex
from stagegraph.timings.candidates import StepIndex
from stagegraph.timings.match import MatchedRecord
from stagegraph.timings.step_names import VertexKind

_CONCURRENT = ("load metadata for", "[auth]")  # vertices that BuildKit runs at the same time
_SPAN_TOLERANCE = SECOND  # between the times of vertices and the recorded start and end of the build
_NEVER = 1 << 63
_RANKS = {VertexKind.FRONTEND: 0, VertexKind.EXPORT: 2}


class VertexOrder(Struct, frozen=True, kw_only=True):
    """The vertices of a record, inputs before users, and the time of the whole build, in nanoseconds."""

    vertices: Sequence[Vertex]
    inputs: Sequence[tuple[int, ...]]  # positions in ``vertices``
    start: int  # of the build, on the clock of the vertices
    wall: int | None  # None: neither a clock nor what each vertex reads is known
    begun: int | None  # ``start`` since 1970; None: the record has no clock
    notes: Sequence[str]  # what was left out or estimated


def order_vertices(matched: MatchedRecord) -> VertexOrder:
    """The vertices of a record in order; without a clock, intervals are estimated.

    Where it is not known what the vertices read, there is nothing to estimate them from.
    """
    record = matched.record
    inputs, notes = _inputs(matched)
    kinds = [matched.matches[vertex.digest].kind for vertex in record.vertices]
    ranks = [0] * len(kinds) if record.has_inputs else [_RANKS.get(kind, 1) for kind in kinds]
    order, inputs, ignored = _topological_order(record.vertices, inputs, ranks)
    if ignored:
        notes.append(f"{ignored} inputs were ignored because they form cycles")
    vertices = [record.vertices[position] for position in order]
    has_clock = any(vertex.intervals for vertex in vertices)
    known = has_clock or matched.dependencies_known
    if known and not has_clock:
        vertices = _estimated_intervals(vertices, inputs, [kinds[position] for position in order])
        notes.append("the record has no clock; starts and ends are estimated from durations and inputs")
    start, wall, note = _span(record, vertices, has_clock)
    return VertexOrder(
        vertices=vertices,
        inputs=inputs,
        start=start,
        wall=wall if known else None,
        begun=start if has_clock else None,
        notes=[*notes, note] if note else notes,
    )


def _inputs(matched: MatchedRecord) -> tuple[list[tuple[int, ...]], list[str]]:
    """The positions of the vertices that each vertex reads, and a note on those that are missing."""
    record = matched.record
    if not record.has_inputs:
        return _inputs_of_log(matched), []
    position = {vertex.digest: n for n, vertex in enumerate(record.vertices)}
    inputs = [tuple(dict.fromkeys(position[d] for d in v.inputs if d in position)) for v in record.vertices]
    missing = sum(digest not in position for vertex in record.vertices for digest in vertex.inputs)
    return inputs, [f"{missing} inputs are not in the record"] if missing else []


def _topological_order(
    vertices: Sequence[Vertex], inputs: Sequence[Sequence[int]], ranks: Sequence[int]
) -> tuple[list[int], list[tuple[int, ...]], int]:
    """An order of positions, the inputs of each as positions in that order, and how many inputs were ignored.

    Of the vertices that are ready, the one of the lowest rank comes first, then the one that began first. A
    damaged record may have cycles: they are cut.
    """
    users: list[list[int]] = [[] for _ in vertices]
    missing = [len(reads) for reads in inputs]
    for user, reads in enumerate(inputs):
        for read in reads:
            users[read].append(user)
    keys = [(rank, _began(vertex), n) for n, (rank, vertex) in enumerate(zip(ranks, vertices, strict=True))]
    ready = [key for key in keys if not missing[key[2]]]
    heapify(ready)
    position: dict[int, int] = {}
    kept: list[tuple[int, ...]] = []
    ignored = 0
    for key in [(-1, -1, -1), *sorted(keys)]:  # of those that remain, the first one breaks a cycle
        if key[2] >= 0 and key[2] not in position:
            heappush(ready, key)
        while ready:
            current = heappop(ready)[2]
            if current in position:
                continue
            kept.append(tuple(sorted(position[read] for read in inputs[current] if read in position)))
            ignored += len(inputs[current]) - len(kept[-1])
            position[current] = len(position)
            for user in users[current]:
                missing[user] -= 1
                if not missing[user]:
                    heappush(ready, keys[user])
    return list(position), kept, ignored


def _began(vertex: Vertex) -> int:
    return vertex.intervals[0].start if vertex.intervals else _NEVER


def _span(record: Record, vertices: Sequence[Vertex], has_clock: bool) -> tuple[int, int, str]:
    """When the build started, how long it took, and a note if the record contradicts its vertices."""
    first = min((vertex.intervals[0].start for vertex in vertices if vertex.intervals), default=0)
    last = max((vertex.intervals[-1].end for vertex in vertices if vertex.intervals), default=0)
    span = record.span
    if span is None or not has_clock:
        return first, last - first, ""
    if span.start - _SPAN_TOLERANCE <= first and last <= span.end + _SPAN_TOLERANCE:
        start, end = min(span.start, first), max(span.end, last)
        return start, end - start, ""
    return first, last - first, "the recorded start and end do not match the steps; the steps were used"


def _inputs_of_log(matched: MatchedRecord) -> list[tuple[int, ...]]:
    """What each vertex of a log reads, as positions: by the Dockerfile; nothing where that is unknown."""
    vertices = matched.record.vertices
    if not matched.dependencies_known:
        return [() for _ in vertices]
    lines = [matched.matches[vertex.digest].lines for vertex in vertices]
    return _inputs_by_dockerfile(vertices, lines, matched.dockerfile.steps)


def _inputs_by_dockerfile(
    vertices: Sequence[Vertex], lines: Sequence[tuple[int, ...]], index: StepIndex
) -> list[tuple[int, ...]]:
    """What each vertex reads by the steps of the Dockerfile that it stands for."""
    steps = index.steps
    steps_of = [list(index.find(v.name, own)) for v, own in zip(vertices, lines, strict=True)]
    vertex_of = {step: vertex for vertex, own in reversed(list(enumerate(steps_of))) for step in own}
    for position, step in enumerate(steps):  # a log shows a linked copy and its merge as one
        vertex = vertex_of.get(step.inputs[-1]) if step.kind is StepKind.MERGE else None
        if vertex is not None and position not in vertex_of:
            vertex_of[position] = vertex
            steps_of[vertex].append(position)
    vertices_of: list[frozenset[int]] = []  # of each step: its vertex, or those it reads if it has none
    for position, step in enumerate(steps):
        read = frozenset().union(*(vertices_of[read] for read in step.inputs if read < position))
        vertices_of.append(frozenset({vertex_of[position]}) if position in vertex_of else read)
    inputs = []
    for vertex, own in enumerate(steps_of):
        read_vertices = {v for step in own for read in steps[step].inputs for v in vertices_of[read]}
        inputs.append(tuple(sorted(read_vertices - {vertex})))
    return inputs


def _estimated_intervals(
    vertices: Sequence[Vertex], inputs: Sequence[Sequence[int]], kinds: Sequence[VertexKind]
) -> list[Vertex]:
    """``vertices`` (inputs before users) with intervals from time 0: each starts when its inputs end."""
    ends: list[int] = []
    result: list[Vertex] = []
    starts, frontend_end = _frontend_starts(vertices, kinds)
    export_start = 0
    for position, vertex in enumerate(vertices):
        if kinds[position] is VertexKind.FRONTEND:
            start = starts[position] if position < len(starts) else frontend_end
        elif kinds[position] is VertexKind.EXPORT:
            start = export_start
        else:
            start = max((ends[read] for read in inputs[position]), default=frontend_end)
        ends.append(start + vertex.duration)
        export_start = max(export_start, ends[-1])
        result.append(replace(vertex, intervals=(Interval(start, ends[-1]),)) if vertex.ran else vertex)
    return result


def _frontend_starts(vertices: Sequence[Vertex], kinds: Sequence[VertexKind]) -> tuple[list[int], int]:
    """When each of the leading frontend vertices starts, and when the last of them ends."""
    starts: list[int] = []
    start = end = 0
    for vertex, kind in zip(vertices, kinds, strict=True):
        if kind is not VertexKind.FRONTEND:
            break
        if not any(words in vertex.name for words in _CONCURRENT):
            start = end
        starts.append(start)
        end = max(end, start + vertex.duration)
    return starts, end
