"""Decides what to draw of a report: boxes of stages or steps, merged arrows, notes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from msgspec.structs import replace

from stagegraph.model import Edge, NodeKind, Reach, Report
from stagegraph.picture.alternatives import DRAWS_IT, DRAWS_THEM, likely
from stagegraph.picture.box_text import box_of, node_labels
from stagegraph.picture.detail import at_detail, is_inner
from stagegraph.picture.direction import direction_of, ranks
from stagegraph.picture.folding import SHOWS_ALL, Folded, folded
from stagegraph.picture.legibility import Detail, first_detail
from stagegraph.picture.links import with_dockerfiles
from stagegraph.picture.parts import in_parts
from stagegraph.picture.short_names import few_names
from stagegraph.picture.shorten import edge_labels, edge_tooltip
from stagegraph.picture.steps import MakeArrow, opened
from stagegraph.picture.theme import SHIPS, arrow_style, style_name
from stagegraph.picture.view import Arrow, Box, Group, Picture, View
from stagegraph.source import printable
from stagegraph.units import counted, size

_LABEL_NOTES = MappingProxyType(
    {
        "once": "labels that repeat are written once",
        "ships": "only arrows that lead into the image have labels",
        "none": "labels are left out",
    }
)
_Part = TypeVar("_Part", Box, Arrow, Group)
_MOST_TITLED = 40  # targets
_MOST_BOXES = 3  # that a note names


def picture(report: Report, view: View, detail: Detail | None = None, closing: str = SHOWS_ALL) -> Picture:
    """The picture of ``report``, by default the fullest; its ``notes`` say what was merged or left out.

    ``closing`` is the last note of a picture that shows less than it could.
    """
    report = at_detail(report, view)
    detail = detail or first_detail(view)
    report = likely(report, view)
    kept = folded(report, view, detail)
    drawn = picture_of(report, kept, view, detail.labels)
    less = kept.less or len(drawn.notes) > len(report.notes) + len(kept.notes)
    return replace(drawn, notes=(*_said_once(drawn.notes, closing), closing)) if less else drawn


def _said_once(notes: Sequence[str], closing: str) -> Iterator[str]:
    """``notes`` without the option that the ``closing`` note names."""
    if closing != SHOWS_ALL:
        return iter(notes)
    return (note.removesuffix(DRAWS_IT).removesuffix(DRAWS_THEM) for note in notes)


def picture_of(report: Report, kept: Folded, view: View, labels: str = "all") -> Picture:
    """The picture of ``kept``, the part of ``report`` to draw; ``labels`` is as in a ``Detail``."""
    shipping = {(item.node, item.line) for item in report.shipped if item.kind == "path"}
    heaviest = max((edge.bytes or 0 for edge in report.edges), default=0)
    groups_of_edges = [[edge] for edge in kept.edges] if view.steps else _parallel(kept)
    arrow_of = partial(_arrow, shipping, heaviest, edge_labels(groups_of_edges))
    make_box = partial(box_of, node_labels(kept.nodes))
    if view.steps:
        boxes, arrows, groups = opened(report, kept, make_box, arrow_of)
    else:
        boxes, groups = in_parts(report, kept, tuple(make_box(node, kept) for node in kept.nodes))
        arrows = tuple(_merged(kept, arrow_of))
    notes = [*report.notes, *kept.notes, *notes_on_boxes(boxes)]
    fewer = _labelled(boxes, arrows, labels if view.labels else "none")
    notes += [_LABEL_NOTES[labels]] if view.labels and fewer != arrows else []
    arrows = fewer
    if not view.critical_path:
        boxes, arrows = _uncritical(boxes), _uncritical(arrows)
        groups = _uncritical(groups)
    boxes, arrows, groups = with_dockerfiles(report, boxes, arrows, groups)
    return Picture(
        title=printable(view.title) or _title(report),
        description=description(report, kept.left_out),
        direction=direction_of(view.direction, boxes, arrows),
        boxes=numbered(boxes, arrows),
        arrows=arrows,
        groups=groups,
        notes=tuple(notes),
    )


def notes_on_boxes(boxes: Sequence[Box]) -> tuple[str, ...]:
    """The note that names the boxes that stand for several nodes, if there are any."""
    several = [box for box in boxes if len(box.members) > 1]
    if not several:
        return ()
    count = sum(len(box.members) for box in several)
    drawn = "one box" if len(several) == 1 else f"{len(several)} boxes"
    return (f"{count} nodes are drawn as {drawn}: {few_names([box.label for box in several], _MOST_BOXES)}",)


def numbered(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> tuple[Box, ...]:
    """``boxes`` with their places on the critical path, which are in the order in which it passes them."""
    on_path = [box.id for box in boxes if box.critical]
    rank = ranks(boxes, arrows) if on_path else {}
    places = {name: place for place, name in enumerate(sorted(on_path, key=rank.__getitem__), 1)}
    return tuple(
        replace(box, ordinal=places.get(box.id, 0)) if box.critical or box.ordinal else box for box in boxes
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
    if report.bake_targets:
        labels = [target.name for target in report.bake_targets if not target.linked]
    more = f" and {len(labels) - _MOST_TITLED} more" if len(labels) > _MOST_TITLED else ""
    return printable(f"{report.source}: {', '.join(labels[:_MOST_TITLED])}{more}")


def description(report: Report, left_out: Sequence[str] = ()) -> str:
    """A few sentences that say what the picture shows, and which stages it does not."""
    if any(node.kind is NodeKind.BAKE_TARGET for node in report.nodes):
        return printable(f"Build graph with {counted(len(report.bake_targets), 'bake target')}.")
    stages = [node for node in report.nodes if node.kind is NodeKind.STAGE]
    needed = sum(node.needed for node in stages)
    ships = list(dict.fromkeys(_shipped_word(report, item.node, item.path) for item in report.shipped))
    shown = ", ".join(ships[:6]) + (f" and {len(ships) - 6} more" if len(ships) > 6 else "")
    text = f"Build graph with {counted(len(stages), 'stage')}, {needed} of them needed."
    text += f" The image holds {shown}." if shown else ""
    return printable(text + (f" Not drawn: {', '.join(left_out)}." if left_out else ""))


def _shipped_word(report: Report, node: str, path: str) -> str:
    label = report.node(node).label
    return f"{path} of {label}" if path else label


def _merged(kept: Folded, arrow_of: MakeArrow) -> Iterator[Arrow]:
    """Parallel edges of one kind as one arrow, without a label that only repeats its source."""
    conditions = {node.id: node.why for node in kept.nodes if node.reach is Reach.SELECTABLE}
    for group in _parallel(kept):
        arrow = arrow_of(group)
        yield (
            replace(arrow, label="") if arrow.label and conditions.get(arrow.source) == arrow.label else arrow
        )


def _parallel(kept: Folded) -> list[list[Edge]]:
    """The edges of one kind between the same nodes."""
    parallel: dict[tuple[object, ...], list[Edge]] = {}
    for edge in kept.edges:
        key = (edge.source, edge.target, edge.kind, edge.selectable, is_inner(edge))
        parallel.setdefault(key, []).append(edge)
    return list(parallel.values())


def _arrow(
    shipping: Collection[tuple[str, int | None]],
    heaviest: int,
    labels: Mapping[tuple[Edge, ...], str],
    edges: Sequence[Edge],
) -> Arrow:
    first = edges[0]
    known = [edge.bytes for edge in edges if edge.bytes is not None]
    carried = sum(known) if len(known) == len(edges) else None
    return Arrow(
        source=first.source,
        target=first.target,
        kind=first.kind,
        label=" · ".join(filter(None, (_label(labels, edges), "" if carried is None else size(carried)))),
        tooltip=edge_tooltip(edges),
        weight=carried / heaviest if carried and heaviest else 0.0,
        critical=any(edge.critical for edge in edges),
        needed=any(edge.needed for edge in edges),
        selectable=first.selectable,
        ships=any((edge.source, edge.line) in shipping for edge in edges),
        line=first.line,
        count=len(edges),
        inner=is_inner(first),
    )


def _label(labels: Mapping[tuple[Edge, ...], str], edges: Sequence[Edge]) -> str:
    """What the edges carry; more than two conditions are in the tooltip only."""
    many = edges[0].selectable and len({edge.why for edge in edges}) > 2
    return "" if many else labels[tuple(edges)]
