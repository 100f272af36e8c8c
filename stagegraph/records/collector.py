"""Merges the events of a build into vertices: BuildKit sends several events for each, later ones shorter.

Rules: moby/buildkit util/progress/progressui/display.go and solver/progress.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from msgspec import Struct, field

from stagegraph.records.record import LARGEST_SIZE, LAST_TIME, Interval, Limits, Vertex

_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,12}))?(Z|[+-]\d\d:\d\d)\Z")
_CONTEXT = "transferring "
_DOCKERFILE = "transferring dockerfile"
_LAYER = "sha256:"


class TimestampError(ValueError):
    """A text that is not an RFC 3339 timestamp."""


def nanoseconds(text: str) -> int:
    """The RFC 3339 timestamp ``text`` as nanoseconds since 1970; TimestampError if it is not one.

    Digits of the fraction past the ninth are dropped.
    """
    match = _TIMESTAMP.match(text)
    if not match:
        raise TimestampError(f"{text[:40]!r} is not a timestamp")
    fraction = (match[2] or "")[:9].ljust(9, "0")
    return _seconds(match[1], match[3]) * 1_000_000_000 + int(fraction)


@lru_cache(maxsize=4096)
def _seconds(text: str, zone: str) -> int:
    offset = "+00:00" if zone == "Z" else zone
    try:
        return int(datetime.fromisoformat(text + offset).astimezone(UTC).timestamp())
    except (ValueError, OverflowError) as error:
        raise TimestampError(f"{text[:40]!r} is not a timestamp: {error}") from None


class _Events(Struct):
    """The events of one vertex so far, merged."""

    name: str = ""
    inputs: tuple[str, ...] = ()
    done: dict[int, int] = field(default_factory=dict)  # start -> end
    begun: dict[int, None] = field(default_factory=dict)
    cached: bool = False
    error: str = ""
    group: str = ""
    layers: dict[str, int] = field(default_factory=dict)
    context: dict[str, int] = field(default_factory=dict)


class Collector:
    """Collects the events of one build, which are added in their order."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._known: dict[str, _Events] = {}  # by digest
        self._last = 0  # the latest time in an event of a vertex
        self.last_status: object = None  # the timestamp of the last status, as it was written

    def vertex(
        self,
        digest: str,
        name: str,
        *,
        inputs: Sequence[str] = (),
        started: int | None = None,
        completed: int | None = None,
        cached: bool = False,
        error: str = "",
        group: str = "",
    ) -> None:
        """Add an event of a vertex; what it omits stays as earlier events had it.

        Raises ValueError for impossible times, LimitError for too many vertices or events.
        """
        if (started or 0) >= LAST_TIME or (completed or 0) >= LAST_TIME:
            raise ValueError("a time is after the year 9999")
        known = self._known.get(digest)
        if known is None:
            self._limits.count_step()
            known = self._known[digest] = _Events()
        known.name = known.name or name
        if not known.inputs and inputs:
            self._limits.count_events(len(inputs))
            known.inputs = tuple(inputs)
        known.cached = known.cached or cached
        known.error = error or known.error
        known.group = known.group or group
        if started is not None and started > 0:
            if started not in known.begun:
                self._limits.count_events()
                known.begun[started] = None
            self._last = max(self._last, started)
            if completed is not None:
                # a clock that was set back in between would make the duration negative
                known.done[started] = max(completed, started)
                self._last = max(self._last, completed)

    def status(self, digest: str, key: str, current: int) -> None:
        """Add the progress of a transfer of a vertex: bytes of a layer, or bytes of the context.

        Raises ValueError for an impossible size, LimitError for too many events.
        """
        if current >= LARGEST_SIZE:
            raise ValueError("a size is not a 64-bit integer")
        known = self._known.get(digest)
        if known is None:
            return
        if key.startswith(_LAYER):
            self._transfer(known.layers, key, current)
        elif key.startswith(_CONTEXT) and not key.startswith(_DOCKERFILE):
            self._transfer(known.context, key, current)

    def _transfer(self, sizes: dict[str, int], key: str, current: int) -> None:
        if key not in sizes:
            self._limits.count_events()
        sizes[key] = max(sizes.get(key, 0), current)

    @property
    def names(self) -> Iterator[str]:
        """The names of the vertices."""
        return (known.name for known in self._known.values())

    @property
    def complete(self) -> bool:
        """Whether everything that began has ended."""
        return all(start in known.done for known in self._known.values() for start in known.begun)

    def vertices(self) -> tuple[Vertex, ...]:
        """Every vertex, in the order of the first event of each."""
        # Only the last status is parsed: there are many, and only unfinished vertices need its time.
        self._last = max(self._last, _nanoseconds_or_zero(self.last_status))
        return tuple(self._vertex(digest, known) for digest, known in self._known.items())

    def _vertex(self, digest: str, known: _Events) -> Vertex:
        unfinished = [start for start in known.begun if start not in known.done]
        ends = {**known.done, **{start: max(self._last, start) for start in unfinished}}
        return Vertex(
            digest=digest,
            name=known.name,
            inputs=known.inputs,
            intervals=merged(Interval(start, end) for start, end in ends.items()),
            cached=known.cached,
            error=known.error,
            unfinished=bool(unfinished),
            group=known.group,
            pulled=sum(known.layers.values()),
            sent=sum(known.context.values()),
        )


def _nanoseconds_or_zero(timestamp: object) -> int:
    if isinstance(timestamp, int):
        return timestamp if timestamp < LAST_TIME else 0
    try:
        return nanoseconds(timestamp) if isinstance(timestamp, str) else 0
    except TimestampError:
        return 0


def merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The union of ``intervals``: sorted, those that overlap or touch joined."""
    result: list[Interval] = []
    for interval in sorted(intervals):
        if result and interval.start <= result[-1].end:
            result[-1] = Interval(result[-1].start, max(result[-1].end, interval.end))
        else:
            result.append(interval)
    return tuple(result)
