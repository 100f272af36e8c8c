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

MOST_UNPACKED = 320 * 1024 * 1024  # bytes of the archives in a file
_MOST_READ = 512 * 1024 * 1024  # bytes of their blobs, each counted as often as it is read
_READ = 4096  # bytes that reading a blob costs more
_MOST_BUILDS = 1000
_MOST_STEPS = 100_000
_MOST_EVENTS = 2_000_000
LAST_TIME = 253_402_300_800 * SECOND  # the end of the year 9999
LARGEST_SIZE = 2**63  # sizes are 64-bit integers in BuildKit

Tick = Callable[[int], None]  # called with the number of bytes just read


class LimitError(Exception):
    """A file that unpacks to too much, as one does that repeats itself."""


class Limits(Struct):
    """What reading one file may still cost: shared by all builds in it."""

    unpacked: int = field(default_factory=lambda: MOST_UNPACKED)
    read: int = _MOST_READ
    builds: int = _MOST_BUILDS
    steps: int = _MOST_STEPS
    events: int = _MOST_EVENTS

    def count_unpacked(self, size: int) -> None:
        """Count ``size`` bytes of an archive. Raises LimitError, as the others do."""
        self.unpacked -= size
        if self.unpacked < 0:
            raise LimitError(f"the archive unpacks to more than {MOST_UNPACKED // 1024 // 1024} MiB")

    def count_read(self, size: int) -> None:
        """Count the read of a blob of ``size`` bytes."""
        self.read -= size + _READ
        if self.read < 0:
            raise LimitError("the archive refers to its blobs too often")

    def count_build(self) -> None:
        """Count one build of an archive."""
        self.builds -= 1
        if self.builds < 0:
            raise LimitError(f"the archive holds more than {_MOST_BUILDS:,} builds")

    def count_step(self) -> None:
        """Count one vertex."""
        self.steps -= 1
        if self.steps < 0:
            raise LimitError(f"the file holds more than {_MOST_STEPS:,} steps")

    def count_events(self, number: int = 1) -> None:
        """Count what an event adds to a vertex: times, inputs or the size of a layer."""
        self.events -= number
        if self.events < 0:
            raise LimitError(f"the file holds more than {_MOST_EVENTS:,} events")


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
