"""The style sheet of an SVG, and its shapes: boxes, role marks, arrows, text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import hypot

from stagegraph.model import BUILT, EdgeKind, NodeKind
from stagegraph.picture.layout_result import Point, Rectangle, Route
from stagegraph.picture.sizes import Line, is_measured
from stagegraph.picture.theme import COLOURED, DARK, DASHES, MARKED, Palette, Style
from stagegraph.picture.view import Arrow, View
from stagegraph.source import xml_text

HALO = ".label text{paint-order:stroke;stroke-width:4px;stroke-linejoin:round}"
_FONTS = "Arial, Helvetica, 'Liberation Sans', Arimo, sans-serif"
_RIM = 6.0  # half the height of the ellipses of a cylinder
_TAB = 5.0
_FOLD = 9.0
# Of the font size, from the middle of a line down to its baseline: half the height of capitals.
_BASELINE = 0.36


def style_sheet(view: View, *, compares: bool) -> str:
    """The CSS of an SVG, with rules for dark mode if the theme is auto."""
    rules = [f"text{{font-family:{_FONTS}}}", "a{text-decoration:none}", HALO]
    if view.theme == "auto":
        rules.append(
            "@media (prefers-color-scheme:dark){"
            + "".join(colour_rules(DARK, DARK.changes if compares else DARK.styles))
            + "".join(critical_rules(DARK))
            + "}"
        )
    return "\n".join(rules)


def colour_rules(palette: Palette, styles: Mapping[str, Style]) -> Iterator[str]:
    """The rules for the colours of a picture in ``palette``, without the critical path."""
    yield f".paper{{fill:{palette.paper}}}"
    yield f"text{{fill:{palette.text}}}"
    yield f".label text{{stroke:{palette.paper}}}"
    yield f".footer .faint,.label.unneeded text{{fill:{palette.faint}}}"
    yield f".frame .shape{{fill:{palette.frame}}}"
    for name, style in styles.items():
        yield f".node.{name} .shape,.swatch.{name} .shape{{fill:{style.fill};stroke:{style.line}}}"
        yield f".node.{name} .rim,.swatch.{name} .rim{{stroke:{style.line}}}"
        yield f".frame.{name} .shape,.edge.{name} .line{{stroke:{style.line}}}"
        yield f".edge.{name} .head{{fill:{style.line}}}.frame-name.{name} .plate{{stroke:{style.line}}}"
        yield f".node.{name} text{{fill:{style.text}}}"
        mark = style.text if name == "target" else style.line
        yield f".{name} .ring{{stroke:{mark}}}.{name} .dot{{fill:{mark}}}"
        if name in COLOURED:
            yield f".label.{name} text{{fill:{style.line}}}"
    yield f".plate{{fill:{palette.paper}}}"
    line = palette.styles["target"].line
    yield f".frame-name.target .ring{{stroke:{line}}}.frame-name.target .dot{{fill:{line}}}"


def critical_rules(palette: Palette) -> Iterator[str]:
    """The rules for the double line and the numbers of the critical path."""
    yield f".path{{stroke:{palette.critical}}}.path-head,.disc{{fill:{palette.critical}}}"
    yield f".core{{stroke:{palette.paper}}}.node .ordinal text{{fill:{palette.paper}}}"


def number(value: float) -> str:
    """``value`` with at most one decimal."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")


def outline(kind: NodeKind | None, rectangle: Rectangle, paint: str, name: str = "shape") -> str:
    """The outline of a box, of class ``name``; ``paint`` are the attributes of its fill and line."""
    if kind is NodeKind.IMAGE:
        return _cylinder(rectangle, paint, name)
    if kind is NodeKind.CONTEXT:
        return _path(name, _folder(rectangle, 8, 30), paint)
    if kind is NodeKind.NAMED_CONTEXT:
        return _path(name, _folder(rectangle, rectangle.width - 38, 30), paint)
    if kind is NodeKind.REMOTE:
        return _note(rectangle, paint, name)
    radius = 9 if kind in BUILT else 5
    return rounded(rectangle, radius, f'class="{name}" {paint}')


def double(kind: NodeKind | None, rectangle: Rectangle, palette: Palette, style: Style, width: float) -> str:
    """The double outline of a box on the critical path, drawn over its own."""
    return outline(kind, rectangle, _hollow(style, palette.critical, width), "path") + outline(
        kind, rectangle, _hollow(style._replace(dash="solid"), palette.paper, width / 3), "core"
    )


def _hollow(style: Style, colour: str, width: float) -> str:
    return paint(style._replace(fill="none"), colour, width)


def ordinal(place: int, rectangle: Rectangle, palette: Palette) -> str:
    """The place of a box on the critical path, on its upper left corner."""
    text = Line(text=str(place), size=10.5, bold=True)
    x, y, width = rectangle.left + 1, rectangle.top + 1, max(text.width + 8, 16.0)
    disc = rounded(Rectangle(x=x, y=y, width=width, height=16), 8, f'class="disc" fill="{palette.critical}"')
    return f'<g class="ordinal">{disc}{text_line(text, x, y, palette.paper)}</g>'


def rounded(rectangle: Rectangle, radius: float, attributes: str) -> str:
    """A rectangle with round corners."""
    position = f'x="{number(rectangle.left)}" y="{number(rectangle.top)}"'
    size = f'width="{number(rectangle.width)}" height="{number(rectangle.height)}"'
    return f'<rect {attributes} {position} {size} rx="{number(radius)}"/>'


def paint(style: Style, line: str = "", width: float = 0.0) -> str:
    """The SVG attributes for fill, line and dashes of a style; ``line`` and ``width`` override its own."""
    dash = DASHES[style.dash]
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    stroke = f'stroke="{line or style.line}" stroke-width="{number(width or style.width)}"{dashes}'
    return f'fill="{style.fill}" {stroke}'


def mark(name: str, x: float, y: float, colour: str) -> str:
    """The mark of a role: a ring, a full circle (in the image) or a half one (partly in the image)."""
    if name not in MARKED:
        return ""
    position = f'cx="{number(x)}" cy="{number(y)}"'
    if name == "inherited":
        return f'<circle class="dot" {position} r="5" fill="{colour}"/>'
    ring = f'<circle class="ring" {position} r="4.5" fill="none" stroke="{colour}" stroke-width="1.4"/>'
    if name == "target":
        return f'{ring}<circle class="dot" {position} r="2.2" fill="{colour}"/>'
    half = f"M{number(x)} {number(y - 4.5)}a4.5 4.5 0 0 0 0 9z"
    return f'{ring}<path class="dot" d="{half}" fill="{colour}"/>'


def line(route: Route, colour: str, width: float, dash: str, name: str = "line") -> str:
    """The line of an arrow, of class ``name``; it begins a little inside its box, which is drawn over it."""
    path = "".join(_curve(points, first=not position) for position, points in enumerate(route.curves))
    dashes = f' stroke-dasharray="{DASHES[dash]}"' if DASHES[dash] else ""
    stroke = f'stroke="{colour}" stroke-width="{number(width)}"{dashes}'
    return f'<path class="{name}" d="{path}" fill="none" {stroke}/>'


def head(arrow: Arrow, route: Route, colour: str, name: str = "head") -> str:
    """The head of an arrow: a full triangle where layers are inherited, a barb where files are copied."""
    if route.tip is None:
        return ""
    base = route.curves[-1][-1]
    ahead, aside = _direction(base, route.tip)
    full = arrow.kind in (EdgeKind.FROM, None)
    half, notch = (4.6, 0.0) if full else (3.8, 2.6)
    points = [
        route.tip,
        (base[0] + aside[0] * half, base[1] + aside[1] * half),
        (base[0] + ahead[0] * notch, base[1] + ahead[1] * notch),
        (base[0] - aside[0] * half, base[1] - aside[1] * half),
    ]
    path = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points) + "z"
    return f'<path class="{name}" d="{path}" fill="{colour}"/>'


def double_line(arrow: Arrow, route: Route, palette: Palette, width: float, dash: str) -> str:
    """The double line of an arrow on the critical path, drawn over its own, and its head."""
    drawing = line(route, palette.critical, width, dash, "path") + line(
        route, palette.paper, width / 3, "solid", "core"
    )
    return drawing + head(arrow, route, palette.critical, "path-head")


def _curve(points: Sequence[Point], *, first: bool) -> str:
    start = ""
    if first:
        (x, y), (ahead, _) = points[0], _direction(points[0], points[1])
        start = f"M{number(x - 7 * ahead[0])} {number(y - 7 * ahead[1])}L{number(x)} {number(y)}"
    else:
        start = f"M{number(points[0][0])} {number(points[0][1])}"
    return start + "C" + " ".join(f"{number(x)} {number(y)}" for x, y in points[1:])


def _direction(start: Point, end: Point) -> tuple[Point, Point]:
    """The unit vectors from ``start`` to ``end`` and across it."""
    x, y = end[0] - start[0], end[1] - start[1]
    length = hypot(x, y) or 1.0
    return (x / length, y / length), (-y / length, x / length)


def _path(name: str, d: str, attributes: str) -> str:
    return f'<path class="{name}" d="{d}" {attributes}/>'


def _cylinder(rectangle: Rectangle, paint: str, name: str) -> str:
    left, right, top = number(rectangle.left), number(rectangle.left + rectangle.width), rectangle.top + _RIM
    bottom = rectangle.top + rectangle.height - _RIM
    arc = f"A{number(rectangle.width / 2)} {number(_RIM)} 0 0"
    upper = f"M{left} {number(top)}{arc} 1 {right} {number(top)}"
    body = f"{upper}V{number(bottom)}{arc} 1 {left} {number(bottom)}Z"
    rim = f"M{left} {number(top)}{arc} 0 {right} {number(top)}"
    return _path(name, body, paint) + _path(_rim(name), rim, _without_fill(paint))


def _folder(rectangle: Rectangle, tab: float, width: float) -> str:
    left, right = number(rectangle.left), number(rectangle.left + rectangle.width)
    top, roof, bottom = rectangle.top + _TAB, number(rectangle.top), number(rectangle.top + rectangle.height)
    scale = min(1.0, rectangle.width / 56)
    start, end, slope = rectangle.left + tab * scale, rectangle.left + (tab + width) * scale, 4 * scale
    return (
        f"M{left} {bottom}V{number(top)}H{number(start)}L{number(start + slope)} {roof}H{number(end - slope)}"
        f"L{number(end)} {number(top)}H{right}V{bottom}Z"
    )


def _note(rectangle: Rectangle, paint: str, name: str) -> str:
    left, top = number(rectangle.left), number(rectangle.top)
    fold, right = number(rectangle.left + rectangle.width - _FOLD), number(rectangle.left + rectangle.width)
    low, bottom = number(rectangle.top + _FOLD), number(rectangle.top + rectangle.height)
    body = f"M{left} {top}H{fold}L{right} {low}V{bottom}H{left}Z"
    return _path(name, body, paint) + _path(_rim(name), f"M{fold} {top}V{low}H{right}", _without_fill(paint))


def _rim(name: str) -> str:
    return "rim" if name == "shape" else name


def _without_fill(paint: str) -> str:
    return 'fill="none" ' + paint.partition(" ")[2]


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

    ``textLength`` makes a browser without Arial fit its own font into the same width; only if the width of
    every letter is known, since a wrong width would distort other scripts.
    """
    position = f'x="{number(x)}" y="{number(middle + line.size * _BASELINE)}" font-size="{number(line.size)}"'
    weight = ' font-weight="bold"' if line.bold else ""
    side = f' text-anchor="{anchor}"' if anchor != "start" else ""
    fitted = ""
    if len(line.text) > 1 and is_measured(line.text):
        fitted = f' textLength="{number(line.width)}" lengthAdjust="spacingAndGlyphs"'
    attributes = f'{position}{side}{weight}{fitted} fill="{colour}"{more}'
    return f"<text {attributes}>{xml_text(line.text)}</text>"
