"""Event streams of ``--progress=rawjson``: one JSON object a line, among lines that are none."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from stagegraph.records.collector import Collector, nanoseconds
from stagegraph.records.record import Record

_DEFINITION = "[internal] load build definition"
_STEP = re.compile(r"\d+/\d+\] |exporting ")
_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT[0-9:.]+Z ")
_BLANK = b"\xef\xbb\xbf \t\r\n"

Tick = Callable[[int], None]  # told how many bytes were read


def read_rawjson(lines: Iterable[bytes], source: str, tick: Tick) -> list[Record]:
    """The records of a stream, one a build; what no event could be read from is counted in the notes."""
    builds = [_Build()]
    for line in lines:
        tick(len(line))
        text = without_prefix(line)
        if text[:1] != b"{":
            continue
        event = _event(text)
        if event is not None and builds[-1].is_over(event):
            builds.append(_Build())
        builds[-1].take(event)
    several = len(builds) > 1
    return [build.record(source, f"build {n + 1}" if several else "") for n, build in enumerate(builds)]


class _Build:
    """One build of a stream."""

    def __init__(self) -> None:
        self._collector = Collector()
        self._definition = ""  # the digest of the vertex that loads the Dockerfile
        self._skipped = 0

    def is_over(self, event: dict[str, Any]) -> bool:
        """Whether ``event`` begins another build: it loads a definition after steps, and none is open.

        A frontend that a ``# syntax`` line names loads the definition a second time, before any step.
        """
        if "vertexes" not in event:
            return False
        digest = _definition(event)
        self._definition = self._definition or digest
        again = bool(digest) and digest != self._definition
        return again and self._collector.complete and any(map(_STEP.search, self._collector.names))

    def take(self, event: dict[str, Any] | None) -> None:
        """Add ``event``, or count a line that could not be read as one."""
        try:
            if event is None:
                self._skipped += 1
            else:
                add_event(self._collector, event)
        except (ValueError, TypeError, AttributeError, OverflowError):
            self._skipped += 1

    def record(self, source: str, name: str) -> Record:
        """What was told of the build."""
        lines = f"{self._skipped} line{'s' if self._skipped > 1 else ''}"
        notes = (f"{lines} could not be read as events",) if self._skipped else ()
        vertices = self._collector.vertices()
        return Record(source=source, name=name, format="rawjson", vertices=vertices, notes=notes)


def _definition(event: dict[str, Any]) -> str:
    vertexes = event.get("vertexes")
    for item in vertexes if isinstance(vertexes, list) else ():
        if isinstance(item, dict) and str(item.get("name", "")).startswith(_DEFINITION):
            return str(item.get("digest", ""))
    return ""


def without_prefix(line: bytes) -> bytes:
    """``line`` without the mark of UTF-8 and without the time that GitHub Actions puts before it."""
    text = line.lstrip(_BLANK)
    if text[:2] == b"20":
        match = _STAMP.match(text)
        return text[match.end() :] if match else text
    return text


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def add_event(collector: Collector, event: dict[str, Any]) -> None:
    """Add one SolveStatus; ValueError, TypeError or AttributeError when it is none."""
    for item in event.get("vertexes") or ():
        collector.vertex(
            str(item.get("digest", "")),
            str(item.get("name", "")),
            inputs=[str(digest) for digest in item.get("inputs") or ()],
            started=_time(item.get("started")),
            completed=_time(item.get("completed")),
            cached=item.get("cached") is True,
            error=str(item.get("error") or ""),
            group=str((item.get("progressGroup") or {}).get("id") or ""),
        )
    for item in event.get("statuses") or ():
        collector.status(
            str(item.get("vertex", "")),
            str(item.get("id", "")),
            int(item.get("current") or 0),
        )
        collector.latest = item.get("timestamp") or collector.latest


def _time(text: object) -> int | None:
    return nanoseconds(text) if isinstance(text, str) else None
