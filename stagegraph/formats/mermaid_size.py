"""Estimates the size at which Mermaid draws a picture, without running it.

The nodes, labels and notes of the diagram are laid out as Mermaid's engine does it. The sizes of letters and
boxes are those that Mermaid 11 draws in Chromium.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from stagegraph.formats.dagre import NODE_SEPARATION, tight_ranks, width_of
from stagegraph.formats.mermaid_picture import first_steps, last_box, name_of, note_lines
from stagegraph.model import BUILT, NodeKind
from stagegraph.picture.legibility import COLUMN, SMALLEST_SCALE, TALLEST
from stagegraph.picture.sizes import Size, text_width
from stagegraph.picture.view import Box, Picture

PADDING = 6  # pixels, as in the configuration
NODE_SPACING = int(NODE_SEPARATION)
RANK_SPACING = 30
_LETTERS, _LINE = 16.0, 24.0  # pixels: the size of letters, and of a line
_WIDER = 1.08  # than Arial are the letters, bold or not
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
    sizes, links = _graph(drawn)
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
        aside, crossings = width_of([size[across] for size in sizes], ranks, links)
        aside *= _CROSSED if crossings else _SAFETY
    if drawn.groups:
        along += _FRAME * min(len(drawn.groups), len(depths))
        aside *= _FRAMED
    width, height = (along, aside) if across else (aside, along)
    return Size(width=width + _MARGIN, height=height + _MARGIN)


def _graph(drawn: Picture) -> tuple[list[Size], list[tuple[int, int, int]]]:
    """The sizes of boxes, labels and the note, and the links between them as Mermaid counts their ranks."""
    number = {box.id: at for at, box in enumerate(drawn.boxes)}
    sizes = [box_size(box) for box in drawn.boxes]
    links = []
    for arrow in drawn.arrows:
        source, target = number[arrow.source], number[arrow.target]
        if arrow.label:
            links += [(source, len(sizes), 1), (len(sizes), target, 1)]
            sizes.append(_text_size(arrow.label.split("\n")))
        else:
            links.append((source, target, 2))
    labels = {group.id: group.label for group in drawn.groups}
    for group, first in first_steps(drawn):
        links.append((len(sizes), number[first], 1))
        sizes.append(_text_size([labels[group]], bold=True))
    if lines := note_lines(drawn):
        links.append((number[last_box(drawn)], len(sizes), 1))
        sizes.append(_text_size(lines))
    return sizes, links


def box_size(box: Box) -> Size:
    """The size of a box as Mermaid draws it."""
    lines = [name_of(box), *(box.sublabel.split("\n") if box.sublabel else [])]
    width, height = _text_size(lines, bold=box.kind in BUILT)
    if box.kind is NodeKind.IMAGE:  # a cylinder has a rim
        return Size(width=width, height=height + 28)
    slanted = box.kind in (NodeKind.CONTEXT, NodeKind.NAMED_CONTEXT, NodeKind.REMOTE)
    return Size(width=width + height if slanted else width, height=height)


def _text_size(lines: Sequence[str], *, bold: bool = False) -> Size:
    widths = [text_width(line, _LETTERS, bold=bold and not at) * _WIDER for at, line in enumerate(lines)]
    return Size(width=max(widths) + 2 * PADDING, height=_LINE * len(lines) + 2 * PADDING)
