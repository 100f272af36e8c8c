"""A picture with what was measured: times in the boxes, and the path that the build took marked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from msgspec.structs import replace

from stagegraph.picture.view import Arrow, Box, Picture
from stagegraph.timings.timings import Timings
from stagegraph.units import duration


def with_times(found: Timings) -> Callable[[Picture], Picture]:
    """What puts the times of ``found`` into a picture of stages."""
    stages = {f"stage:{stage.index}": stage for stage in found.stages if stage.index is not None}
    steps = [_nodes(step, found) for step in (part.step for part in found.path)]
    on_path = {node for nodes in steps for node in nodes}
    passed = {(a, b) for before, after in pairwise(steps) for a in before for b in after if a != b}

    def timed(box: Box) -> Box:
        critical = box.id in on_path or not on_path.isdisjoint(box.members)
        stage = None if len(box.members) > 1 else stages.get(box.id)
        if stage is None or stage.start is None:
            return replace(box, critical=critical)
        words = duration(stage.busy) if stage.executed else "from the cache"
        first, *rest = box.sublabel.split("\n") if box.sublabel else ("",)
        lines = (f"{first} · {words}" if first else words, *rest)
        return replace(box, critical=critical, sublabel="\n".join(lines))

    def change(picture: Picture) -> Picture:
        boxes = tuple(timed(box) for box in picture.boxes)
        return replace(picture, boxes=boxes, arrows=tuple(_marked(picture, passed)))

    return change


def _marked(picture: Picture, passed: Iterable[tuple[str, str]]) -> Iterator[Arrow]:
    """The arrows, critical where the path passes; a box may stand for several stages."""
    owner = {member: box.id for box in picture.boxes for member in box.members}
    drawn = {(owner.get(before, before), owner.get(after, after)) for before, after in passed}
    for arrow in picture.arrows:
        yield replace(arrow, critical=(arrow.source, arrow.target) in drawn)


def _nodes(step: int, found: Timings) -> list[str]:
    return [f"stage:{found.stages[stage].index}" for stage in found.steps[step].stages]
