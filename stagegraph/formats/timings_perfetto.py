"""Timings as a Chrome trace for https://ui.perfetto.dev, with one track for each concurrent step."""

from __future__ import annotations

import json
from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Any

from stagegraph.errors import RenderError
from stagegraph.records.record import Interval
from stagegraph.timings.timings import TimedStep, Timings

_PROCESS = 1


def render(timings: Timings) -> str:
    """The trace as JSON: a slice for each interval of a step, and a counter of the running steps.

    Raises RenderError when it is not known when the steps ran.
    """
    if timings.wall is None:
        raise RenderError(
            "a trace needs the times at which steps began, and this log has none",
            hint="pass the Dockerfile of this build after the record, to estimate them",
        )
    events = [*_names(timings), *_slices(timings), *_counts(timings)]
    return json.dumps({"displayTimeUnit": "ms", "traceEvents": events}, indent=1) + "\n"


def lanes(timings: Timings) -> list[tuple[int, Interval, TimedStep]]:
    """Each interval with its lane, counted from 0, and its step; intervals of one lane do not overlap.

    There are as few lanes as possible (greedy interval partitioning).
    """
    intervals = sorted(
        (interval.start, interval.end, step.id)
        for step in timings.steps
        for interval in step.intervals
        if interval.end > interval.start
    )
    result = []
    busy: list[tuple[int, int]] = []  # (end, lane)
    free: list[int] = []
    for start, end, step in intervals:
        while busy and busy[0][0] <= start:
            heappush(free, heappop(busy)[1])
        lane = heappop(free) if free else len(busy)
        heappush(busy, (end, lane))
        result.append((lane, Interval(start, end), timings.steps[step]))
    return result


def _slices(timings: Timings) -> Iterator[dict[str, Any]]:
    for lane, (start, end), step in lanes(timings):
        yield {
            "name": step.name,
            "cat": "critical path" if step.critical else str(step.kind),
            "ph": "X",
            "pid": _PROCESS,
            "tid": lane + 1,
            "ts": start / 1000,
            "dur": (end - start) / 1000,
            "args": _arguments(timings, step),
            **({"cname": "terrible"} if step.critical else {}),
        }


def _arguments(timings: Timings, step: TimedStep) -> dict[str, Any]:
    values: dict[str, Any] = {
        "lines": list(step.lines),
        "stages": [timings.stages[stage].name for stage in step.stages],
        "cached": step.cached,
        "critical": step.critical if timings.dependencies_known else None,
    }
    if step.saving:
        values["saving_seconds"] = step.saving / 1e9
    if step.error:
        values["error"] = step.error
    return values


def _names(timings: Timings) -> Iterator[dict[str, Any]]:
    yield _name("process_name", 0, f"{timings.source} {timings.name}".strip())
    for lane in sorted({lane for lane, _, _ in lanes(timings)}):
        yield _name("thread_name", lane + 1, f"lane {lane + 1}")


def _name(what: str, lane: int, name: str) -> dict[str, Any]:
    return {"name": what, "ph": "M", "pid": _PROCESS, "tid": lane, "args": {"name": name}}


def _counts(timings: Timings) -> Iterator[dict[str, Any]]:
    for time, count in timings.concurrency:
        yield {
            "name": "running steps",
            "ph": "C",
            "pid": _PROCESS,
            "ts": time / 1000,
            "args": {"steps": count},
        }
