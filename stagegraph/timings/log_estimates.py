"""Estimates what a plain log lacks: the inputs of each vertex, and when it ran."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from stagegraph.model import StepKind
from stagegraph.records.record import Interval, Vertex
from stagegraph.timings.dockerfile_steps import StepIndex
from stagegraph.timings.match import MatchedRecord
from stagegraph.timings.step_names import VertexKind, step_name

_CONCURRENT = ("load metadata for", "[auth]")  # vertices that BuildKit runs at the same time


def inputs_of_log(matched: MatchedRecord) -> list[tuple[int, ...]]:
    """What each vertex of a log reads, as positions: by the Dockerfile, else by the numbers of the steps."""
    vertices = matched.record.vertices
    if matched.dockerfile.builds:
        lines = [matched.matches[vertex.digest].lines for vertex in vertices]
        return _inputs_by_dockerfile(vertices, lines, matched.dockerfile.steps)
    last: dict[tuple[str, str], int] = {}  # platform and stage -> the position of its latest step
    inputs: list[tuple[int, ...]] = []
    for position, vertex in enumerate(vertices):
        parts = step_name(vertex.name)
        key = (parts.platform, parts.stage) if parts else ("", "")
        inputs.append((last[key],) if parts and key in last else ())
        if parts:
            last[key] = position
    return inputs


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


def estimated_intervals(
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
