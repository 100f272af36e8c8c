"""A comparison of two recorded builds as JSON."""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import asdict

from stagegraph.timings.compare import StepChange, TimingsComparison
from stagegraph.timings.timings import Timings, seconds

SCHEMA_VERSION = 1


def render(comparison: TimingsComparison) -> str:
    """``comparison`` as JSON; times in seconds."""
    data = {
        "schema_version": SCHEMA_VERSION,
        "before": _summary(comparison.before),
        "after": _summary(comparison.after),
        "difference": seconds(comparison.difference),
        "changes": [_change(change) for change in comparison.changes],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _summary(timings: Timings) -> dict[str, Any]:
    return {
        "source": timings.source,
        "name": timings.name,
        "wall": seconds(timings.wall),
        "work": seconds(timings.work),
        "path_time": seconds(timings.path_time),
        "cached_steps": timings.cached_steps,
        "total_steps": timings.total_steps,
    }


def _change(change: StepChange) -> dict[str, Any]:
    data = asdict(change)
    for name in ("before", "after"):
        data[name] = None if data[name] is None else seconds(data[name])
    return {**data, "difference": seconds(change.difference)}
