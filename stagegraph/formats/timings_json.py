"""A measured build as data; docs/timings.schema.json says what is in it. Times are in seconds."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from stagegraph.records.record import SECOND, Interval
from stagegraph.timings.timings import Timings, seconds

SCHEMA_VERSION = 1
_TIMES = frozenset(
    {"start", "end", "duration", "queued", "slack", "saving", "work", "busy", "on_path", "time", "waited"}
    | {"saves", "took", "wall", "cached_time"}
)


def render(found: Timings) -> str:
    """``found`` as JSON; the same record and Dockerfile give the same text."""
    data = {"schema_version": SCHEMA_VERSION, **_plain(found)}
    data["dockerfile"] = found.dockerfile.name if found.dockerfile else None
    data["begun"] = None if found.begun is None else _stamp(found.begun)
    data["concurrency"] = [[seconds(time), count] for time, count in found.concurrency]
    data |= {
        "path_time": seconds(found.path_time),
        "path_share": found.path_share,
        "parallelism": found.parallelism,
        "cached_share": found.cached_share,
        "cached_time_share": found.cached_time_share,
        "unknown": found.unknown,
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _plain(value: Any, name: str = "") -> Any:
    """Frozen values as dicts, times as seconds, tuples as lists."""
    if isinstance(value, Interval):
        return [seconds(value.start), seconds(value.end)]
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Struct):
        return {field: _plain(item, field) for field, item in asdict(value).items()}
    return seconds(value) if name in _TIMES and isinstance(value, int) else value


def _stamp(time: int) -> str:
    whole, rest = divmod(time, SECOND)
    try:
        return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09}Z"
    except (ValueError, OverflowError, OSError):
        return f"{whole}.{rest:09}"
