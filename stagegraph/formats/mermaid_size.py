"""Estimates the size at which Mermaid draws a picture, without running it.

Mermaid lays out with dagre: ranks by network simplex, and labels as boxes of their own in between. The factors
are fitted to what Mermaid 11 draws of the shapes in tests/shapes.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from stagegraph.formats.mermaid_picture import note_lines
from stagegraph.formats.mermaid_style import MARKS
from stagegraph.model import NodeKind
from stagegraph.picture.direction import near_readers, passing, ranks
from stagegraph.picture.sizes import Size, text_width
from stagegraph.picture.theme import style_name
from stagegraph.picture.view import Box, Picture

LETTERS, LINE = 16.0, 24.0  # pixels: the size of letters, and of a line
WIDER = 1.17  # than Arial are the fonts that Mermaid names, of those that systems have
PADDING = 6  # as in the configuration
NODE_SPACING = 20
RANK_SPACING = 24
_MARGIN = 16.0
_PASSING = 20.0  # pixels that dagre keeps between lines
_ROUND, _SLANTED = 4 * PADDING, 5 * PADDING  # both sides of a box together


class _Rank(NamedTuple):
    """The boxes or the labels of one rank, and how many lines pass it."""

    sizes: list[Size]
    passing: int


def estimated_size(drawn: Picture) -> Size:
    """About the width and height in pixels that Mermaid needs for ``drawn``."""
    across = drawn.direction in ("LR", "RL")
    found = list(_ranks(drawn))
    if not found:
        return Size(width=0.0, height=0.0)
    along = sum(max(_extent(size, not across) for size in rank.sizes) for rank in found)
    along += RANK_SPACING * (2 * len({}) + len(found) - 1)
    aside = max(_aside(rank, across) for rank in found)
    width, height = (along, aside) if across else (aside, along)
    return Size(width=width + _MARGIN, height=height + _MARGIN)


def _aside(rank: _Rank, across: bool) -> float:
    used = sum(_extent(size, across) for size in rank.sizes)
    return used + NODE_SPACING * (len(rank.sizes) - 1) + _PASSING * rank.passing


def _extent(size: Size, vertical: bool) -> float:
    return size.height if vertical else size.width


def _ranks(drawn: Picture) -> Iterator[_Rank]:
    rank = near_readers(ranks(drawn.boxes, drawn.arrows), drawn.arrows)
    sizes: dict[int, list[Size]] = {}
    for box in drawn.boxes:
        sizes.setdefault(2 * rank[box.id], []).append(box_size(box))
    for arrow in drawn.arrows:
        if arrow.label:
            sizes.setdefault(2 * rank[arrow.target] - 1, []).append(_text_size(arrow.label.split("\n"), 2 * PADDING))
    last = 2 * max(rank.values(), default=0)
    passed = passing(rank, drawn.arrows)
    for row in range(last + 1):
        yield _Rank(sizes=sizes.get(row, [Size(width=0.0, height=0.0)]), passing=passed[row])
    if lines := note_lines(drawn):
        yield _Rank(sizes=[_text_size(lines, 2 * PADDING)], passing=0)


def box_size(box: Box) -> Size:
    """The size of a box as Mermaid draws it."""
    name = (MARKS.get(style_name(box), "") if box.kind else "") + box.label
    lines = [name, *(box.sublabel.split("\n") if box.sublabel else [])]
    stage = box.kind in (NodeKind.STAGE, None)
    size = _text_size(lines, _ROUND if stage else _SLANTED, bold=box.kind is NodeKind.STAGE)
    return size if stage else Size(width=size.width + 8, height=size.height + 18)


def _text_size(lines: Sequence[str], sides: float, *, bold: bool = False) -> Size:
    widths = [text_width(line, LETTERS, bold=bold and not at) * WIDER for at, line in enumerate(lines)]
    return Size(width=max(widths) + sides, height=LINE * len(lines) + 2 * PADDING)
