"""Reads event streams of ``--progress=rawjson``: one JSON object on each line, among other lines.

Objects over several lines, as ``jq .`` prints them, are joined.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from stagegraph.records.collector import Collector, nanoseconds
from stagegraph.records.record import Limits, Record, Tick

_LOAD_DEFINITION = "[internal] load build definition"
_STEP_NAME = re.compile(r"\d+/\d+\] |exporting ")
_EVENT = re.compile(rb'\{\s*"(?:vertexes|statuses|logs|warnings)"')
_LONGEST_PREFIX = 300
_MOST_CONTAINERS = 500_000
_LARGEST_OBJECT = 16 * 1024 * 1024
_BLANK = b"\xef\xbb\xbf \t\r\n"


def read_rawjson(lines: Iterable[bytes], source: str, tick: Tick) -> list[Record]:
    """The records of a stream, one for each build; lines with invalid events are counted in ``notes``."""
    limits = Limits()
    builds = [_Build(limits)]
    for line in joined_objects(lines):
        tick(len(line))
        text = without_prefix(line)
        if text[:1] != b"{":
            continue
        event = _event(text)
        if event is not None and builds[-1].ends_before(event):
            builds.append(_Build(limits))
        builds[-1].add(event)
    several = len(builds) > 1
    return [build.record(source, f"build {n + 1}" if several else "") for n, build in enumerate(builds)]


class _Build:
    """One build of a stream."""

    def __init__(self, limits: Limits) -> None:
        self._collector = Collector(limits)
        self._definition = ""  # the digest of the vertex that loads the Dockerfile
        self._skipped = 0

    def ends_before(self, event: dict[str, Any]) -> bool:
        """Whether ``event`` starts another build: it loads a definition, and all steps so far have ended.

        The frontend of a ``# syntax`` line loads the definition a second time, but before any step.
        """
        if "vertexes" not in event:
            return False
        digest = _definition(event)
        self._definition = self._definition or digest
        another = bool(digest) and digest != self._definition
        return another and self._collector.complete and any(map(_STEP_NAME.search, self._collector.names))

    def add(self, event: dict[str, Any] | None) -> None:
        """Add ``event``; None, and events of the wrong shape, are counted as skipped lines."""
        try:
            if event is None:
                self._skipped += 1
            else:
                add_event(self._collector, event)
        except (ValueError, TypeError, AttributeError, OverflowError):
            self._skipped += 1

    def record(self, source: str, name: str) -> Record:
        """The record of the events so far."""
        lines = f"{self._skipped} line{'s' if self._skipped > 1 else ''}"
        notes = (f"{lines} could not be read as events",) if self._skipped else ()
        vertices = self._collector.vertices()
        return Record(source=source, name=name, format="rawjson", vertices=vertices, notes=notes)


def _definition(event: dict[str, Any]) -> str:
    vertexes = event.get("vertexes")
    for item in vertexes if isinstance(vertexes, list) else ():
        if isinstance(item, dict) and str(item.get("name", "")).startswith(_LOAD_DEFINITION):
            return str(item.get("digest", ""))
    return ""


def without_prefix(line: bytes) -> bytes:
    """``line`` without a byte order mark and without what a CI system puts before an event."""
    text = line.lstrip(_BLANK)
    if text[:1] != b"{":
        match = _EVENT.search(text, 0, _LONGEST_PREFIX)
        return text[match.start() :] if match else text
    return text


def is_event(line: bytes) -> bool:
    """Whether ``line`` holds an event of BuildKit, perhaps behind a prefix."""
    return b'"' in line and bool(_EVENT.match(without_prefix(line)))


def joined_objects(lines: Iterable[bytes]) -> Iterator[bytes]:
    """``lines`` with each JSON object that is printed over several lines (``jq .``) on one line.

    Such an object begins at a line that is only ``{`` and ends at a closing brace of the same indentation.
    """
    held: list[bytes] = []
    size, end = 0, b""
    for line in lines:
        if not held:
            if b"{" not in line[-3:] or line.strip(_BLANK) != b"{":
                yield line
                continue
            size, end = 0, line.strip(b"\r\n").removeprefix(b"\xef\xbb\xbf").replace(b"{", b"}")
        held.append(line)
        size += len(line)
        if line.rstrip(b",\r\n") == end:
            yield b" ".join(part.strip(_BLANK) for part in held).rstrip(b",") + b"\n"
            held = []
        elif size > _LARGEST_OBJECT:
            yield from held
            held = []
    yield from held


def is_swelling(data: bytes) -> bool:
    """Whether ``data`` is JSON of so many lists and tables that its values take many times its size."""
    return len(data) > _MOST_CONTAINERS and data.count(b"[") + data.count(b"{") > _MOST_CONTAINERS


def _event(line: bytes) -> dict[str, Any] | None:
    if is_swelling(line):
        return None
    try:
        try:
            event = msgspec.json.decode(line)
        except msgspec.DecodeError:  # such as bytes that are not UTF-8, which json replaces
            event = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def add_event(collector: Collector, event: dict[str, Any]) -> None:
    """Add one SolveStatus; raises ValueError, TypeError or AttributeError when its shape is wrong."""
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
        collector.last_status = item.get("timestamp") or collector.last_status


def _time(text: object) -> int | None:
    return nanoseconds(text) if isinstance(text, str) else None
