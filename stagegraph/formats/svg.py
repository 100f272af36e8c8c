"""SVG: a picture with its layout, readable by screen readers and in both themes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial
from math import sqrt

from stagegraph.formats.legend import legend
from stagegraph.formats.svg_shapes import (
    double,
    double_line,
    head,
    line,
    mark,
    number,
    ordinal,
    outline,
    paint,
    rounded,
    style_sheet,
    text_block,
    text_line,
)
from stagegraph.model import EdgeKind, NodeKind, Report
from stagegraph.picture.layout import lay_out
from stagegraph.picture.layout_result import Layout, Rectangle, Route
from stagegraph.picture.legibility import draws_everything, is_legible
from stagegraph.picture.sizes import (
    above,
    box_lines,
    frame_line,
    frame_mark,
    label_lines,
    mark_room,
    text_height,
    title_lines,
)
from stagegraph.picture.smaller import LAYOUT_REASON, smaller_pictures
from stagegraph.picture.theme import (
    COLOURED,
    SHIPS,
    Palette,
    arrow_dash,
    arrow_styles,
    border,
    palette_of,
    style_name,
)
from stagegraph.picture.view import Arrow, Box, Group, Picture, View, checked_link_base, line_link
from stagegraph.source import xml_text
from stagegraph.units import sentence

MARGIN = 20.0
_DOUBLE = 3.9  # the least width of a double line: two strokes with as much between them
_BELOW_TITLE = 14.0
_WORDS = r' id="stagegraph-\w+">([^<]*)<'
_SIZE = r'<svg width="(\d+)" height="(\d+)"'


def render(report: Report, view: View) -> str:
    """``report`` as one SVG that follows the reader's light or dark mode, unless a theme is pinned.

    What cannot be laid out in time is left out, with a note in the picture. Raises RenderError without
    Graphviz, OptionsError for a link base that is not a link.
    """
    checked_link_base(view.link_base)
    pictures = smaller_pictures(report, view, LAYOUT_REASON)
    fits = None if draws_everything(view) else partial(fits_page, view=view)
    return svg_of_layout(*lay_out(pictures, view.engine, fits), view)


def svg_of(pictures: Iterable[Picture], view: View) -> str:
    """The first of ``pictures`` that can be laid out in time, as one SVG."""
    return svg_of_layout(*lay_out(pictures, view.engine), view)


def fits_page(drawn: Picture, layout: Layout, view: View | None = None) -> bool:
    """Whether the SVG of ``drawn`` can be read where it is shown; without a ``view``, the graph alone."""
    if view is None:
        return is_legible(layout.width + 2 * MARGIN, layout.height + 2 * MARGIN)
    return is_legible(*_Sheet(drawn, layout, view).size())


def svg_of_layout(drawn: Picture, layout: Layout, view: View) -> str:
    """``drawn`` as one SVG, by ``layout``."""
    return "".join(_Sheet(drawn, layout, view).parts())


def words_of(text: str) -> tuple[str, str]:
    """The title and the description of an SVG that is written here."""
    from html import unescape

    title, description = re.findall(_WORDS, text)
    return unescape(title), unescape(description)


def size_of(text: str) -> tuple[int, int]:
    """The width and height of an SVG that is written here, in pixels."""
    match = re.search(_SIZE, text)
    return (int(match[1]), int(match[2])) if match else (1, 1)


class _Sheet:
    """One picture with its layout, written as SVG."""

    def __init__(self, drawn: Picture, layout: Layout, view: View) -> None:
        self._drawn = drawn
        self._layout = layout
        self._view = view
        self._palette: Palette = palette_of(view)
        self._styles = arrow_styles(drawn)

        notes = [sentence(note) for note in drawn.notes]
        room = max(layout.width, 520.0)
        self._footer, self._footer_width, self._footer_height = legend(
            drawn, self._palette, notes, view.legend, room
        )
        self._heading = title_lines(view.title, max(room, self._footer_width))

    def size(self) -> tuple[float, float]:
        """Width and height in pixels."""
        widths = [self._layout.width, self._footer_width, *(line.width for line in self._heading)]
        height = self._layout.height + self._top() + MARGIN + self._footer_height
        return max(widths) + 2 * MARGIN, height

    def _top(self) -> float:
        """The height above the graph."""
        return MARGIN + (text_height(self._heading) + _BELOW_TITLE if self._heading else 0)

    def parts(self) -> Iterator[str]:
        """The parts of the document in drawing order; later parts cover earlier ones."""
        layout, top = self._layout, self._top()
        width, height = self.size()
        yield from self._head(width, height)
        if self._heading:
            yield text_block(self._heading, width / 2, MARGIN, self._palette.text) + "\n"
        yield _shifted("graph", (width - layout.width) / 2, top)
        yield from self._frames()
        yield from self._arrows()
        yield from self._labels()
        yield from self._frame_names()
        yield from self._boxes()
        yield "</g>\n"
        if self._footer:
            yield _shifted("footer", MARGIN, layout.height + top + MARGIN) + self._footer + "</g>\n"
        yield "</svg>\n"

    def _head(self, width: float, height: float) -> Iterator[str]:
        wide, high = f"{width:.0f}", f"{height:.0f}"
        yield '<?xml version="1.0" encoding="UTF-8"?>\n'
        yield f'<svg width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" '
        yield 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        yield 'role="img" aria-labelledby="stagegraph-title stagegraph-desc">\n'
        yield f'<title id="stagegraph-title">{xml_text(self._drawn.title)}</title>\n'
        yield f'<desc id="stagegraph-desc">{xml_text(self._drawn.description)}</desc>\n'
        yield f"<style>{style_sheet(self._view, compares=self._drawn.compares)}</style>\n"
        yield f'<rect class="paper" width="{wide}" height="{high}" rx="6" fill="{self._palette.paper}"/>\n'

    def _frames(self) -> Iterator[str]:
        for group, rectangle in zip(self._drawn.groups, self._layout.frames, strict=True):
            name = style_name(group)
            yield self._part(f"frame {name}", "", group, self._frame(group, rectangle))

    def _frame(self, group: Group, rectangle: Rectangle) -> str:
        style = self._palette.style(style_name(group))
        drawing = rounded(rectangle, 10, f'class="shape" {paint(style._replace(fill=self._palette.frame))}')
        if not group.critical:
            return drawing
        return drawing + double(NodeKind.STAGE, rectangle, self._palette, style, max(style.width, _DOUBLE))

    def _frame_names(self) -> Iterator[str]:
        """The titles of frames, each on a plate, at which arrows end."""
        palette = self._palette
        for group, rectangle in zip(self._drawn.groups, self._layout.bands, strict=True):
            name, written, room = style_name(group), frame_line(group), frame_mark(group)
            style = palette.style(name)
            colours = f'class="plate" fill="{palette.paper}" stroke="{style.line}"'
            plate = rounded(rectangle, 5, f'{colours} stroke-width="1"')
            left = rectangle.x - (written.width + room) / 2
            text = text_line(written, left + room, rectangle.y, palette.text, anchor="start")
            dot = mark(name, left + 5, rectangle.y, style.line)
            yield self._part(f"frame-name {name}", "", group, plate + dot + text)

    def _arrows(self) -> Iterator[str]:
        for arrow, route, name in zip(self._drawn.arrows, self._layout.routes, self._styles, strict=True):
            classes = f"edge {arrow.kind or 'wait'} {name}" + (" critical" if arrow.critical else "")
            yield self._part(classes, arrow.tooltip, arrow, self._arrow(arrow, route, name))

    def _arrow(self, arrow: Arrow, route: Route, name: str) -> str:
        palette, width, dash = self._palette, _width(arrow, name), arrow_dash(arrow)
        colour = palette.style(name).line
        drawing = line(route, colour, width, dash) + head(arrow, route, colour)
        if not arrow.critical:
            return drawing
        return drawing + double_line(arrow, route, palette, width + 2.4, dash)

    def _labels(self) -> Iterator[str]:
        """The labels, drawn over all lines, each with an outline in the colour of the paper."""
        for arrow, route, name in zip(self._drawn.arrows, self._layout.routes, self._styles, strict=True):
            if route.label:
                classes = f"label {name}" + (" critical" if arrow.critical else "")
                yield self._part(classes, arrow.tooltip, arrow, self._label(arrow, route.label, name))

    def _label(self, arrow: Arrow, rectangle: Rectangle, name: str) -> str:
        palette = self._palette
        colour = palette.text if arrow.needed else palette.faint
        colour = palette.style(name).line if name in COLOURED else colour
        lines = label_lines(arrow)
        top = rectangle.y - text_height(lines) / 2
        return text_block(lines, rectangle.x, top, colour, f' stroke="{palette.paper}"')

    def _boxes(self) -> Iterator[str]:
        for box, rectangle in zip(self._drawn.boxes, self._layout.boxes, strict=True):
            classes = f"node {box.kind or 'step'} {style_name(box)}" + (" critical" if box.critical else "")
            yield self._part(classes, box.tooltip, box, self._box(box, rectangle))

    def _box(self, box: Box, rectangle: Rectangle) -> str:
        name = style_name(box)
        style = self._palette.style(name)
        lines = box_lines(box)
        top = rectangle.y + above(box) / 2 - text_height(lines) / 2
        width = border(box, style.width)
        shape = outline(box.kind, rectangle, paint(style, style.line, width))
        if box.critical:
            shape += double(box.kind, rectangle, self._palette, style, max(width, _DOUBLE))
        first, room = lines[0], mark_room(box)
        middle = top + first.height / 2
        left = rectangle.x - (first.width + room) / 2
        return (
            shape
            + (mark(name, left + 5, middle, style.text if name == "target" else style.line) if room else "")
            + text_line(first, rectangle.x + room / 2, middle, style.text)
            + text_block(lines[1:], rectangle.x, top + first.height, style.text)
            + (ordinal(box.ordinal, rectangle, self._palette) if box.ordinal else "")
        )

    def _part(self, classes: str, tooltip: str, part: Box | Arrow | Group, inner: str) -> str:
        lines = "\n".join(xml_text(text) for text in tooltip.split("\n"))
        title = f"<title>{lines}</title>" if tooltip else ""
        drawn = f'<g class="{classes}">{title}{inner}</g>'
        link = line_link(self._view.link_base, part.line, part.dockerfile)
        return f'<a xlink:href="{xml_text(link)}" target="_top">{drawn}</a>\n' if link else f"{drawn}\n"


def _shifted(name: str, x: float, y: float) -> str:
    return f'<g class="{name}" transform="translate({number(x)} {number(y)})">\n'


def _width(arrow: Arrow, name: str) -> float:
    width = 2.0 if arrow.kind is EdgeKind.FROM and arrow.needed else 1.2
    return width + (0.8 if name in SHIPS else 0) + 4 * sqrt(arrow.weight)
