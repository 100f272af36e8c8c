"""A record of a build: every vertex that BuildKit reported, with its times.

Times are whole nanoseconds since 1970, as in BuildKit, so that sums are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from msgspec import Struct, field

from stagegraph.options import Options
from stagegraph.source import Source

SECOND = 1_000_000_000  # nanoseconds

Tick = Callable[[int], None]  # called with the number of bytes just read


class Interval(NamedTuple):
    """A time span from ``start`` to ``end``, in nanoseconds."""

    start: int
    end: int


class Vertex(Struct, frozen=True, kw_only=True):
    """One operation that BuildKit ran or took from its cache.

    ``intervals`` are sorted and do not overlap. A plain log without times has none, but it may have
    ``stated``: the duration that BuildKit printed, in nanoseconds, to a tenth of a second.
    """

    digest: str  # in a plain log: "#7"
    name: str
    inputs: tuple[str, ...] = ()  # digests
    intervals: tuple[Interval, ...] = ()
    stated: int | None = None
    cached: bool = False
    error: str = ""
    unfinished: bool = False  # began, and the record stops before it ends
    group: str = ""  # equal for the vertexes that BuildKit shows as one
    pulled: int = 0  # bytes of layers fetched
    sent: int = 0  # bytes of the build context sent

    @property
    def ran(self) -> bool:
        """Whether it began, or was found in the cache."""
        return bool(self.intervals) or self.stated is not None or self.cached

    @property
    def duration(self) -> int:
        """How long it ran, in nanoseconds: the number that BuildKit prints after DONE."""
        if self.intervals:
            return sum(interval.end - interval.start for interval in self.intervals)
        return self.stated or 0


class Record(Struct, frozen=True, kw_only=True):
    """One build."""

    source: str  # the name of the file it was read from
    name: str  # of the build, if the file holds several
    format: str  # "dockerbuild", "rawjson", "plain"
    vertices: tuple[Vertex, ...]  # in the order of their first event
    has_inputs: bool = True  # whether Vertex.inputs are known
    dockerfile: Source | None = None
    lines: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # digest -> lines, by provenance
    options: Options | None = None  # of the build, if the record holds them
    span: Interval | None = None  # from the start of the build to its end
    error: str = ""
    notes: tuple[str, ...] = ()  # what was left out, and why
