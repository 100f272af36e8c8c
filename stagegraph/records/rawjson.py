"""Event streams of ``--progress=rawjson``: one JSON object a line, among lines that are none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from stagegraph.records.collector import Collector
from stagegraph.records.model import Record
from stagegraph.records.timestamps import nanoseconds

Tick = Callable[[int], None]  # told how many bytes were read


def read_rawjson(lines: Iterable[bytes], source: str, tick: Tick) -> Record:
    """The record of a stream; what no event could be read from is counted in its notes."""
    collector = Collector()
    skipped = 0
    for line in lines:
        tick(len(line))
        if line.lstrip()[:1] == b"{" and not _event(collector, line):
            skipped += 1
    notes = (f"{skipped} line{'s' if skipped > 1 else ''} could not be read as events",) if skipped else ()
    return Record(source=source, name="", format="rawjson", vertices=collector.vertices(), notes=notes)


def _event(collector: Collector, line: bytes) -> bool:
    try:
        event = json.loads(line)
        add_event(collector, event)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return False
    return True


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
            _time(item.get("timestamp")),
        )


def _time(text: object) -> int | None:
    return nanoseconds(text) if isinstance(text, str) else None
