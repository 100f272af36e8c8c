"""How a build ended: it failed at something, or the record stops before the build does."""

from __future__ import annotations

from collections.abc import Sequence

from stagegraph.measured.model import CANCELED
from stagegraph.records.model import Record, Vertex


def failed(vertices: Sequence[Vertex]) -> set[int]:
    """What failed by itself, and was not stopped because something else did."""
    return {n for n, v in enumerate(vertices) if v.error and v.intervals and not v.error.endswith(CANCELED)}


def interrupted(record: Record, vertices: Sequence[Vertex]) -> bool:
    """Whether the record ends in the midst: something began and did not end, or waits without a reason."""
    reason = record.error or error_of(vertices)
    return any(vertex.unfinished or (not vertex.ran and not reason) for vertex in vertices)


def error_of(vertices: Sequence[Vertex]) -> str:
    """The first error of what failed by itself, or nothing."""
    errors = [v for v in vertices if v.error and not v.error.endswith(CANCELED)]
    return errors[0].error if errors else ""
