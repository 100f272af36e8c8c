"""The colours of the theme as CSS: light, dark, and whichever the reader's system asks for."""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.renderers.theme import DARK, LIGHT, Palette

_BOX = ":is(path,polygon,polyline,ellipse)"


def colours() -> str:
    """Variables for every colour, and the rules that paint the graph with them."""
    light, dark = "".join(_variables(LIGHT, "light")), "".join(_variables(DARK, "dark"))
    return "\n".join(
        (
            f":root{{{light}}}",
            f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}",
            f":root[data-theme=dark]{{{dark}}}",
            f"@media print{{:root:root[data-theme]{{{light}}}}}",
            *_rules(),
            "",
        )
    )


def _variables(palette: Palette, scheme: str) -> Iterator[str]:
    yield f"color-scheme:{scheme};"
    for name in ("paper", "text", "faint", "frame", "edge", "critical"):
        yield f"--{name}:{getattr(palette, name)};"
    for name, look in {**palette.looks, "path": palette.changes["removed"]}.items():
        yield f"--{name}-fill:{look.fill};--{name}-line:{look.line};--{name}-text:{look.text};"


def _rules() -> Iterator[str]:
    for name, look in LIGHT.looks.items():
        fill, line, text = (f"var(--{name}-{part})" for part in ("fill", "line", "text"))
        yield f".node.{name} {_BOX}{{fill:{fill};stroke:{line};stroke-width:{look.width:g}}}"
        yield f".node.{name} polyline{{fill:none}}"
        yield f".node.{name} text{{fill:{text}}}"
        yield f".frame.{name}>path{{fill:var(--frame);stroke:{line};stroke-width:{look.width:g}}}"
        yield f".edge.{name} path{{stroke:{line};stroke-width:1.3}}"
        yield f".edge.{name} polygon{{fill:{line};stroke:{line}}}"
        yield f".chip.{name},.swatch.{name}{{background:{fill};border-color:{line};color:{text}}}"
        yield f".chip.{name},.swatch.{name}{{border-style:{look.dash}}}"
