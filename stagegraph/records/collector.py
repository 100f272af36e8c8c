"""Events of a build put together: one vertex may be told of many times, and of less each time.

Rules: moby/buildkit util/progress/progressui/display.go and solver/progress.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from msgspec import Struct, field

from stagegraph.records.record import Interval, Vertex

_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,12}))?(Z|[+-]\d\d:\d\d)\Z")


class TimestampError(ValueError):
    """A text that is no timestamp."""


def nanoseconds(text: str) -> int:
    """``text`` as nanoseconds since 1970; digits past the ninth are dropped."""
    match = _STAMP.match(text)
    if not match:
        raise TimestampError(f"{text[:40]!r} is no timestamp")
    fraction = (match[2] or "")[:9].ljust(9, "0")
    return _seconds(match[1], match[3]) * 1_000_000_000 + int(fraction)


@lru_cache(maxsize=4096)
def _seconds(text: str, zone: str) -> int:
    offset = "+00:00" if zone == "Z" else zone
    try:
        return int(datetime.fromisoformat(text + offset).astimezone(UTC).timestamp())
    except (ValueError, OverflowError) as error:
        raise TimestampError(f"{text[:40]!r} is no timestamp: {error}") from None


_CONTEXT = "transferring "
_DOCKERFILE = "transferring dockerfile"
_LAYER = "sha256:"


class _Known(Struct):
    """What the events have said of one vertex so far."""

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
    """Takes the events of one build in their order."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self.last = 0  # the latest time that an event of a vertex tells
        self.latest: object = None  # the timestamp of the latest status, as it was written

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
        """One event of a vertex. Later events leave out what earlier ones told: that stays."""
        known = self._known.setdefault(digest, _Known())
        known.name = known.name or name
        known.inputs = known.inputs or tuple(inputs)
        known.cached = known.cached or cached
        known.error = error or known.error
        known.group = known.group or group
        if started is not None and started > 0:
            known.begun[started] = None
            self.last = max(self.last, started)
            if completed is not None:
                # a clock that was set back in between: the vertex took no time, not less than none
                known.done[started] = max(completed, started)
                self.last = max(self.last, completed)

    def status(self, digest: str, key: str, current: int) -> None:
        """One event of what a vertex moves: bytes of layers, bytes of the context."""
        known = self._known.get(digest)
        if known is None:
            return
        if key.startswith(_LAYER):
            known.layers[key] = max(known.layers.get(key, 0), current)
        elif key.startswith(_CONTEXT) and not key.startswith(_DOCKERFILE):
            known.context[key] = max(known.context.get(key, 0), current)

    @property
    def names(self) -> Iterator[str]:
        """What the vertices are called."""
        return (known.name for known in self._known.values())

    @property
    def complete(self) -> bool:
        """Whether everything that began has ended."""
        return all(start in known.done for known in self._known.values() for start in known.begun)

    def vertices(self) -> tuple[Vertex, ...]:
        """Every vertex, in the order of the first event of each."""
        # Only what has no end needs it, and there are many statuses: one is read, not all.
        self.last = max(self.last, _moment(self.latest))
        return tuple(self._vertex(digest, known) for digest, known in self._known.items())

    def _vertex(self, digest: str, known: _Known) -> Vertex:
        open_ended = [start for start in known.begun if start not in known.done]
        ends = {**known.done, **{start: max(self.last, start) for start in open_ended}}
        return Vertex(
            digest=digest,
            name=known.name,
            inputs=known.inputs,
            intervals=merged(Interval(start, end) for start, end in ends.items()),
            cached=known.cached,
            error=known.error,
            unfinished=bool(open_ended),
            group=known.group,
            pulled=sum(known.layers.values()),
            sent=sum(known.context.values()),
        )


def _moment(timestamp: object) -> int:
    if isinstance(timestamp, int):
        return timestamp
    try:
        return nanoseconds(timestamp) if isinstance(timestamp, str) else 0
    except TimestampError:
        return 0


def merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """``intervals`` sorted, those that overlap or touch as one."""
    found: list[Interval] = []
    for interval in sorted(intervals):
        if found and interval.start <= found[-1].end:
            found[-1] = Interval(found[-1].start, max(found[-1].end, interval.end))
        else:
            found.append(interval)
    return tuple(found)
