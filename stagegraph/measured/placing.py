"""Times for a record without a clock: everything as early as what it reads allows.

A plain log says how long each step ran and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stagegraph.measured.names import VertexKind
from stagegraph.records.model import Interval, Vertex

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
