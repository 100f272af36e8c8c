"""The vertices of a record in order, with what each reads, and the time that the build took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stagegraph.measured.names import VertexKind, step_words
from stagegraph.measured.order import in_order
from stagegraph.measured.placing import placed
from stagegraph.measured.static_graph import all_steps, inputs_by_dockerfile
from stagegraph.measured.ties import Tied
from stagegraph.records.model import Record, Vertex

_SPAN_SLACK = 1_000_000_000  # by which events may lie outside what the record says of the whole build


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequenced:
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
