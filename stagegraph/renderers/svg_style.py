"""The style sheet of an SVG: fonts, halos, and the dark colours for readers in dark mode."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stagegraph.renderers.theme import COLOURED, DARK, Look
from stagegraph.renderers.view import View

_FONTS = "Arial, Helvetica, 'Liberation Sans', Arimo, sans-serif"


def style_sheet(view: View, *, compares: bool) -> str:
    """The rules; those for dark mode only where the theme is the reader's."""
    rules = [
        f"text{{font-family:{_FONTS}}}",
        "a{text-decoration:none}",
        ".label text,.frame-name text{paint-order:stroke;stroke-width:4px;stroke-linejoin:round}",
        ".edge.unneeded{opacity:.6}",
    ]
    if view.theme == "auto":
        rules.append(
            "@media (prefers-color-scheme:dark){"
            + "".join(_dark(DARK.changes if compares else DARK.looks))
            + "}"
        )
    return "\n".join(rules)


def _dark(looks: Mapping[str, Look]) -> Iterator[str]:
    yield f".paper{{fill:{DARK.paper}}}"
    yield f"text{{fill:{DARK.text}}}"
    yield f".label text{{stroke:{DARK.paper}}}"
    yield f".footer .faint,.label.unneeded text{{fill:{DARK.faint}}}"
    yield f".frame .shape{{fill:{DARK.frame}}}"
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
    yield f".frame-name text{{stroke:{DARK.frame}}}"
    line = DARK.looks["target"].line
    yield f".frame-name.target .ring{{stroke:{line}}}.frame-name.target .dot{{fill:{line}}}"
    yield f".critical .shape,.critical .rim,.critical .line{{stroke:{DARK.critical}!important}}"
    yield f".critical .head{{fill:{DARK.critical}!important}}"
