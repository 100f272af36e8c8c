"""A picture with what was measured: times in the boxes, and the path that the build took marked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from stagegraph.measured.model import Timings
from stagegraph.renderers.durations import duration
from stagegraph.renderers.view import Arrow, Box, Picture


def with_times(found: Timings) -> Callable[[Picture], Picture]:
    """What puts the times of ``found`` into a picture of stages."""
    stages = {f"stage:{stage.index}": stage for stage in found.stages if stage.index is not None}
    steps = [_nodes(step, found) for step in (part.step for part in found.path)]
    on_path = {node for nodes in steps for node in nodes}
    passed = {(a, b) for before, after in pairwise(steps) for a in before for b in after if a != b}

    def timed(box: Box) -> Box:
        stage = stages.get(box.id)
        if stage is None or stage.start is None:
            return replace(box, critical=False)
        words = duration(stage.busy) if stage.executed else "from the cache"
        first, *rest = box.sublabel.split("\n") if box.sublabel else ("",)
        lines = (f"{first} · {words}" if first else words, *rest)
        return replace(box, critical=box.id in on_path, sublabel="\n".join(lines))

    def marked(arrow: Arrow) -> Arrow:
        return replace(arrow, critical=(arrow.source, arrow.target) in passed)

    def change(picture: Picture) -> Picture:
        boxes = tuple(timed(box) for box in picture.boxes)
        return replace(picture, boxes=boxes, arrows=tuple(marked(arrow) for arrow in picture.arrows))

    return change


def _nodes(step: int, found: Timings) -> list[str]:
    return [f"stage:{found.stages[stage].index}" for stage in found.steps[step].stages]
