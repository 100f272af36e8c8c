"""Writes an HTML page as one file, with a policy that allows only its own script and style."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from stagegraph.formats.svg_shapes import HALO, colour_rules, critical_rules
from stagegraph.picture.theme import DARK, LIGHT, Palette, Style
from stagegraph.source import printable, xml_text

_PLAIN = ("paper", "text", "faint", "frame", "edge", "critical")
_SLOT = re.compile(r"\{\{(\w+)\}\}")
# In a script element only these end or nest it: https://html.spec.whatwg.org/multipage/scripting.html
_HARMLESS = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def colours() -> str:
    """CSS variables for every colour, and the rules that apply them to the graph."""
    light, dark = "".join(_values(LIGHT, "light")), "".join(_values(DARK, "dark"))
    return "\n".join(
        (
            f":root{{{light}}}",
            f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}",
            f":root[data-theme=dark]{{{dark}}}",
            f"@media print{{:root:root[data-theme]{{{light}}}}}",
            HALO,
            *colour_rules(_VARIABLES, _VARIABLES.styles),
            *critical_rules(_VARIABLES),
            *_chips(),
            "",
        )
    )


def _styles(palette: Palette) -> Mapping[str, Style]:
    """The styles of roles, and one for the bars of the critical path."""
    return {**palette.styles, "path": palette.changes["removed"]}


def _values(palette: Palette, scheme: str) -> Iterator[str]:
    yield f"color-scheme:{scheme};"
    for name in _PLAIN:
        yield f"--{name}:{getattr(palette, name)};"
    for name, style in _styles(palette).items():
        yield f"--{name}-fill:{style.fill};--{name}-line:{style.line};--{name}-text:{style.text};"


def _chips() -> Iterator[str]:
    for name, style in LIGHT.styles.items():
        colours = f"background:var(--{name}-fill);border-color:var(--{name}-line);color:var(--{name}-text)"
        yield f".chip.{name},.swatch.{name}{{{colours};border-style:{style.dash}}}"


def _variable(name: str) -> Style:
    return Style(fill=f"var(--{name}-fill)", line=f"var(--{name}-line)", text=f"var(--{name}-text)")


# A palette of CSS variables, which change with the theme of the page.
_VARIABLES = Palette(
    **{name: f"var(--{name})" for name in _PLAIN},
    styles=MappingProxyType({name: _variable(name) for name in LIGHT.styles}),
    changes=MappingProxyType({}),
)


class Page(Struct, frozen=True, kw_only=True):
    """What a page shows; ``sections`` are HTML, everything else is text that is escaped here."""

    title: str
    heading: str
    subheading: str
    theme: str  # auto, light or dark
    fills: bool  # whether the first section fills the window, so that the page does not scroll
    sections: Sequence[str]
    scripts: Sequence[str]  # names of files here without their suffix, in the order they are run
    connects: bool = False  # whether it may connect to the server that it came from
    data: Mapping[str, Any]  # for the script; every text in it is shown as text only


def assembled(page: Page) -> str:
    """The HTML of ``page``: the same page gives the same bytes."""
    style = colours() + asset("page.css")
    script = _script(page.scripts)
    return filled(
        asset("page.html"),
        policy=_policy(style, script, page.connects),
        title=xml_text(page.title),
        heading=xml_text(page.heading),
        subheading=xml_text(page.subheading),
        theme=xml_text(page.theme),
        layout="fills" if page.fills else "scrolls",
        style=style,
        sections="".join(page.sections),
        data=as_data(page.data),
        script=script,
    )


def filled(template: str, **parts: str) -> str:
    """``template`` with each ``{{name}}`` replaced once: inserted texts are not searched again."""
    return _SLOT.sub(lambda slot: parts[slot[1]], template)


def asset(name: str) -> str:
    """The text of a file of this package."""
    return files("stagegraph.formats.html").joinpath(name).read_text("utf-8")


def as_data(value: Any) -> str:
    """``value`` as JSON that a script element can hold, its texts free of control characters."""
    text = json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))
    return text.translate(_HARMLESS)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {printable(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _script(names: Sequence[str]) -> str:
    """The scripts in one function, so that they define no global names."""
    parts = "".join(asset(f"{name}.js") for name in names)
    return f'(() => {{\n"use strict";\n{parts}}})();\n'


def _policy(style: str, script: str, connects: bool) -> str:
    connect = "connect-src 'self'; " if connects else ""
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; img-src data:; "
        f"{connect}base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()
