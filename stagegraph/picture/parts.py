"""Frames around the stages of each Dockerfile of a report that has several."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from msgspec.structs import replace

from stagegraph.model import Node, NodeKind, Reach, Report, Role
from stagegraph.picture.folding import Folded
from stagegraph.picture.short_names import cut, short
from stagegraph.picture.view import Box, Group

_ROLES = tuple(Role)


def in_parts(
    report: Report, kept: Folded, boxes: tuple[Box, ...]
) -> tuple[tuple[Box, ...], tuple[Group, ...]]:
    """``boxes``, each in the frame of its Dockerfile, and the frames; none for a single Dockerfile.

    A context that only one Dockerfile reads is in its frame. Labels in a frame are without its name.
    """
    part_of = {node.id: node.part for node in report.nodes if node.part}
    if not part_of:
        return boxes, ()
    parts = {name: _common(part_of, (name, *ids)) for name, ids in _members(kept).items()}
    readers: dict[str, set[str]] = {}
    for edge in kept.edges:
        readers.setdefault(edge.source, set()).add(parts.get(edge.target, ""))
    for node in kept.nodes:
        if node.kind in (NodeKind.CONTEXT, NodeKind.NAMED_CONTEXT) and len(readers.get(node.id, ())) == 1:
            parts[node.id] = min(readers[node.id])
    framed = tuple(_framed(box, parts.get(box.id, "")) for box in boxes)
    drawn = {box.group for box in framed}
    return framed, tuple(group for group in _groups(report) if group.id in drawn)


def _members(kept: Folded) -> Mapping[str, tuple[str, ...]]:
    return {node.id: kept.members.get(node.id, ()) for node in kept.nodes}


def _common(part_of: Mapping[str, str], ids: tuple[str, ...]) -> str:
    """The part of all ``ids``; empty if they are of several."""
    parts = {part_of.get(name, "") for name in ids}
    return min(parts) if len(parts) == 1 else ""


def _framed(box: Box, part: str) -> Box:
    if not part:
        return box
    return replace(box, group=_group_id(part), label=box.label.removeprefix(f"{part}:"))


def _group_id(part: str) -> str:
    return f"part:{part}"


def _groups(report: Report) -> tuple[Group, ...]:
    stages: dict[str, list[Node]] = {}
    for node in report.nodes:
        if node.part:
            stages.setdefault(node.part, []).append(node)
    return tuple(_group(report, part, own) for part, own in stages.items())


def _group(report: Report, part: str, stages: list[Node]) -> Group:
    """The frame of a Dockerfile: its targets, its path, and the platforms that are not the default."""
    images = {stage.id: stage for stage in stages}
    targets = [target for target in report.bake_targets if target.node in images]
    names = ", ".join(target.name for target in targets) or part
    platforms = dict.fromkeys(platform for target in targets for platform in target.platforms)
    folder = posixpath.dirname(targets[0].file) if targets else ""
    path = stages[0].dockerfile.removeprefix(f"{folder}/")
    words = [cut(names, 40), short(path, 40), cut(", ".join(platforms), 40)]
    roles = [images[target.node].role for target in targets] or [Role.UNNEEDED]
    return Group(
        id=_group_id(part),
        label=" · ".join(filter(None, words)),
        role=min(roles, key=_ROLES.index),
        reach=Reach.NEEDED,
        critical=any(stage.critical for stage in stages),
        chain=False,
    )
