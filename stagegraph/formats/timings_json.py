"""Timings as JSON, with times in seconds; docs/timings.schema.json describes it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from stagegraph.formats.json import to_json
from stagegraph.records.record import SECOND, Interval
from stagegraph.timings.timings import Timings, seconds

SCHEMA_VERSION = 1
_TIMES = frozenset(
    {
        "start",
        "end",
        "duration",
        "queued",
        "slack",
        "saving",
        "work",
        "busy",
        "own",
        "shared",
        "on_path",
        "time",
        "waited",
    }
    | {"saves", "took", "wall", "cached_time"}
)


def render(timings: Timings) -> str:
    """``timings`` as JSON; the same record and Dockerfile give the same text."""
    data = {"schema_version": SCHEMA_VERSION, **_plain(timings)}
    data["dockerfile"] = timings.dockerfile.name if timings.dockerfile else None
    data["begun"] = None if timings.begun is None else _timestamp(timings.begun)
    data["concurrency"] = [[seconds(time), count] for time, count in timings.concurrency]
    if not timings.dependencies_known:
        _set_unknown(data["steps"], "queued", "inputs", "critical")
        _set_unknown(data["stages"], "queued", "on_path")
    if timings.wall is None:
        _set_unknown(data["stages"], "busy")
    data |= {
        "path_time": seconds(timings.path_time) if timings.dependencies_known else None,
        "path_share": timings.path_share if timings.dependencies_known else None,
        "parallelism": None if timings.wall is None else timings.parallelism,
        "cached_share": timings.cached_share,
        "cached_time_share": timings.cached_time_share,
        "unknown": timings.unknown,
    }
    return to_json(data)


def _set_unknown(items: list[dict[str, Any]], *names: str) -> None:
    for item in items:
        item.update(dict.fromkeys(names))


def _plain(value: Any, name: str = "") -> Any:
    """``value`` of the field ``name`` as JSON has it: structs as dicts, tuples as lists, times in seconds."""
    if isinstance(value, Interval):
        return [seconds(value.start), seconds(value.end)]
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Struct):
        return {field: _plain(item, field) for field, item in asdict(value).items()}
    return seconds(value) if name in _TIMES and isinstance(value, int) else value


def _timestamp(time: int) -> str:
    whole, rest = divmod(time, SECOND)
    try:
        return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09}Z"
    except (ValueError, OverflowError, OSError):
        return f"{whole}.{rest:09}"
