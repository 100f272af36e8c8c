"""A report as a picture: what is drawn, merged, shortened and left out, for every drawing format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from stagegraph.model import Edge, EdgeKind, Node, NodeKind, Reach, Report, Role
from stagegraph.printable import printable
from stagegraph.renderers.folding import Folded, folded
from stagegraph.renderers.shape import direction_of
from stagegraph.renderers.shorten import cut, edge_label, edge_tooltip, shortened
from stagegraph.renderers.step_picture import opened
from stagegraph.renderers.theme import SHIPS, arrow_look, look_name
from stagegraph.renderers.view import Arrow, Box, Group, Picture, View

MOST_LABELS = 90  # edges; above it their labels would hide the picture
_ROLE_WORDS = {
    Role.TARGET: "the target",
    Role.INHERITED: "in the image, by FROM",
    Role.COPIED: "some paths of it are in the image",
    Role.MOUNTED: "only read by a RUN, not in the image",
    Role.UPSTREAM: "needed, not in the image",
    Role.UNNEEDED: "not needed for the target",
}


def picture(report: Report, view: View) -> Picture:
    """Decide what to draw of ``report``; ``notes`` tell what was merged, shortened or left out."""
    return picture_of(report, folded(report, view), view)


def picture_of(report: Report, kept: Folded, view: View) -> Picture:
    """The picture of what is kept of ``report``."""
    if view.steps:
        boxes, arrows, groups = opened(report, kept, _box, _arrow)
    else:
        boxes = tuple(_box(node, kept) for node in kept.nodes)
        arrows, groups = tuple(_merged(kept)), ()
    notes = list(kept.notes)
    if view.labels and len(arrows) > MOST_LABELS:
        fewer = _labelled_where_it_ships(boxes, arrows)
        notes += ["only what goes into the image has its label"] if fewer != arrows else []
        arrows = fewer
    elif not view.labels:
        arrows = _unlabelled(arrows)
    if not view.critical_path:
        boxes, arrows = _uncritical(boxes), _uncritical(arrows)
        groups = _uncritical(groups)
    return Picture(
        title=printable(view.title) or _title(report),
        description=description(report),
        direction=direction_of(view.direction, boxes, arrows),
        boxes=boxes,
        arrows=arrows,
        groups=groups,
        notes=tuple(notes),
    )


def _labelled_where_it_ships(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> tuple[Arrow, ...]:
    """The labels of what goes into the image, as many as a picture holds."""
    looks = {box.id: look_name(box) for box in boxes}
    names = [arrow_look(arrow, looks[arrow.source], looks[arrow.target]) for arrow in arrows]
    if sum(name in SHIPS for name in names) > MOST_LABELS:
        return _unlabelled(arrows)
    return tuple(
        arrow if name in SHIPS or not arrow.label else replace(arrow, label="")
        for arrow, name in zip(arrows, names, strict=True)
    )


def _unlabelled(arrows: Sequence[Arrow]) -> tuple[Arrow, ...]:
    return tuple(replace(arrow, label="") if arrow.label else arrow for arrow in arrows)


_Part = TypeVar("_Part", Box, Arrow, Group)


def _uncritical(parts: tuple[_Part, ...]) -> tuple[_Part, ...]:
    return tuple(replace(part, critical=False) if part.critical else part for part in parts)


def _title(report: Report) -> str:
    labels = [node.label for node in report.nodes if node.id in report.targets]
    return printable(f"{report.source}: {', '.join(labels)}")


def description(report: Report) -> str:
    """One or two sentences that say what the picture shows."""
    stages = [node for node in report.nodes if node.kind is NodeKind.STAGE]
    needed = sum(node.needed for node in stages)
    ships = [_shipped_word(report, item.node, item.path) for item in report.shipped]
    shown = ", ".join(ships[:6]) + (f" and {len(ships) - 6} more" if len(ships) > 6 else "")
    text = f"Build graph with {len(stages)} stages, {needed} of them needed."
    return printable(text + (f" The image holds {shown}." if shown else ""))


def _shipped_word(report: Report, node: str, path: str) -> str:
    label = report.node(node).label
    return f"{path} of {label}" if path else label


def _box(node: Node, kept: Folded) -> Box:
    return Box(
        id=node.id,
        label=shortened(node.label, 46),
        sublabel="\n".join(_sublabels(node, kept)),
        tooltip="\n".join(map(printable, _tooltip(node, kept))),
        kind=node.kind,
        role=node.role,
        reach=node.reach,
        critical=node.critical,
        line=node.line,
        count=kept.counts.get(node.id, 1),
        members=kept.members.get(node.id, ()),
    )


def _sublabels(node: Node, kept: Folded) -> Iterator[str]:
    """The smaller lines of a box: what it is to the target, its size, and the sources written in it."""
    words = " · ".join((*_how_many(node, kept), *_words(node)))
    if words:
        yield words
    if node.id in kept.bases:
        yield cut(f"FROM {kept.bases[node.id]}", 44)
    for source in kept.inside.get(node.id, ()):
        yield source.line


def _how_many(node: Node, kept: Folded) -> Iterator[str]:
    if node.id in kept.members:
        yield f"{kept.counts[node.id]} {node.kind}s alike"


def _words(node: Node) -> Iterator[str]:
    if node.role is Role.TARGET:
        yield "target"
    elif node.reach is Reach.SELECTABLE:
        yield cut(node.why.replace("with ", "if ", 1), 40)
    elif node.reach is Reach.DEAD and node.kind is NodeKind.STAGE:
        yield "dead"
    if node.base == "scratch":
        yield "FROM scratch"
    if node.kind is NodeKind.STAGE and node.steps:
        yield f"{node.steps} step{'s' if node.steps > 1 else ''}"
    if node.platform:
        yield cut(node.platform, 24)


def _tooltip(node: Node, kept: Folded) -> Iterator[str]:
    yield _sentence(node)
    for source in kept.inside.get(node.id, ()):
        yield source.whole


def _sentence(node: Node) -> str:
    parts = [node.label]
    if node.line:
        parts.append(f"lines {node.line} to {node.end_line}")
    if node.kind is NodeKind.STAGE and node.base:
        parts.append(f"FROM {node.base}")
    parts.append(_ROLE_WORDS[node.role])
    if node.why:
        parts.append(f"{node.reach}: {node.why}")
    if node.description:
        parts.append(node.description)
    return "; ".join(parts)


def _merged(kept: Folded) -> Iterator[Arrow]:
    """Parallel edges of one kind as one arrow; what its source says already, an arrow does not."""
    told = {node.id: node.why for node in kept.nodes if node.reach is Reach.SELECTABLE}
    parallel: dict[tuple[str, str, EdgeKind, bool], list[Edge]] = {}
    for edge in kept.edges:
        parallel.setdefault((edge.source, edge.target, edge.kind, edge.selectable), []).append(edge)
    for group in parallel.values():
        arrow = _arrow(group)
        yield replace(arrow, label="") if arrow.label and told.get(arrow.source) == arrow.label else arrow


def _arrow(edges: Sequence[Edge]) -> Arrow:
    first = edges[0]
    return Arrow(
        source=first.source,
        target=first.target,
        kind=first.kind,
        label=edge_label(edges),
        tooltip=edge_tooltip(edges),
        critical=any(edge.critical for edge in edges),
        needed=any(edge.needed for edge in edges),
        selectable=first.selectable,
        line=first.line,
        count=len(edges),
    )
