"""SVG: a picture with its layout, readable by screen readers and in both themes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial

from stagegraph.formats.legend import legend
from stagegraph.formats.svg_shapes import (
    head,
    line,
    mark,
    number,
    outline,
    paint,
    rounded,
    style_sheet,
    text_block,
    text_line,
)
from stagegraph.model import EdgeKind, Report
from stagegraph.picture.layout import Layout, Rectangle, Route, lay_out
from stagegraph.picture.legibility import draws_everything, is_legible
from stagegraph.picture.sizes import (
    above,
    box_lines,
    frame_line,
    frame_mark,
    label_lines,
    mark_room,
    text_height,
    title_line,
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

MARGIN = 20.0
_BELOW_TITLE = 14.0
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

        notes = [f"{note[:1].upper()}{note[1:]}." for note in drawn.notes]
        room = max(layout.width, 520.0)
        self._footer, self._footer_width, self._footer_height = legend(
            drawn, self._palette, notes, view.legend, room
        )
        self._heading = [title_line(view.title)] if view.title else []

    def size(self) -> tuple[float, float]:
        """Width and height in pixels."""
        width = max(self._layout.width, self._footer_width, *(line.width for line in self._heading))
        return width + 2 * MARGIN, self._layout.height + self._top() + MARGIN + self._footer_height

    def _top(self) -> float:
        """The height above the graph."""
        return MARGIN + sum(line.height + _BELOW_TITLE for line in self._heading)

    def parts(self) -> Iterator[str]:
        """The parts of the document in drawing order; later parts cover earlier ones."""
        layout, top = self._layout, self._top()
        width, height = self.size()
        yield from self._head(width, height)
        for text in self._heading:
            yield text_line(text, width / 2, MARGIN + text.height / 2, self._palette.text) + "\n"
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
            yield self._part(f"frame {name}", "", group.line, self._frame(group, rectangle))

    def _frame(self, group: Group, rectangle: Rectangle) -> str:
        style = self._palette.style(style_name(group))
        colour = self._palette.critical if group.critical else style.line
        return rounded(
            rectangle, 10, f'class="shape" {paint(style._replace(fill=self._palette.frame), colour)}'
        )

    def _frame_names(self) -> Iterator[str]:
        """The titles of frames, drawn over the lines that lead into the frames."""
        palette = self._palette
        for group, rectangle in zip(self._drawn.groups, self._layout.frames, strict=True):
            name, middle = style_name(group), rectangle.top + 15
            left = rectangle.left + 12 + frame_mark(group)
            text = text_line(
                frame_line(group), left, middle, palette.text, f' stroke="{palette.frame}"', "start"
            )
            dot = mark(name, rectangle.left + 17, middle, palette.style(name).line)
            yield self._part(f"frame-name {name}", "", group.line, dot + text)

    def _arrows(self) -> Iterator[str]:
        for arrow, route, name in zip(self._drawn.arrows, self._layout.routes, self._styles, strict=True):
            classes = f"edge {arrow.kind or 'wait'} {name}" + (" critical" if arrow.critical else "")
            yield self._part(classes, arrow.tooltip, arrow.line, self._arrow(arrow, route, name))

    def _arrow(self, arrow: Arrow, route: Route, name: str) -> str:
        colour = self._palette.critical if arrow.critical else self._palette.style(name).line
        return line(route, colour, _width(arrow, name), arrow_dash(arrow)) + head(arrow, route, colour)

    def _labels(self) -> Iterator[str]:
        """The labels, drawn over all lines, each with an outline in the colour of the paper."""
        for arrow, route, name in zip(self._drawn.arrows, self._layout.routes, self._styles, strict=True):
            if route.label:
                classes = f"label {name}" + (" critical" if arrow.critical else "")
                yield self._part(classes, arrow.tooltip, arrow.line, self._label(arrow, route.label, name))

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
            yield self._part(classes, box.tooltip, box.line, self._box(box, rectangle))

    def _box(self, box: Box, rectangle: Rectangle) -> str:
        name = style_name(box)
        style = self._palette.style(name)
        colour = self._palette.critical if box.critical else style.line
        lines = box_lines(box)
        top = rectangle.y + above(box) / 2 - text_height(lines) / 2
        shape = outline(box.kind, rectangle, paint(style, colour, border(box, style.width)))
        first, room = lines[0], mark_room(box)
        middle = top + first.height / 2
        left = rectangle.x - (first.width + room) / 2
        return (
            shape
            + (mark(name, left + 5, middle, style.text if name == "target" else style.line) if room else "")
            + text_line(first, rectangle.x + room / 2, middle, style.text)
            + text_block(lines[1:], rectangle.x, top + first.height, style.text)
        )

    def _part(self, classes: str, tooltip: str, source_line: int | None, inner: str) -> str:
        lines = "\n".join(xml_text(text) for text in tooltip.split("\n"))
        title = f"<title>{lines}</title>" if tooltip else ""
        part = f'<g class="{classes}">{title}{inner}</g>'
        link = line_link(self._view.link_base, source_line)
        return f'<a xlink:href="{xml_text(link)}" target="_top">{part}</a>\n' if link else f"{part}\n"


def _shifted(name: str, x: float, y: float) -> str:
    return f'<g class="{name}" transform="translate({number(x)} {number(y)})">\n'


def _width(arrow: Arrow, name: str) -> float:
    width = 2.0 if arrow.kind is EdgeKind.FROM and arrow.needed else 1.2
    return width + (1.4 if arrow.critical else 0.8 if name in SHIPS else 0)
