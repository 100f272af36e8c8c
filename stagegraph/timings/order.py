"""The vertices of a record in order, with what each reads, and the time that the build took."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.records.record import Interval, Record, Vertex
from stagegraph.timings.dockerfile_of_record import Tied
from stagegraph.timings.static_graph import all_steps, inputs_by_dockerfile
from stagegraph.timings.step_names import VertexKind, step_words


def in_order(
    vertices: Sequence[Vertex], inputs: Sequence[Sequence[int]], ranks: Sequence[int]
) -> tuple[list[int], list[tuple[int, ...]], int]:
    """An order of positions, the inputs of each in terms of that order, and how many inputs were cut.

    Of the vertices that may come next the one of the lowest rank that began first does. A damaged
    record may have cycles: they are cut.
    """
    users: list[list[int]] = [[] for _ in vertices]
    missing = [len(reads) for reads in inputs]
    for user, reads in enumerate(inputs):
        for read in reads:
            users[read].append(user)
    keys = [(rank, _began(vertex), n) for n, (rank, vertex) in enumerate(zip(ranks, vertices, strict=True))]
    waiting = sorted(keys)
    ready = [key for key in keys if not missing[key[2]]]
    heapify(ready)
    place: dict[int, int] = {}
    kept: list[tuple[int, ...]] = []
    cut = 0
    for key in [(-1, -1, -1), *waiting]:  # of those that are left, the first one breaks a cycle
        if key[2] >= 0 and key[2] not in place:
            heappush(ready, key)
        while ready:
            current = heappop(ready)[2]
            if current in place:
                continue
            kept.append(tuple(sorted(place[read] for read in inputs[current] if read in place)))
            cut += len(inputs[current]) - len(kept[-1])
            place[current] = len(place)
            for user in users[current]:
                missing[user] -= 1
                if not missing[user]:
                    heappush(ready, keys[user])
    return list(place), kept, cut


def _began(vertex: Vertex) -> int:
    return vertex.intervals[0].start if vertex.intervals else 1 << 63


_AT_ONCE = ("load metadata for", "[auth]")  # BuildKit does these side by side


def placed(
    vertices: Sequence[Vertex], inputs: Sequence[Sequence[int]], kinds: Sequence[VertexKind]
) -> list[Vertex]:
    """``vertices``, each input before its users, with intervals from time 0 on."""
    ends: list[int] = []
    found: list[Vertex] = []
    ready = _before(vertices, kinds)
    for position, vertex in enumerate(vertices):
        kind = kinds[position]
        if kind is VertexKind.FRONTEND:
            start = ready[position]
        elif kind is VertexKind.EXPORT:
            start = max(ends, default=0)
        else:
            start = max((ends[read] for read in inputs[position]), default=max(ready, default=0))
        ends.append(start + vertex.duration)
        found.append(replace(vertex, intervals=(Interval(start, ends[-1]),)) if vertex.ran else vertex)
    return found


def _before(vertices: Sequence[Vertex], kinds: Sequence[VertexKind]) -> list[int]:
    """When each of the first vertices began that prepare the build, and last when all were done."""
    found: list[int] = []
    begun = done = 0
    for vertex, kind in zip(vertices, kinds, strict=True):
        if kind is not VertexKind.FRONTEND:
            break
        if not any(words in vertex.name for words in _AT_ONCE):
            begun = done
        found.append(begun)
        done = max(done, begun + vertex.duration)
    return [*found, done]


_SPAN_SLACK = 1_000_000_000  # by which events may lie outside what the record says of the whole build


class Sequenced(Struct, frozen=True, kw_only=True):
    """Vertices with the positions of what each reads, and what had to be left out or worked out."""

    vertices: list[Vertex]  # inputs before users
    inputs: list[tuple[int, ...]]
    notes: list[str]


def sequenced(record: Record, tied: Tied) -> Sequenced:
    """The vertices of ``record``, inputs before users; placed in time if the record has no clock."""
    vertices = record.vertices
    kinds = [tied.ties[vertex.digest].kind for vertex in vertices]
    if record.has_inputs:
        position = {vertex.digest: n for n, vertex in enumerate(vertices)}
        inputs = [tuple(dict.fromkeys(position[d] for d in v.inputs if d in position)) for v in vertices]
        unknown = sum(digest not in position for vertex in vertices for digest in vertex.inputs)
    else:
        inputs, unknown = _inputs_without(record, tied), 0
    ranks = [0] * len(vertices) if record.has_inputs else [_rank(kind) for kind in kinds]
    order, kept, cut = in_order(vertices, inputs, ranks)
    notes = [f"{unknown} inputs are not in the record"] if unknown else []
    notes += [f"{cut} inputs that form cycles were left out"] if cut else []
    found = [vertices[n] for n in order]
    if not any(vertex.intervals for vertex in found):
        found = placed(found, kept, [kinds[n] for n in order])
        notes.append("the record has no clock: starts and ends follow from durations and the Dockerfile")
    return Sequenced(vertices=found, inputs=kept, notes=notes)


def _rank(kind: VertexKind) -> int:
    return {VertexKind.FRONTEND: 0, VertexKind.EXPORT: 2}.get(kind, 1)


def _inputs_without(record: Record, tied: Tied) -> list[tuple[int, ...]]:
    """The inputs of a log: by the Dockerfile, or as far as the numbers of the steps tell."""
    if tied.builds:
        return inputs_by_dockerfile(record.vertices, tied.ties, all_steps(tied.builds))
    last: dict[tuple[str, str], int] = {}
    found: list[tuple[int, ...]] = []
    for position, vertex in enumerate(record.vertices):
        words = step_words(vertex.name)
        key = (words.platform, words.stage) if words else ("", "")
        found.append((last[key],) if words and key in last else ())
        if words:
            last[key] = position
    return found


def span_of(record: Record, vertices: Sequence[Vertex]) -> tuple[int, int, int | None, str]:
    """Time 0 on the clock of the vertices, the wall time, time 0 since 1970, and what to say of it."""
    starts = [vertex.intervals[0].start for vertex in vertices if vertex.intervals]
    first = min(starts, default=0)
    last = max((vertex.intervals[-1].end for vertex in vertices if vertex.intervals), default=0)
    measured = any(vertex.intervals for vertex in record.vertices)
    span = record.span
    if span is None or not measured:
        return first, last - first, first if measured else None, ""
    if span.start - _SPAN_SLACK <= first and last <= span.end + _SPAN_SLACK:
        start, end = min(span.start, first), max(span.end, last)
        return start, end - start, start, ""
    note = "when the build began and ended does not fit its steps: it is taken from the steps"
    return first, last - first, first, note
