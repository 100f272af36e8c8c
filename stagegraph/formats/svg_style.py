"""The style sheet of an SVG: fonts, halos, and the dark colours for readers in dark mode."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stagegraph.picture.theme import COLOURED, DARK, Look, Palette
from stagegraph.picture.view import View

HALOS = (
    ".label text,.frame-name text{paint-order:stroke;stroke-width:4px;stroke-linejoin:round}",
    # on line and head, since `opacity` makes a renderer draw each edge on a layer of its own
    ".edge.unneeded .line{stroke-opacity:.6}.edge.unneeded .head{fill-opacity:.6}",
)
_FONTS = "Arial, Helvetica, 'Liberation Sans', Arimo, sans-serif"


def style_sheet(view: View, *, compares: bool) -> str:
    """The rules; those for dark mode only where the theme is the reader's."""
    rules = [f"text{{font-family:{_FONTS}}}", "a{text-decoration:none}", *HALOS]
    if view.theme == "auto":
        rules.append(
            "@media (prefers-color-scheme:dark){"
            + "".join(colour_rules(DARK, DARK.changes if compares else DARK.looks))
            + "".join(critical_rules(DARK))
            + "}"
        )
    return "\n".join(rules)


def colour_rules(palette: Palette, looks: Mapping[str, Look]) -> Iterator[str]:
    """The rules that give every part of a picture its colour in ``palette``, but for the critical path."""
    yield f".paper{{fill:{palette.paper}}}"
    yield f"text{{fill:{palette.text}}}"
    yield f".label text{{stroke:{palette.paper}}}"
    yield f".footer .faint,.label.unneeded text{{fill:{palette.faint}}}"
    yield f".frame .shape{{fill:{palette.frame}}}"
    for name, look in looks.items():
        yield f".node.{name} .shape,.swatch.{name} .shape{{fill:{look.fill};stroke:{look.line}}}"
        yield f".node.{name} .rim,.swatch.{name} .rim{{stroke:{look.line}}}"
        yield f".frame.{name} .shape,.edge.{name} .line{{stroke:{look.line}}}"
        yield f".edge.{name} .head{{fill:{look.line}}}"
        yield f".node.{name} text{{fill:{look.text}}}"
        mark = look.text if name == "target" else look.line
        yield f".{name} .ring{{stroke:{mark}}}.{name} .dot{{fill:{mark}}}"
        if name in COLOURED:
            yield f".label.{name} text{{fill:{look.line}}}"
    yield f".frame-name text{{stroke:{palette.frame}}}"
    line = palette.looks["target"].line
    yield f".frame-name.target .ring{{stroke:{line}}}.frame-name.target .dot{{fill:{line}}}"


def critical_rules(palette: Palette) -> Iterator[str]:
    """The rules that mark the critical path."""
    yield f".critical .shape,.critical .rim,.critical .line{{stroke:{palette.critical}!important}}"
    yield f".critical .head{{fill:{palette.critical}!important}}"
