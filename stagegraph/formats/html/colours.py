"""The colours of the theme as CSS: light, dark, and whichever the reader's system asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from stagegraph.formats.svg_style import HALOS, colour_rules
from stagegraph.picture.theme import DARK, LIGHT, Look, Palette

_PLAIN = ("paper", "text", "faint", "frame", "edge", "critical")


def colours() -> str:
    """Variables for every colour, and the rules that paint the graph with them."""
    light, dark = "".join(_values(LIGHT, "light")), "".join(_values(DARK, "dark"))
    return "\n".join(
        (
            f":root{{{light}}}",
            f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}",
            f":root[data-theme=dark]{{{dark}}}",
            f"@media print{{:root:root[data-theme]{{{light}}}}}",
            *HALOS,
            *colour_rules(_VARIABLES, _VARIABLES.looks),
            *_chips(),
            "",
        )
    )


def _looks(palette: Palette) -> Mapping[str, Look]:
    """Those of roles, and one for the bars of the critical path."""
    return {**palette.looks, "path": palette.changes["removed"]}


def _values(palette: Palette, scheme: str) -> Iterator[str]:
    yield f"color-scheme:{scheme};"
    for name in _PLAIN:
        yield f"--{name}:{getattr(palette, name)};"
    for name, look in _looks(palette).items():
        yield f"--{name}-fill:{look.fill};--{name}-line:{look.line};--{name}-text:{look.text};"


def _chips() -> Iterator[str]:
    for name, look in LIGHT.looks.items():
        colours = f"background:var(--{name}-fill);border-color:var(--{name}-line);color:var(--{name}-text)"
        yield f".chip.{name},.swatch.{name}{{{colours};border-style:{look.dash}}}"


def _variable(name: str) -> Look:
    return Look(fill=f"var(--{name}-fill)", line=f"var(--{name}-line)", text=f"var(--{name}-text)")


# A palette whose colours are those of the page, whichever they are at the time.
_VARIABLES = Palette(
    **{name: f"var(--{name})" for name in _PLAIN},
    looks=MappingProxyType({name: _variable(name) for name in LIGHT.looks}),
    changes=MappingProxyType({}),
)
