"""The timeline of a measured build as rows of bars: a row for each stage on each platform."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from stagegraph.records.record import SECOND
from stagegraph.timings.step_names import VertexKind
from stagegraph.timings.timings import TimedStep, Timings

_OTHER_ROWS = {
    VertexKind.FRONTEND: "Loading",
    VertexKind.CONTEXT: "Build context",
    VertexKind.INTERNAL: "BuildKit's own",
    VertexKind.EXPORT: "Exporting",
    VertexKind.STEP: "Other steps",
}


def timeline(found: Timings, node_keys: Sequence[str]) -> dict[str, Any]:
    """``wall`` in seconds, ``rows`` of bars, ``concurrency`` and ``path``.

    Every step that ran or came from the cache is one bar, in the row of its first stage. A row is
    ``label``, ``detail`` (the platform, where there are several), ``key`` of its node, and ``lanes``:
    lists of ids of steps that do not overlap. Stages are in the order in which they began, and
    so are the platforms of each.
    """
    rows: dict[tuple[str, str, str], list[TimedStep]] = {}
    for step in sorted(
        (step for step in found.steps if step.ran), key=lambda step: (step.start or 0, step.id)
    ):
        rows.setdefault(_row(step, found, node_keys), []).append(step)
    platforms = {detail for _, _, detail in rows if detail}
    order = {name: place for place, name in enumerate(dict.fromkeys(row[:2] for row in rows))}
    return {
        "wall": seconds(found.wall),
        "rows": [
            {
                "key": key,
                "label": label,
                "detail": detail.replace("linux/", "").replace("->", "→") if len(platforms) > 1 else "",
                "lanes": [[step.id for step in lane] for lane in _lanes(steps)],
            }
            for (key, label, detail), steps in sorted(rows.items(), key=lambda row: order[row[0][:2]])
        ],
        "concurrency": [[seconds(time), count] for time, count in found.concurrency],
        "path": [part.step for part in found.path],
    }


def seconds(time: int) -> float:
    """Nanoseconds as seconds, to the microsecond."""
    return round(time / SECOND, 6)


def _row(step: TimedStep, found: Timings, node_keys: Sequence[str]) -> tuple[str, str, str]:
    if step.stages:
        return node_keys[step.stages[0]], found.stages[step.stages[0]].name, step.platform
    return "", _OTHER_ROWS[step.kind], step.platform


def _lanes(steps: Iterable[TimedStep]) -> list[list[TimedStep]]:
    """``steps``, which are in the order of their start, in as few lanes as keep them apart."""
    lanes: list[list[TimedStep]] = []
    for step in steps:
        free = (lane for lane in lanes if (lane[-1].end or 0) <= (step.start or 0))
        lane = next(free, None)
        if lane is None:
            lanes.append(lane := [])
        lane.append(step)
    return lanes
