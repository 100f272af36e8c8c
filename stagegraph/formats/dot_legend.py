"""The legend of a DOT graph, for what occurs in it, and the notes on what was left out, as a table."""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.formats.legend import KIND_WORDS, ROLE_WORDS, edge_words
from stagegraph.model import EdgeKind, NodeKind
from stagegraph.picture.theme import EDGE_DASHES, Palette, style_name
from stagegraph.picture.view import Picture
from stagegraph.source import xml_text
from stagegraph.units import sentence

_SHAPES = {
    NodeKind.IMAGE: "cylinder",
    NodeKind.CONTEXT: "folder",
    NodeKind.NAMED_CONTEXT: "tab",
    NodeKind.REMOTE: "folded corner",
}
# of those that Graphviz has
DASHES = {"solid": "solid", "dashed": "dashed", "dotted": "dotted", "sparse": "dotted", "dashdot": "dotted"}
_TABLE = '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="4" CELLPADDING="2">'


def legend(drawn: Picture, palette: Palette, *, shown: bool) -> str:
    """The label of a node, as HTML of Graphviz, with the legend, if ``shown``, and the notes; or nothing."""
    rows = [*(_legend(drawn, palette) if shown else ()), *_notes(drawn, palette)]
    return f"<{_TABLE}{''.join(rows)}</TABLE>>" if rows else ""


def _legend(drawn: Picture, palette: Palette) -> Iterator[str]:
    present = {style_name(box) for box in drawn.boxes} | {style_name(group) for group in drawn.groups}
    for name, words in ROLE_WORDS.items():
        if name in present:
            style = palette.style(name)
            border = f'BORDER="{max(round(style.width), 1)}"{_dashed(style.dash)}'
            yield _row(f'<TD {border} COLOR="{style.line}" BGCOLOR="{style.fill}">      </TD>', words)
    kinds = {box.kind for box in drawn.boxes}
    for kind, shape in _SHAPES.items():
        if kind in kinds:
            yield _row(f"<TD>{shape}</TD>", KIND_WORDS[kind])
    for edge, words in edge_words({arrow.kind for arrow in drawn.arrows}).items():
        width = 2 if edge is EdgeKind.FROM else 1
        yield _row(_line(palette.style("upstream").line, width, EDGE_DASHES[edge]), words)
    if any(arrow.critical for arrow in drawn.arrows):
        yield _row(_line(palette.critical, 3, "solid"), "critical path, in order of its numbers")


def _notes(drawn: Picture, palette: Palette) -> Iterator[str]:
    for note in drawn.notes:
        text = f'<FONT COLOR="{palette.faint}">{xml_text(sentence(note))}</FONT>'
        yield f'<TR><TD COLSPAN="2" ALIGN="LEFT">{text}</TD></TR>'


def _row(sample: str, words: str) -> str:
    return f'<TR>{sample}<TD ALIGN="LEFT">{xml_text(words)}</TD></TR>'


def _line(colour: str, width: int, dash: str) -> str:
    """A cell whose lower side is the line of an arrow."""
    return f'<TD BORDER="{width}" SIDES="B" COLOR="{colour}"{_dashed(dash)}>      </TD>'


def _dashed(dash: str) -> str:
    """The style of a cell."""
    return "" if dash == "solid" else f' STYLE="{DASHES[dash]}"'
