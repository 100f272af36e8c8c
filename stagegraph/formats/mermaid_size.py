"""Estimates the size at which Mermaid draws a picture, without running it.

The nodes, labels and notes of the diagram are laid out as Mermaid's engine does it. The sizes of letters and
boxes are those that Mermaid 11 draws in Chromium.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from stagegraph.formats.dagre import NODE_SEPARATION, Layout, laid_out
from stagegraph.formats.dagre_ranks import tight_ranks
from stagegraph.formats.mermaid_picture import first_steps, last_box, name_of, note_lines
from stagegraph.model import BUILT, NodeKind
from stagegraph.picture.legibility import COLUMN, SMALLEST_SCALE, TALLEST
from stagegraph.picture.sizes import Size, text_width
from stagegraph.picture.view import Box, Picture

PADDING = 6  # pixels, as in the configuration
NODE_SPACING = int(NODE_SEPARATION)
RANK_SPACING = 30
_FONT, _LINE = 16.0, 24.0  # pixels: the size of letters, and of a line
LETTERS = 1.055  # widths of letters, bold or not, compared with those of Arial
_MARGIN = 16.0
_SAFETY, _CROSSED = 1.06, 1.28  # of the width; the more links cross, the less is known of the order of nodes
_FRAME, _FRAMED = 32.0, 1.3  # pixels along for each frame, and the factor aside for all, as bake files need
_MOST_BOXES = 250  # more never fit on a page
_MOST_SPANS = 800  # ranks that all links together lead across; more than that is never small enough


def estimated_size(drawn: Picture) -> Size:
    """About the width and height in pixels that Mermaid needs; a lower bound if ``drawn`` is too large."""
    if not drawn.boxes:
        return Size(width=0.0, height=0.0)
    if len(drawn.boxes) > _MOST_BOXES:
        return Size(width=inf, height=inf)
    across = drawn.direction in ("LR", "RL")
    sizes, links = boxes_and_links(drawn)
    ranks = tight_ranks(len(sizes), links)
    depths = [0.0] * (max(ranks) + 1)
    rows = [-NODE_SEPARATION] * len(depths)
    for size, rank in zip(sizes, ranks, strict=True):
        depth, wide = size if across else size[::-1]
        depths[rank] = max(depths[rank], depth)
        rows[rank] += wide + NODE_SEPARATION
    along, aside = sum(depths) + RANK_SPACING * (len(depths) - 1), max(rows)
    limits = (COLUMN, TALLEST) if across else (TALLEST, COLUMN)
    spans = sum(ranks[target] - ranks[source] for source, target, _ in links)
    if spans > _MOST_SPANS:
        aside = inf
    elif along * SMALLEST_SCALE <= limits[0] and aside * SMALLEST_SCALE <= limits[1]:
        drawing = laid_out([size if not across else size[::-1] for size in sizes], links, RANK_SPACING)
        aside = drawing.width * (_CROSSED if drawing.crossings else _SAFETY)
    if drawn.groups:
        along += _FRAME * min(len(drawn.groups), len(depths))
        aside *= _FRAMED
    width, height = (along, aside) if across else (aside, along)
    return Size(width=width + _MARGIN, height=height + _MARGIN)


def boxes_and_links(drawn: Picture, letters: float = LETTERS) -> tuple[list[Size], list[tuple[int, int, int]]]:
    """The sizes of boxes, labels and the note, and the links between them as Mermaid counts their ranks."""
    number = {box.id: at for at, box in enumerate(drawn.boxes)}
    sizes = [box_size(box, letters) for box in drawn.boxes]
    links = []
    for arrow in drawn.arrows:
        source, target = number[arrow.source], number[arrow.target]
        if arrow.label:
            links += [(source, len(sizes), 1), (len(sizes), target, 1)]
            sizes.append(_label_size(arrow.label.split("\n"), letters))
        else:
            links.append((source, target, 2))
    labels = {group.id: group.label for group in drawn.groups}
    for group, first in first_steps(drawn):
        links.append((len(sizes), number[first], 1))
        sizes.append(_label_size([labels[group]], letters, bold=True))
    if lines := note_lines(drawn):
        links.append((number[last_box(drawn)], len(sizes), 1))
        sizes.append(_label_size(lines, letters))
    return sizes, links


def box_size(box: Box, letters: float = LETTERS) -> Size:
    """The size of a box as Mermaid draws it."""
    lines = [name_of(box), *(box.sublabel.split("\n") if box.sublabel else [])]
    width, height = text_size(lines, letters, bold=box.kind in BUILT)
    if box.kind is NodeKind.IMAGE:
        return Size(width=width + PADDING, height=height + PADDING + 3 * rim(width + PADDING))
    if box.kind is NodeKind.REMOTE:  # a hexagon
        return Size(width=width + PADDING + (height + PADDING) / 2, height=height + PADDING)
    if box.kind in (NodeKind.CONTEXT, NodeKind.NAMED_CONTEXT):  # with slanted sides
        return Size(width=width + height + 2 * PADDING, height=height + PADDING)
    return Size(width=width + 2 * PADDING, height=height + 2 * PADDING)


def rim(width: float) -> float:
    """The vertical radius of the rim of a cylinder."""
    return width / 2 / (2.5 + width / 50)


def _label_size(lines: Sequence[str], letters: float, *, bold: bool = False) -> Size:
    width, height = text_size(lines, letters, bold=bold)
    return Size(width=width + 4 * PADDING, height=height + 2 * PADDING)


def text_size(lines: Sequence[str], letters: float, *, bold: bool = False) -> Size:
    widths = [text_width(line, _FONT, bold=bold and not at) * letters for at, line in enumerate(lines)]
    return Size(width=max(widths), height=_LINE * len(lines))
