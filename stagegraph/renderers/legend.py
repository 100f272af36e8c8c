"""The legend below a picture, of only what occurs in it, and the notes on what was left out."""

from __future__ import annotations

from collections.abc import Sequence

from stagegraph.model import EdgeKind
from stagegraph.renderers.quoting import xml_text
from stagegraph.renderers.theme import Palette, look_name
from stagegraph.renderers.view import Picture

ROLE_WORDS = {
    "target": "target",
    "inherited": "in the image",
    "copied": "partly in the image",
    "upstream": "left behind",
    "mounted": "left behind, only read",
    "selectable": "other arguments choose it",
    "unneeded": "not needed",
    "added": "added",
    "removed": "removed",
    "changed": "changed or renamed",
    "same": "unchanged",
}
_EDGES = {EdgeKind.FROM: "FROM", EdgeKind.COPY: "COPY", EdgeKind.ADD: "ADD", EdgeKind.MOUNT: "RUN --mount"}
_DASHES = {"solid": "", "dashed": ' stroke-dasharray="5 3"', "dotted": ' stroke-dasharray="1.5 3"'}
_ROW = 20.0
_LETTER = 6.1  # width of a letter at 11 px, a little more than Arial's mean


def legend(
    drawn: Picture, palette: Palette, notes: Sequence[str], asked: bool, width: float
) -> tuple[str, float, float]:
    """The SVG of legend and notes, and the width and height that they take."""
    items = [*_role_items(drawn, palette), *_edge_items(drawn, palette)] if asked else []
    lines: list[str] = []
    left, top, widest = 10.0, 8.0, 0.0
    for swatch, words in items:
        wide = 36 + len(words) * _LETTER + sum(char.isupper() for char in words) * 2.5
        if left > 10 and left + wide > width:
            left, top = 10.0, top + _ROW
        lines.append(
            f'<g transform="translate({left:g} {top:g})">{swatch}{_text(words, palette.text, 24)}</g>\n'
        )
        left += wide
        widest = max(widest, left)
    if items:
        top += _ROW
    for note in notes:
        lines.append(f'<g transform="translate(10 {top:g})">{_text(note, palette.faint, 0, "faint")}</g>\n')
        top += _ROW
        widest = max(widest, 20 + len(note) * _LETTER)
    return "".join(lines), widest, top + 4 if lines else 0.0


def _text(words: str, colour: str, left: float, name: str = "") -> str:
    classes = f' class="{name}"' if name else ""
    return f'<text{classes} x="{left:g}" y="11" font-size="11" fill="{colour}">{xml_text(words)}</text>'


def _role_items(drawn: Picture, palette: Palette) -> list[tuple[str, str]]:
    present = {look_name(box) for box in drawn.boxes} | {look_name(group) for group in drawn.groups}
    return [(_swatch(palette, name), words) for name, words in ROLE_WORDS.items() if name in present]


def _swatch(palette: Palette, name: str) -> str:
    look = palette.look(name)
    return (
        f'<rect class="swatch {name}" x="0" y="1" width="18" height="12" rx="3" fill="{look.fill}" '
        f'stroke="{look.line}" stroke-width="{look.width:g}"{_DASHES[look.dash]}/>'
    )


def _edge_items(drawn: Picture, palette: Palette) -> list[tuple[str, str]]:
    present = {arrow.kind for arrow in drawn.arrows}
    found = []
    for kind, words in _EDGES.items():
        if kind in present:
            dash = _DASHES["dashed" if kind is EdgeKind.MOUNT else "solid"]
            width = 2.4 if kind is EdgeKind.FROM else 1.3
            line = f'<path d="M0 7H18" stroke="{palette.edge}" stroke-width="{width}" fill="none"{dash}/>'
            found.append((line, words))
    return found
