"""Smaller and smaller pictures of one report, for formats and layout engines that have a limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from math import inf

from msgspec.structs import replace

from stagegraph.model import BUILT, EdgeKind, NodeKind, Report, Role
from stagegraph.picture.detail import at_detail, has_stages_of_targets, only_targets
from stagegraph.picture.direction import crossed_ranks, estimated_size, ranks
from stagegraph.picture.folding import SHOWS_ALL
from stagegraph.picture.legibility import (
    HOPELESS,
    LADDER,
    REST_COUNTS,
    draws_everything,
    first_fitting,
    is_legible,
    scale,
)
from stagegraph.picture.picture import notes_on_boxes, picture
from stagegraph.picture.short_names import names_line
from stagegraph.picture.view import Arrow, Box, Picture, View

REST = "rest"  # the box that stands for those that are left out
LAYOUT_REASON = "to lay the picture out in time"
_NAMES = 30  # characters of the line of names in that box
MAX_CROSSED_RANKS = 30_000  # about 5 seconds of layout; 38,000 took 7 seconds, 126,000 more than 40


def smaller_pictures(report: Report, view: View, reason: str) -> Iterator[Picture]:
    """Everything that ``view`` asks for, then less and less, down the ladder of ``legibility``.

    Notes say what is left out; where the view asks for everything, they end in ``reason``: "to stay within
    Mermaid's limits".
    """
    report = at_detail(report, view)
    closing, notes = SHOWS_ALL, tuple[str, ...]()
    if draws_everything(view):
        yield picture(report, view)
        closing = f"not everything is drawn {reason}"
        notes = (f"steps are left out {reason}",) if view.steps else ()
        view = replace(view, steps=False, all=False, detail="auto")
    yield from _in_one_direction(
        with_notes(drawn, *notes) for drawn in _down_the_ladder(report, view, closing)
    )


def _down_the_ladder(report: Report, view: View, closing: str) -> Iterator[Picture]:
    notes = tuple[str, ...]()
    if has_stages_of_targets(report, view):
        yield picture(report, view, LADDER[0], closing)
        report, notes = only_targets(report), ("stages are left out; --detail stages draws them",)
    for detail in LADDER:
        yield with_notes(picture(report, view, detail, closing), *notes)


def _in_one_direction(pictures: Iterator[Picture]) -> Iterator[Picture]:
    """``pictures`` in the direction of the first one that is estimated to be legible.

    The formats differ in which of them they draw, and readers compare what they draw.
    """
    seen = []
    for drawn in pictures:
        seen.append(drawn)
        if is_legible(*estimated_size(drawn)):
            break
    direction = seen[-1].direction
    yield from (replace(drawn, direction=direction) for drawn in chain(seen, pictures))


def legible(
    report: Report, view: View, fits: Callable[[Picture], bool], reason: str = LAYOUT_REASON
) -> Picture:
    """The fullest picture of ``report`` that ``fits``, as a format measures it; else the smallest one."""
    return first_fitting(fewer_and_fewer(smaller_pictures(report, view, reason)), fits)


def layout_candidates(pictures: Iterable[Picture]) -> Iterator[Picture]:
    """The ``pictures`` that Graphviz can lay out, then smaller ones; each is smaller than the one before.

    The last has a handful of boxes, which every layout engine draws at once.
    """
    tried = inf
    for drawn in fewer_and_fewer(pictures):
        size = len(drawn.boxes) + len(drawn.arrows) + sum(bool(arrow.label) for arrow in drawn.arrows)
        if size < tried and crossed_ranks(drawn) <= MAX_CROSSED_RANKS:
            tried = size
            yield drawn


def without_hopeless(pictures: Iterable[Picture]) -> Iterator[Picture]:
    """``pictures`` without those that are estimated to be much too large to be read; but always the last."""
    last = None
    for drawn in pictures:
        last = None if scale(*estimated_size(drawn)) >= HOPELESS else drawn
        if last is None:
            yield drawn
    if last:
        yield last


def fewer_and_fewer(pictures: Iterable[Picture], reason: str = LAYOUT_REASON) -> Iterator[Picture]:
    """``pictures``, and then smaller ones of the last of them: its stages, and fewer and fewer of these."""
    last = None
    for last in pictures:
        yield last
    if last:
        stages = only_stages(last, "" if SHOWS_ALL in last.notes else reason)
        yield stages
        for count in REST_COUNTS:
            yield fewer_boxes(stages, count)


def only_stages(drawn: Picture, reason: str) -> Picture:
    """``drawn`` without its images and contexts."""
    stages = tuple(box for box in drawn.boxes if box.kind in BUILT)
    if len(stages) == len(drawn.boxes):
        return drawn
    return with_notes(_with_boxes(drawn, stages), f"images and contexts are left out {reason}".rstrip())


def fewer_boxes(drawn: Picture, count: int) -> Picture:
    """``drawn`` with ``count`` boxes, what changed and what is in the image first; the rest is one box.

    Of boxes that are as important, the last ones on the way to a target are kept. Of the arrows only those
    between the boxes are kept, and one from the rest to each box that reads only the rest, or that the
    critical path leads to from there.
    """
    rank = ranks(drawn.boxes, drawn.arrows)
    order = sorted(drawn.boxes, key=lambda box: (_importance(box), -rank[box.id]))
    kept = {box.id for box in order[:count]}
    boxes = tuple(box for box in drawn.boxes if box.id in kept)
    others = [box for box in drawn.boxes if box.id not in kept]
    if len(others) < 2:
        return drawn
    smaller = _with_boxes(
        drawn, (*boxes, _rest(others, drawn.compares, across=drawn.direction in ("LR", "RL")))
    )
    only = Arrow(source=REST, target=order[0].id, kind=EdgeKind.COPY)
    links = _links(drawn, kept) or [only]
    return replace(smaller, arrows=(*smaller.arrows, *links))


def _links(drawn: Picture, kept: set[str]) -> list[Arrow]:
    """One arrow from the rest to each box in ``kept`` that reads only the rest or is on the path."""
    into: dict[str, list[Arrow]] = {}
    reads_kept = {arrow.target for arrow in drawn.arrows if {arrow.source, arrow.target} <= kept}
    for arrow in drawn.arrows:
        if arrow.target in kept and arrow.source not in kept:
            into.setdefault(arrow.target, []).append(arrow)
    return [
        Arrow(
            source=REST,
            target=target,
            kind=min(arrows, key=lambda arrow: list(EdgeKind).index(arrow.kind or EdgeKind.COPY)).kind,
            critical=any(arrow.critical for arrow in arrows),
            needed=any(arrow.needed for arrow in arrows),
        )
        for target, arrows in into.items()
        if target not in reads_kept or any(arrow.critical for arrow in arrows)
    ]


def with_notes(drawn: Picture, *notes: str) -> Picture:
    """``drawn`` with more notes, before the one on the option that draws everything."""
    last = (SHOWS_ALL,) if drawn.notes[-1:] == (SHOWS_ALL,) else ()
    return replace(drawn, notes=(*drawn.notes[: len(drawn.notes) - len(last)], *notes, *last))


def _importance(box: Box) -> tuple[bool, int]:
    return box.change == "same", list(Role).index(box.role)


def _rest(boxes: list[Box], compares: bool, *, across: bool) -> Box:
    from stagegraph.comparison.changes import Change

    members = tuple(name for box in boxes for name in box.members or (box.id,))
    return Box(
        id=REST,
        label=f"{len(members)} more",
        # names would make a picture across wider, which is as wide as it can be
        sublabel="" if across else names_line([box.label for box in boxes], _NAMES),
        kind=NodeKind.STAGE,
        role=Role.UPSTREAM,
        count=len(members),
        critical=any(box.critical for box in boxes),
        members=members,
        change=Change.SAME if compares else None,
    )


def _with_boxes(drawn: Picture, boxes: tuple[Box, ...]) -> Picture:
    kept = {box.id for box in boxes}
    arrows = tuple(arrow for arrow in drawn.arrows if arrow.source in kept and arrow.target in kept)
    framed = {box.group for box in boxes}
    groups = tuple(group for group in drawn.groups if group.id in framed)
    before = notes_on_boxes(drawn.boxes)
    others = replace(drawn, notes=tuple(note for note in drawn.notes if note not in before))
    return replace(with_notes(others, *notes_on_boxes(boxes)), boxes=boxes, arrows=arrows, groups=groups)
