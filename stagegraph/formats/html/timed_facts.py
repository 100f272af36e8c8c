"""The steps, stages and timeline bars of a measured build, as data for the script of a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from stagegraph.formats.html.facts import STEP_PLACE
from stagegraph.records.record import SECOND
from stagegraph.timings.step_names import VertexKind
from stagegraph.timings.timings import TimedStage, TimedStep, Timings
from stagegraph.units import counted, duration, size

_OTHER_ROWS = {
    VertexKind.FRONTEND: "Loading",
    VertexKind.CONTEXT: "Build context",
    VertexKind.INTERNAL: "BuildKit internal",
    VertexKind.EXPORT: "Exporting",
    VertexKind.STEP: "Other steps",
}
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}")
_HOW = {"provenance": "by provenance", "name": "by name", "order": "by order in the stage"}


def timeline(timings: Timings, node_keys: Sequence[str]) -> dict[str, Any]:
    """The data of the timeline: ``wall`` in seconds, ``rows`` of bars, ``concurrency`` and ``path``.

    Every step with a time is one bar, in the row of its first stage. A row is
    ``label``, ``detail`` (the platform, where there are several), ``key`` of its node, and ``lanes``:
    lists of ids of steps that do not overlap. Stages are in the order in which they began, and
    so are the platforms of each.
    """
    rows: dict[tuple[str, str, str], list[TimedStep]] = {}
    with_times = (step for step in timings.steps if step.start is not None)
    for step in sorted(with_times, key=lambda step: (step.start or 0, step.id)):
        rows.setdefault(_row(step, timings, node_keys), []).append(step)
    platforms = {detail for _, _, detail in rows if detail}
    order = {name: number for number, name in enumerate(dict.fromkeys(row[:2] for row in rows))}
    return {
        "wall": seconds(timings.known_wall),
        "rows": [
            {
                "key": key,
                "label": label,
                "detail": detail.replace("linux/", "").replace("->", "→") if len(platforms) > 1 else "",
                "lanes": [[step.id for step in lane] for lane in _lanes(steps)],
            }
            for (key, label, detail), steps in sorted(rows.items(), key=lambda row: order[row[0][:2]])
        ],
        "concurrency": [[seconds(time), count] for time, count in timings.concurrency],
        "path": [part.step for part in timings.path],
    }


def seconds(time: int) -> float:
    """Nanoseconds as seconds, to the microsecond."""
    return round(time / SECOND, 6)


def _row(step: TimedStep, timings: Timings, node_keys: Sequence[str]) -> tuple[str, str, str]:
    if step.stages:
        return node_keys[step.stages[0]], timings.stages[step.stages[0]].name, step.platform
    return "", _OTHER_ROWS[step.kind], step.platform


def _lanes(steps: Iterable[TimedStep]) -> list[list[TimedStep]]:
    """``steps``, sorted by start, in as few lanes as possible without overlap."""
    lanes: list[list[TimedStep]] = []
    for step in steps:
        free = (lane for lane in lanes if (lane[-1].end or 0) <= (step.start or 0))
        lane = next(free, None)
        if lane is None:
            lanes.append(lane := [])
        lane.append(step)
    return lanes


def stage_keys(timings: Timings, known: Sequence[str]) -> list[str]:
    """The key of each stage: that of its node in the graph, or a new one."""
    own = [f"node:stage:{stage.index}" for stage in timings.stages]
    graph_keys = set(known)
    return [key if key in graph_keys else f"node:timed:{number}" for number, key in enumerate(own)]


def timed_steps(timings: Timings, node_keys: Sequence[str]) -> list[dict[str, Any]]:
    """Every step of the record, as data for its bar, its row of the table and the panel."""
    # What would have followed in a failed build is unknown, so no saving can be computed.
    steps = (replace(step, saving=None) for step in timings.steps) if timings.error else timings.steps
    return [_step(step, node_keys) for step in steps]


def _step(step: TimedStep, node_keys: Sequence[str]) -> dict[str, Any]:
    prefix = STEP_PLACE.match(step.name) if step.stages else None
    return {
        "key": f"step:{step.id}",
        "name": step.name,
        "text": instruction(step),
        "position": prefix[1] if prefix else "",
        "nodes": [node_keys[stage] for stage in step.stages],
        "line": step.lines[0] if step.lines else None,
        "lines": list(step.lines[1:]),
        "end": None,
        "critical": step.critical,
        "inputs": [f"step:{read}" for read in step.inputs],
        "state": state_of(step),
        "start": None if step.start is None else seconds(step.start),
        "stop": None if step.end is None else seconds(step.end),
        "time": seconds(step.duration),
        "pieces": [[seconds(start), seconds(end)] for start, end in step.intervals[:50]],
        "queued": seconds(step.queued),
        "slack": None if step.slack is None else seconds(step.slack),
        "saving": None if step.saving is None else seconds(step.saving),
        "facts": [list(fact) for fact in (*_times(step), *_rest(step))],
    }


def state_of(step: TimedStep) -> str:
    """``ran``, ``cached``, ``failed``, ``canceled``, ``unfinished`` or ``never`` (was not run)."""
    if not step.ran:
        return "never"
    if step.error:
        return "canceled" if step.canceled else "failed"
    if step.unfinished:
        return "unfinished"
    return "cached" if step.cached else "ran"


def instruction(step: TimedStep) -> str:
    """The name of a step without its position and without digests."""
    prefix = STEP_PLACE.match(step.name) if step.stages else None
    return _DIGEST.sub("", step.name[prefix.end() :] if prefix else step.name)


def _times(step: TimedStep) -> Iterator[tuple[str, str]]:
    if not step.ran:
        yield "Time", "not run"
    else:
        yield "Time", duration(step.duration) + (", from the cache" if step.cached else "")
    if step.start is not None:
        yield "Started", f"{duration(step.start)} after the build started"
    if step.queued:
        yield "Waited", f"{duration(step.queued)} after its inputs were ready"
    if step.saving is not None:
        yield "Would save", f"{duration(step.saving)} if it took no time"
    elif step.slack:
        yield "Slack", f"{duration(step.slack)}: it could take this much longer"


def _rest(step: TimedStep) -> Iterator[tuple[str, str]]:
    if step.pulled:
        yield "Pulled", size(step.pulled)
    if step.sent:
        yield "Sent", f"{size(step.sent)} of the build context"
    if step.platform:
        yield "Platform", step.platform
    if step.how:
        yield "Line matched", _HOW.get(step.how, step.how)
    elif step.unknown:
        yield "Line", "not in the record"
    if step.error:
        yield "Error", step.error


def timed_stage(stage: TimedStage) -> list[list[str]]:
    """The measured facts of a stage."""
    return [list(fact) for fact in _stage_facts(stage)]


def _stage_facts(stage: TimedStage) -> Iterator[tuple[str, str]]:
    if stage.start is not None and stage.end is not None:
        yield "Ran", f"{duration(stage.start)} to {duration(stage.end)}"
    if stage.executed:
        yield "Work", f"{duration(stage.work)} in {counted(stage.executed, 'step')}"
    if stage.cached:
        yield "From the cache", counted(stage.cached, "step")
    if stage.on_path:
        yield "On the critical path", duration(stage.on_path)
    if stage.saving:
        yield "Would save", f"{duration(stage.saving)} if it took no time"
    elif stage.slack:
        yield "Slack", duration(stage.slack)
    if len(stage.platforms) > 1:
        yield "Platforms", ", ".join(stage.platforms)
    if stage.error:
        yield "Error", stage.error


def timed_nodes(
    timings: Timings, node_keys: Sequence[str], nodes: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """``nodes`` of the graph with what was measured, and the stages that are in no graph."""
    measured = dict(zip(node_keys, timings.stages, strict=True))
    known = [
        {**node, "facts": node["facts"] + timed_stage(measured[node["key"]])}
        if node["key"] in measured
        else node
        for node in nodes
    ]
    drawn = {node["key"] for node in nodes}
    return known + [_stage(key, stage) for key, stage in measured.items() if key not in drawn]


def _stage(key: str, stage: TimedStage) -> dict[str, Any]:
    return {
        "key": key,
        "label": stage.name,
        "kind": "Stage",
        "style": "upstream",
        "role": "in the record",
        "line": stage.line,
        "end": stage.end_line,
        "sentences": [],
        "facts": timed_stage(stage),
    }
