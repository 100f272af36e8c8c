"""A record of a build: every vertex that BuildKit reported, with its times.

Times are whole nanoseconds since 1970, as BuildKit has them, so that sums come out to the digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct, field

from stagegraph.options import Options
from stagegraph.source import Source

SECOND = 1_000_000_000  # nanoseconds


class Interval(NamedTuple):
    """From ``start`` to ``end``, in nanoseconds."""

    start: int
    end: int


class Vertex(Struct, frozen=True, kw_only=True):
    """One thing that BuildKit ran or took from its cache.

    ``intervals`` are sorted and do not overlap; a plain log has none, but may say ``stated``, the
    duration that BuildKit printed (nanoseconds, to a tenth of a second).
    """

    digest: str  # in a plain log: "#7"
    name: str
    inputs: tuple[str, ...] = ()  # digests
    intervals: tuple[Interval, ...] = ()
    stated: int | None = None
    cached: bool = False
    error: str = ""
    unfinished: bool = False  # began, and the record ends before it does
    group: str = ""  # of the steps that BuildKit shows as one
    pulled: int = 0  # bytes of layers that were fetched
    sent: int = 0  # bytes of the build context that were sent

    @property
    def ran(self) -> bool:
        """Whether it began, or was found in the cache."""
        return bool(self.intervals) or self.stated is not None or self.cached

    @property
    def duration(self) -> int:
        """Nanoseconds that it ran, as "DONE" prints them: intervals that overlap count once."""
        if self.intervals:
            return sum(interval.end - interval.start for interval in self.intervals)
        return self.stated or 0


class Record(Struct, frozen=True, kw_only=True):
    """One build. ``name`` says which of a file; ``notes`` what was left out of it and why."""

    source: str  # the name of the file it was read from
    name: str
    format: str  # "dockerbuild", "rawjson", "plain"
    vertices: tuple[Vertex, ...]  # in the order of their first event
    has_inputs: bool = True  # whether the record knows what a vertex reads
    dockerfile: Source | None = None
    lines: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # digest -> lines, by provenance
    options: Options | None = None  # what was asked of the build, where the record says it
    span: Interval | None = None  # when the build was begun and when it was done
    error: str = ""
    notes: tuple[str, ...] = ()
