"""Smaller and smaller pictures of one report, for formats and layout engines that have a limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf

from msgspec.structs import replace

from stagegraph.model import EdgeKind, NodeKind, Report, Role
from stagegraph.picture.direction import crossed_ranks
from stagegraph.picture.picture import picture
from stagegraph.picture.view import Arrow, Box, Picture, View

REST = "rest"  # the box that stands for those that are left out
LAYOUT_REASON = "to lay the picture out in time"
MAX_CROSSED_RANKS = 30_000  # about 5 seconds of layout; 38,000 took 7 seconds, 126,000 more than 40
_BOX_COUNTS = (240, 120, 60, 40, 20)


def smaller_pictures(report: Report, view: View, reason: str) -> Iterator[Picture]:
    """The picture, then without steps, without labels too, and pruned; notes say what is left out.

    ``reason`` ends the notes: "to stay within Mermaid's limits".
    """
    yield picture(report, view)
    notes: tuple[str, ...] = ()
    if view.steps:
        view, notes = replace(view, steps=False), (f"steps are left out {reason}",)
        yield with_notes(picture(report, view), *notes)
    if view.labels:
        view, notes = replace(view, labels=False), (*notes, f"labels are left out {reason}")
        yield with_notes(picture(report, view), *notes)
    if not view.prune:
        yield with_notes(picture(report, replace(view, prune=True)), *notes)


def layout_candidates(pictures: Iterable[Picture]) -> Iterator[Picture]:
    """The ``pictures`` that Graphviz can lay out, then smaller ones; each is smaller than the one before.

    The last has 20 boxes at most, which every layout engine draws at once.
    """
    tried = inf
    for drawn in _smaller_than(pictures):
        size = len(drawn.boxes) + len(drawn.arrows) + sum(bool(arrow.label) for arrow in drawn.arrows)
        if size < tried and crossed_ranks(drawn) <= MAX_CROSSED_RANKS:
            tried = size
            yield drawn


def _smaller_than(pictures: Iterable[Picture]) -> Iterator[Picture]:
    """``pictures``, and then smaller ones of the last of them."""
    last = None
    for last in pictures:
        yield last
    if last:
        stages = only_stages(last, LAYOUT_REASON)
        yield stages
        for count in _BOX_COUNTS:
            yield fewer_boxes(stages, count)


def only_stages(drawn: Picture, reason: str) -> Picture:
    """``drawn`` without its images and contexts."""
    stages = tuple(box for box in drawn.boxes if box.kind in (NodeKind.STAGE, NodeKind.BAKE_TARGET))
    if len(stages) == len(drawn.boxes):
        return drawn
    return with_notes(_with_boxes(drawn, stages), f"images and contexts are left out {reason}")


def fewer_boxes(drawn: Picture, count: int) -> Picture:
    """``drawn`` with ``count`` boxes, what changed and what is in the image first; the rest is one box.

    Of the arrows only those between the boxes are kept, and one from the rest.
    """
    order = sorted(drawn.boxes, key=_importance)
    boxes, others = tuple(order[:count]), order[count:]
    if len(others) < 2:
        return drawn
    smaller = _with_boxes(drawn, (*boxes, _rest(others, drawn.compares)))
    link = Arrow(source=REST, target=boxes[0].id, kind=EdgeKind.COPY)
    return with_notes(
        replace(smaller, arrows=(*smaller.arrows, link)), f"{len(others)} nodes are grouped into one"
    )


def without_small_text(drawn: Picture, reason: str) -> Picture:
    """``drawn`` with nothing but the names in its boxes."""
    boxes = tuple(replace(box, sublabel="") for box in drawn.boxes)
    return with_notes(replace(drawn, boxes=boxes), f"details in the boxes are left out {reason}")


def with_notes(drawn: Picture, *notes: str) -> Picture:
    """``drawn`` with more notes."""
    return replace(drawn, notes=(*drawn.notes, *notes))


def _importance(box: Box) -> tuple[bool, int]:
    return box.change == "same", list(Role).index(box.role)


def _rest(boxes: list[Box], compares: bool) -> Box:
    from stagegraph.comparison.changes import Change

    return Box(
        id=REST,
        label=f"{len(boxes)} more",
        kind=NodeKind.STAGE,
        role=Role.UPSTREAM,
        count=len(boxes),
        members=tuple(name for box in boxes for name in box.members or (box.id,)),
        change=Change.SAME if compares else None,
    )


def _with_boxes(drawn: Picture, boxes: tuple[Box, ...]) -> Picture:
    kept = {box.id for box in boxes}
    arrows = tuple(arrow for arrow in drawn.arrows if arrow.source in kept and arrow.target in kept)
    framed = {box.group for box in boxes}
    groups = tuple(group for group in drawn.groups if group.id in framed)
    return replace(drawn, boxes=boxes, arrows=arrows, groups=groups)
