"""A report as a picture: what is drawn, merged, shortened and left out, for every drawing format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from stagegraph.model import Edge, EdgeKind, Node, NodeKind, Reach, Report, Role
from stagegraph.printable import printable
from stagegraph.renderers.folding import Folded, folded
from stagegraph.renderers.shape import direction_of
from stagegraph.renderers.shorten import cut, edge_label, edge_tooltip, shortened
from stagegraph.renderers.step_picture import opened
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
    """The picture of what was ``kept`` of ``report``."""
    if view.steps:
        boxes, arrows, groups = opened(report, kept, _box, _arrow)
    else:
        boxes = tuple(_box(node, kept) for node in kept.nodes)
        arrows, groups = tuple(_merged(kept.edges)), ()
    notes = list(kept.notes)
    if (not view.labels or len(arrows) > MOST_LABELS) and any(arrow.label for arrow in arrows):
        arrows = tuple(replace(arrow, label="") for arrow in arrows)
        if view.labels:
            notes.append(f"labels of {len(arrows)} edges are left out")
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
        sublabel=" · ".join(_sublabels(node, kept)),
        tooltip=printable(_tooltip(node)),
        kind=node.kind,
        role=node.role,
        reach=node.reach,
        critical=node.critical,
        line=node.line,
        count=kept.counts.get(node.id, 1),
    )


def _sublabels(node: Node, kept: Folded) -> list[str]:
    """The second line of a box: what it is to the target, its base, its size."""
    words = []
    if node.role is Role.TARGET:
        words.append("target")
    elif node.reach is Reach.SELECTABLE:
        words.append(cut(node.why.replace("with ", "if ", 1), 40))
    elif node.reach is Reach.DEAD and node.kind is NodeKind.STAGE:
        words.append("dead")
    if node.id in kept.bases:
        words.append(cut(f"FROM {kept.bases[node.id]}", 40))
    elif node.base == "scratch":
        words.append("FROM scratch")
    if node.kind is NodeKind.STAGE and node.steps:
        words.append(f"{node.steps} step{'s' if node.steps > 1 else ''}")
    if node.platform:
        words.append(cut(node.platform, 24))
    return words


def _tooltip(node: Node) -> str:
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


def _merged(edges: Iterable[Edge]) -> Iterable[Arrow]:
    """Parallel edges of one kind as one arrow."""
    parallel: dict[tuple[str, str, EdgeKind, bool], list[Edge]] = {}
    for edge in edges:
        parallel.setdefault((edge.source, edge.target, edge.kind, edge.selectable), []).append(edge)
    for group in parallel.values():
        yield _arrow(group)


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
