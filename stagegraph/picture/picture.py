"""Decides what to draw of a report: boxes of stages or steps, merged arrows, notes."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from itertools import pairwise
from types import MappingProxyType
from typing import TypeVar

from msgspec.structs import replace

from stagegraph.model import Edge, EdgeKind, Node, NodeKind, Reach, Report, Step, StepKind
from stagegraph.picture.box_text import box_of
from stagegraph.picture.direction import direction_of
from stagegraph.picture.folding import SHOWS_ALL, Folded, folded
from stagegraph.picture.legibility import Detail, first_detail
from stagegraph.picture.shorten import cut, edge_label, edge_tooltip
from stagegraph.picture.theme import SHIPS, arrow_style, style_name
from stagegraph.picture.view import Arrow, Box, Group, Picture, View
from stagegraph.source import printable
from stagegraph.units import measured_words

_PREFIX = r"\A\[[^\]]*\] (?:ONBUILD )?"  # of the name of a step
MakeBox = Callable[[Node, Folded], Box]
MakeArrow = Callable[[Sequence[Edge]], Arrow]
_LABEL_NOTES = MappingProxyType(
    {
        "once": "labels that repeat are written once",
        "ships": "only arrows that lead into the image have labels",
        "none": "labels are left out",
    }
)
_Part = TypeVar("_Part", Box, Arrow, Group)


def picture(report: Report, view: View, detail: Detail | None = None, closing: str = SHOWS_ALL) -> Picture:
    """The picture of ``report``, by default the fullest; its ``notes`` say what was merged or left out.

    ``closing`` is the last note of a picture that shows less than it could.
    """
    detail = detail or first_detail(view)
    kept = folded(report, view, detail)
    drawn = picture_of(report, kept, view, detail.labels)
    less = kept.less or len(drawn.notes) > len(report.notes) + len(kept.notes)
    return replace(drawn, notes=(*drawn.notes, closing)) if less else drawn


def picture_of(report: Report, kept: Folded, view: View, labels: str = "all") -> Picture:
    """The picture of ``kept``, the part of ``report`` to draw; ``labels`` is as in a ``Detail``."""
    arrow_of = partial(_arrow, {(item.node, item.line) for item in report.shipped if item.kind == "path"})
    if view.steps:
        boxes, arrows, groups = opened(report, kept, box_of, arrow_of)
    else:
        boxes = tuple(box_of(node, kept) for node in kept.nodes)
        arrows, groups = tuple(_merged(kept, arrow_of)), ()
    notes = [*report.notes, *kept.notes]
    fewer = _labelled(boxes, arrows, labels if view.labels else "none")
    notes += [_LABEL_NOTES[labels]] if view.labels and fewer != arrows else []
    arrows = fewer
    if not view.critical_path:
        boxes, arrows = _uncritical(boxes), _uncritical(arrows)
        groups = _uncritical(groups)
    return Picture(
        title=printable(view.title) or _title(report),
        description=description(report, kept.left_out),
        direction=direction_of(view.direction, boxes, arrows),
        boxes=boxes,
        arrows=arrows,
        groups=groups,
        notes=tuple(notes),
    )


def _labelled(boxes: Sequence[Box], arrows: tuple[Arrow, ...], which: str) -> tuple[Arrow, ...]:
    """``arrows`` with ``which`` labels: all, once, ships or none."""
    if which == "all":
        return arrows
    if which == "none":
        return _unlabelled(arrows)
    styles = {box.id: style_name(box) for box in boxes}
    seen: set[tuple[str, str]] = set()
    fewer = list[Arrow]()
    for arrow in arrows:
        ships = which == "once" or arrow_style(arrow, styles[arrow.source], styles[arrow.target]) in SHIPS
        ends = {(arrow.label, arrow.source), (arrow.label, arrow.target)}
        if arrow.label and (not ships or seen & ends):
            fewer.append(replace(arrow, label=""))
        else:
            fewer.append(arrow)
            seen |= ends
    return tuple(fewer)


def _unlabelled(arrows: Sequence[Arrow]) -> tuple[Arrow, ...]:
    return tuple(replace(arrow, label="") if arrow.label else arrow for arrow in arrows)


def _uncritical(parts: tuple[_Part, ...]) -> tuple[_Part, ...]:
    return tuple(replace(part, critical=False) if part.critical else part for part in parts)


def _title(report: Report) -> str:
    labels = [node.label for node in report.nodes if node.id in report.targets]
    return printable(f"{report.source}: {', '.join(labels)}")


def description(report: Report, left_out: Sequence[str] = ()) -> str:
    """A few sentences that say what the picture shows, and which stages it does not."""
    stages = [node for node in report.nodes if node.kind is NodeKind.STAGE]
    needed = sum(node.needed for node in stages)
    ships = list(dict.fromkeys(_shipped_word(report, item.node, item.path) for item in report.shipped))
    shown = ", ".join(ships[:6]) + (f" and {len(ships) - 6} more" if len(ships) > 6 else "")
    text = f"Build graph with {len(stages)} stages, {needed} of them needed."
    text += f" The image holds {shown}." if shown else ""
    return printable(text + (f" Not drawn: {', '.join(left_out)}." if left_out else ""))


def _shipped_word(report: Report, node: str, path: str) -> str:
    label = report.node(node).label
    return f"{path} of {label}" if path else label


def _merged(kept: Folded, arrow_of: MakeArrow) -> Iterator[Arrow]:
    """Parallel edges of one kind as one arrow, without a label that only repeats its source."""
    conditions = {node.id: node.why for node in kept.nodes if node.reach is Reach.SELECTABLE}
    parallel: dict[tuple[str, str, EdgeKind, bool], list[Edge]] = {}
    for edge in kept.edges:
        parallel.setdefault((edge.source, edge.target, edge.kind, edge.selectable), []).append(edge)
    for group in parallel.values():
        arrow = arrow_of(group)
        yield (
            replace(arrow, label="") if arrow.label and conditions.get(arrow.source) == arrow.label else arrow
        )


def _arrow(shipping: Collection[tuple[str, int | None]], edges: Sequence[Edge]) -> Arrow:
    first = edges[0]
    return Arrow(
        source=first.source,
        target=first.target,
        kind=first.kind,
        label=_label(edges),
        tooltip=edge_tooltip(edges),
        critical=any(edge.critical for edge in edges),
        needed=any(edge.needed for edge in edges),
        selectable=first.selectable,
        ships=any((edge.source, edge.line) in shipping for edge in edges),
        line=first.line,
        count=len(edges),
    )


def _label(edges: Sequence[Edge]) -> str:
    """What the edges carry; more than two conditions are in the tooltip only."""
    many = edges[0].selectable and len({edge.why for edge in edges}) > 2
    return "" if many else edge_label(edges)


def opened(
    report: Report, kept: Folded, make_box: MakeBox, make_arrow: MakeArrow
) -> tuple[tuple[Box, ...], tuple[Arrow, ...], tuple[Group, ...]]:
    """Boxes, arrows and frames with the steps of the stages of ``kept``."""
    inner = [step for step in report.steps if step.kind not in (StepKind.SOURCE, StepKind.RESULT)]
    with_steps = {step.node for step in inner}
    frames = {node.id: node for node in kept.nodes if node.id in with_steps}
    closed = [make_box(node, kept) for node in kept.nodes if node.id not in frames]
    boxes = (*closed, *(_step_box(step, frames[step.node]) for step in inner if step.node in frames))
    drawn = {box.id for box in boxes}
    rest = [edge for edge in kept.edges if edge.target in drawn and edge.source in drawn]
    arrows = (*_waits(report, inner, drawn), *(make_arrow([edge]) for edge in rest))
    return boxes, arrows, tuple(_frame(make_box(node, kept)) for node in frames.values())


def _waits(report: Report, inner: Sequence[Step], drawn: set[str]) -> list[Arrow]:
    """The arrows between steps that are drawn."""
    arrows: dict[tuple[str, str], Arrow] = {}
    passed = set(pairwise(report.critical_path))
    for step in inner:
        for read in step.inputs:
            ends = (_box_id(report.steps[read]), _box_id(step))
            if drawn.issuperset(ends) and ends not in arrows:
                critical = (read, step.id) in passed
                arrows[ends] = Arrow(
                    source=ends[0], target=ends[1], kind=None, critical=critical, line=step.line
                )
    return list(arrows.values())


def _box_id(step: Step) -> str:
    return step.node if step.kind is StepKind.SOURCE else f"step:{step.id}"


def _step_box(step: Step, node: Node) -> Box:
    return Box(
        id=f"step:{step.id}",
        label=cut(re.sub(_PREFIX, "", step.name), 40),
        sublabel=measured_words(step.measured) if step.measured else "",
        weight=step.measured.share if step.measured else 0.0,
        tooltip=printable(step.name),
        kind=None,
        role=node.role,
        reach=node.reach,
        critical=step.critical,
        line=step.line,
        group=node.id,
    )


def _frame(box: Box) -> Group:
    return Group(
        id=box.id,
        label=f"{box.label} · {box.sublabel}" if box.sublabel else box.label,
        role=box.role,
        reach=box.reach,
        critical=box.critical,
        line=box.line,
    )
