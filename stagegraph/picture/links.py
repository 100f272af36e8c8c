"""Which Dockerfile the boxes and arrows of a picture link to, if a bake or compose file builds several."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TypeVar

from msgspec.structs import replace

from stagegraph.model import Report
from stagegraph.picture.view import Arrow, Box, Group
from stagegraph.source import printable

_Part = TypeVar("_Part", Box, Arrow, Group)


def dockerfile_paths(report: Report) -> dict[str, str] | None:
    """The path below the link base of the Dockerfile of each node that has one; None for a lone Dockerfile.

    A Dockerfile that is written in a bake or compose file, or that is not below the current directory, has
    none.
    """
    if not report.bake_targets:
        return None
    inside = {printable(f"{target.file} ({target.name})") for target in report.bake_targets}
    only = report.bake_targets[0].dockerfile
    names = {node.id: node.dockerfile or only for node in report.nodes if node.line}
    return {node: _url_path(name) for node, name in names.items() if name not in inside and _url_path(name)}


def _url_path(path: str) -> str:
    from urllib.parse import quote

    below = path.replace(os.sep, "/")
    return "" if os.path.isabs(path) or below.startswith("../") else quote(below)


def with_dockerfiles(
    report: Report, boxes: tuple[Box, ...], arrows: tuple[Arrow, ...], groups: tuple[Group, ...]
) -> tuple[tuple[Box, ...], tuple[Arrow, ...], tuple[Group, ...]]:
    """The parts of a picture with the Dockerfile that each one's line is of, and without other lines."""
    paths = dockerfile_paths(report)
    if paths is None:
        return boxes, arrows, groups
    nodes = {box.id: box.id if box.id in paths else box.group for box in boxes}
    return (
        tuple(_linked(box, paths, nodes[box.id]) for box in boxes),
        tuple(_linked(arrow, paths, nodes.get(arrow.target, arrow.target)) for arrow in arrows),
        tuple(_linked(group, paths, group.id) for group in groups),
    )


def _linked(part: _Part, paths: Mapping[str, str], node: str) -> _Part:
    path = paths.get(node, "")
    return replace(part, dockerfile=path, line=part.line if path else None)
