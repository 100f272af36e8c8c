"""Lines of text as SVG: as wide as they were measured, whatever font a browser has."""

from __future__ import annotations

from collections.abc import Sequence

from stagegraph.renderers.letters import is_measured
from stagegraph.renderers.quoting import xml_text
from stagegraph.renderers.sizes import Line
from stagegraph.renderers.svg_shapes import number

_BASELINE = 0.36  # of the size, below the middle of a line: half of what capitals are high


def text_block(lines: Sequence[Line], x: float, top: float, colour: str, more: str = "") -> str:
    """``lines`` centred around ``x``, the first beginning at ``top``."""
    parts = []
    for line in lines:
        parts.append(text_line(line, x, top + line.height / 2, colour, more))
        top += line.height
    return "".join(parts)


def text_line(
    line: Line, x: float, middle: float, colour: str, more: str = "", anchor: str = "middle"
) -> str:
    """One line; ``x`` is its middle or, for an anchor of start, its beginning.

    A browser without Arial fits the letters of the font it has into the same width, if all letters are of
    those whose width is known; other scripts are left as they are.
    """
    place = f'x="{number(x)}" y="{number(middle + line.size * _BASELINE)}" font-size="{number(line.size)}"'
    weight = ' font-weight="bold"' if line.bold else ""
    side = f' text-anchor="{anchor}"' if anchor != "start" else ""
    fitted = ""
    if len(line.text) > 1 and is_measured(line.text):
        fitted = f' textLength="{number(line.width)}" lengthAdjust="spacingAndGlyphs"'
    attributes = f'{place}{side}{weight}{fitted} fill="{colour}"{more}'
    return f"<text {attributes}>{xml_text(line.text)}</text>"
