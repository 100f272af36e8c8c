"""The legend below a picture, for what occurs in it, and the notes on what was left out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from stagegraph.formats.svg_shapes import (
    double_line,
    head,
    line,
    mark,
    number,
    outline,
    paint,
    rounded,
    text_line,
)
from stagegraph.model import BUILT, EdgeKind, NodeKind
from stagegraph.picture.layout_result import Rectangle, Route
from stagegraph.picture.sizes import Line
from stagegraph.picture.theme import EDGE_DASHES, Palette, style_name
from stagegraph.picture.view import Arrow, Picture

ROLE_WORDS = {
    "target": "target",
    "inherited": "in the image",
    "copied": "partly in the image",
    "upstream": "left behind",
    "mounted": "left behind, only read",
    "selectable": "other arguments or platforms choose it",
    "unneeded": "not needed",
    "added": "added",
    "removed": "removed",
    "changed": "changed or renamed",
    "same": "unchanged",
}
KIND_WORDS = {
    NodeKind.STAGE: "stage",
    NodeKind.IMAGE: "image",
    NodeKind.CONTEXT: "build context",
    NodeKind.NAMED_CONTEXT: "named context",
    NodeKind.REMOTE: "download",
    NodeKind.BAKE_TARGET: "bake target",
}
EDGE_WORDS = {
    EdgeKind.FROM: "FROM",
    EdgeKind.COPY: "COPY",
    EdgeKind.ADD: "ADD",
    EdgeKind.MOUNT: "RUN --mount",
    EdgeKind.TAG: "by tag, not waited for",
}
_SIZE = 11.0
_ROW = 21.0
_GAP = 18.0
_SAMPLE = Route(curves=(((7.0, 7.0), (12.0, 7.0), (14.0, 7.0), (17.0, 7.0)),), tip=(26.0, 7.0), label=None)
Item = tuple[str, float, str]  # the drawing, its width, the words


def legend(
    drawn: Picture, palette: Palette, notes: Sequence[str], shown: bool, width: float
) -> tuple[str, float, float]:
    """The SVG of the legend, if ``shown``, and of the notes; and their width and height in pixels."""
    parts: list[str] = []
    top, widest = 0.0, 0.0
    rows = [list(_roles(drawn, palette)), [*_kinds(drawn, palette), *_edges(drawn, palette)]] if shown else []
    for row in rows:
        left = 0.0
        for drawing, wide, words in row:
            written = Line(text=words, size=_SIZE)
            if left and left + wide + 6 + written.width > width:
                left, top = 0.0, top + _ROW
            text = text_line(written, wide + 6, 7, palette.text, anchor="start")
            parts.append(f'<g transform="translate({number(left)} {number(top)})">{drawing}{text}</g>\n')
            widest = max(widest, left + wide + 6 + written.width)
            left += wide + 6 + written.width + _GAP
        top += _ROW
    for note in notes:
        written = Line(text=note, size=_SIZE)
        text = text_line(written, 0, 7, palette.faint, ' class="faint"', anchor="start")
        parts.append(f'<g transform="translate(0 {number(top)})">{text}</g>\n')
        top += _ROW - 4
        widest = max(widest, written.width)
    return "".join(parts), widest, top + 6 if parts else 0.0


def _roles(drawn: Picture, palette: Palette) -> Iterator[Item]:
    present = {style_name(box) for box in drawn.boxes} | {style_name(group) for group in drawn.groups}
    for name, words in ROLE_WORDS.items():
        if name in present:
            style = palette.style(name)
            shape = rounded(Rectangle(x=12, y=7, width=24, height=14), 4, f'class="shape" {paint(style)}')
            dot = mark(name, 12, 7, style.text if name == "target" else style.line)
            yield f'<g class="swatch {name}">{shape}{dot}</g>', 24.0, words


def _kinds(drawn: Picture, palette: Palette) -> Iterator[Item]:
    present = {box.kind for box in drawn.boxes}
    name = "same" if drawn.compares else "upstream"
    style = palette.style(name)
    for kind, words in KIND_WORDS.items():
        if kind in present and kind not in BUILT:
            shape = outline(kind, Rectangle(x=10, y=6, width=20, height=17), paint(style))
            yield f'<g class="swatch {name}">{shape}</g>', 20.0, words


def _edges(drawn: Picture, palette: Palette) -> Iterator[Item]:
    present = {arrow.kind for arrow in drawn.arrows}
    colour = palette.style("upstream").line
    for kind, words in edge_words(present).items():
        width = 2.0 if kind is EdgeKind.FROM else 1.2
        yield f'<g class="edge upstream">{_sample(kind, colour, width)}</g>', 26.0, words
    if any(arrow.critical for arrow in drawn.arrows):
        drawing = double_line(Arrow(source="", target="", kind=None), _SAMPLE, palette, 3.9, "solid")
        yield f'<g class="edge critical">{drawing}</g>', 26.0, "critical path, in order of its numbers"
    if any(arrow.weight for arrow in drawn.arrows):
        yield (
            f'<g class="edge upstream">{_sample(EdgeKind.FROM, colour, 5.0)}</g>',
            26.0,
            "thicker: more bytes",
        )


def _sample(kind: EdgeKind, colour: str, width: float) -> str:
    """A short arrow."""
    drawing = line(_SAMPLE, colour, width, EDGE_DASHES[kind])
    return drawing + head(Arrow(source="", target="", kind=kind), _SAMPLE, colour)


def edge_words(present: Collection[EdgeKind | None]) -> dict[EdgeKind, str]:
    """The words for the kinds in ``present``; COPY and ADD have the same arrow and so one entry."""
    words_of = {kind: words for kind, words in EDGE_WORDS.items() if kind in present}
    if EdgeKind.COPY in words_of and EdgeKind.ADD in words_of:
        words_of[EdgeKind.COPY] = f"{words_of[EdgeKind.COPY]}, {words_of.pop(EdgeKind.ADD)}"
    return words_of
