"""A measured build as a Chrome trace, which https://ui.perfetto.dev opens: one track a concurrent lane."""

from __future__ import annotations

import json
from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Any

from stagegraph.records.record import Interval
from stagegraph.timings.timings import TimedStep, Timings

_PROCESS = 1


def render(found: Timings) -> str:
    """The trace: a slice for each stretch of time that a step ran, and how many steps ran."""
    events = [*_names(found), *_slices(found), *_counts(found)]
    return json.dumps({"displayTimeUnit": "ms", "traceEvents": events}, indent=1) + "\n"


def lanes(found: Timings) -> list[tuple[int, Interval, TimedStep]]:
    """Each stretch of time with its lane, counted from 0: those of one lane never overlap."""
    stretches = sorted(
        (interval.start, interval.end, step.id)
        for step in found.steps
        for interval in step.intervals
        if interval.end > interval.start
    )
    placed = []
    busy: list[tuple[int, int]] = []  # (end, lane)
    free: list[int] = []
    for start, end, step in stretches:
        while busy and busy[0][0] <= start:
            heappush(free, heappop(busy)[1])
        lane = heappop(free) if free else len(busy)
        heappush(busy, (end, lane))
        placed.append((lane, Interval(start, end), found.steps[step]))
    return placed


def _slices(found: Timings) -> Iterator[dict[str, Any]]:
    for lane, (start, end), step in lanes(found):
        yield {
            "name": step.name,
            "cat": "critical path" if step.critical else str(step.kind),
            "ph": "X",
            "pid": _PROCESS,
            "tid": lane + 1,
            "ts": start / 1000,
            "dur": (end - start) / 1000,
            "args": _arguments(found, step),
            **({"cname": "terrible"} if step.critical else {}),
        }


def _arguments(found: Timings, step: TimedStep) -> dict[str, Any]:
    values: dict[str, Any] = {
        "lines": list(step.lines),
        "stages": [found.stages[stage].name for stage in step.stages],
        "cached": step.cached,
        "critical": step.critical,
    }
    if step.saving:
        values["saving_seconds"] = step.saving / 1e9
    if step.error:
        values["error"] = step.error
    return values


def _names(found: Timings) -> Iterator[dict[str, Any]]:
    yield _name("process_name", 0, f"{found.source} {found.name}".strip())
    for lane in sorted({lane for lane, _, _ in lanes(found)}):
        yield _name("thread_name", lane + 1, f"lane {lane + 1}")


def _name(what: str, lane: int, name: str) -> dict[str, Any]:
    return {"name": what, "ph": "M", "pid": _PROCESS, "tid": lane, "args": {"name": name}}


def _counts(found: Timings) -> Iterator[dict[str, Any]]:
    for time, count in found.concurrency:
        yield {
            "name": "steps at once",
            "ph": "C",
            "pid": _PROCESS,
            "ts": time / 1000,
            "args": {"steps": count},
        }
