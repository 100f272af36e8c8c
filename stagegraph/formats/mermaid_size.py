"""Estimates the size at which Mermaid draws a picture, without running it.

The nodes, labels and notes of the diagram are laid out as Mermaid's engine does it. The sizes of letters and
boxes are those that Mermaid 11 draws in Chromium.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from stagegraph.formats.dagre import NODE_SEPARATION, Layout, laid_out
from stagegraph.formats.dagre_order import Layered
from stagegraph.formats.dagre_ranks import Links, tight_ranks
from stagegraph.formats.mermaid_picture import first_steps, last_box, name_of, note_lines
from stagegraph.model import BUILT, NodeKind
from stagegraph.picture.legibility import is_legible
from stagegraph.picture.sizes import Size, text_width
from stagegraph.picture.view import Box, Picture

PADDING = 6  # pixels, as in the configuration
NODE_SPACING = int(NODE_SEPARATION)
RANK_SPACING = 30
HALF_RANK = RANK_SPACING / 2
_FONT, _LINE = 16.0, 24.0  # pixels: the size of letters, and of a line
LETTERS = 1.055  # widths of letters, bold or not, compared with those of Arial
_MARGIN = 16.0
_SAFETY = 1.06  # of the width: no font has exactly these letters
_FRAME, _FRAMED = 32.0, 1.3  # pixels along for each frame, and the factor aside for all, as bake files need
MOST_BOXES = 250  # more never fit on a page
_MOST_SPANS = 1600  # ranks that all links together lead across; more than that is never small enough


def estimated_size(drawn: Picture) -> Size:
    """About the width and height in pixels that Mermaid needs; a lower bound if ``drawn`` is too large."""
    if not drawn.boxes:
        return Size(width=0.0, height=0.0)
    if len(drawn.boxes) > MOST_BOXES:
        return Size(width=inf, height=inf)
    sizes, links = boxes_and_links(drawn)
    ranks = tight_ranks(len(sizes), links)
    least = _least_size(drawn, sizes, ranks)
    if not is_small(ranks, links):
        least = Size(width=inf, height=inf)
    elif is_legible(*least):
        return size_of(drawn, laid_out(Layered(ranks, links), sizes, HALF_RANK))
    return least


def is_small(ranks: Sequence[int], links: Links) -> bool:
    """Whether so few links lead across so few ranks that they can be laid out in a moment."""
    return sum(ranks[target] - ranks[source] for source, target, _ in links) <= _MOST_SPANS


def _least_size(drawn: Picture, sizes: Sequence[Size], ranks: Sequence[int]) -> Size:
    """The size of ranks that hold nothing but boxes."""
    depths = [0.0] * (max(ranks) + 1)
    rows = [-NODE_SEPARATION] * len(depths)
    for size, rank in zip(sizes, ranks, strict=True):
        depths[rank] = max(depths[rank], size.height)
        rows[rank] += size.width + NODE_SEPARATION
    return _turned(drawn, Size(width=max(rows), height=sum(depths) + HALF_RANK * (len(depths) - 1)))


def size_of(drawn: Picture, layout: Layout) -> Size:
    """The size of a diagram that is laid out so, with room for letters that are wider than expected."""
    width, height = layout.width, layout.height
    if drawn.groups:
        height += _FRAME * min(len(drawn.groups), len({y for _, y in layout.middles}))
        width *= _FRAMED
    turned = _turned(drawn, Size(width=width, height=height))
    return Size(width=turned.width * _SAFETY + _MARGIN, height=turned.height + _MARGIN)


def is_across(drawn: Picture) -> bool:
    """Whether the ranks are columns."""
    return drawn.direction in ("LR", "RL")


def _turned(drawn: Picture, size: Size) -> Size:
    return Size(width=size.height, height=size.width) if is_across(drawn) else size


def boxes_and_links(
    drawn: Picture, letters: float = LETTERS
) -> tuple[list[Size], list[tuple[int, int, int]]]:
    """The sizes of boxes, labels and the note, as seen down the ranks, and the links between them.

    Mermaid halves the ranks, so a link that leads to the next one is two ranks long.
    """
    number = {box.id: at for at, box in enumerate(drawn.boxes)}
    sizes = [box_size(box, letters) for box in drawn.boxes]
    links = []
    for arrow in drawn.arrows:
        source, target = number[arrow.source], number[arrow.target]
        if arrow.label:
            links += [(source, len(sizes), 2), (len(sizes), target, 2)]
            sizes.append(_label_size(arrow.label.split("\n"), letters))
        else:
            links.append((source, target, 4))
    labels = {group.id: group.label for group in drawn.groups}
    for group, first in first_steps(drawn):
        links.append((len(sizes), number[first], 2))
        sizes.append(_label_size([labels[group]], letters, bold=True))
    if lines := note_lines(drawn):
        links.append((number[last_box(drawn)], len(sizes), 2))
        sizes.append(_label_size(lines, letters))
    return [_turned(drawn, size) for size in sizes], links


def box_size(box: Box, letters: float = LETTERS) -> Size:
    """The size of a box as Mermaid draws it."""
    lines = [name_of(box), *(box.sublabel.split("\n") if box.sublabel else [])]
    width, height = _text_size(lines, letters, bold=box.kind in BUILT)
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
    width, height = _text_size(lines, letters, bold=bold)
    return Size(width=width + 4 * PADDING, height=height + 2 * PADDING)


def _text_size(lines: Sequence[str], letters: float, *, bold: bool = False) -> Size:
    widths = [text_width(line, _FONT, bold=bold and not at) * letters for at, line in enumerate(lines)]
    return Size(width=max(widths), height=_LINE * len(lines))
