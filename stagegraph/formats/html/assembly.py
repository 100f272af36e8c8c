"""Puts the parts and colours of a page into one file, with a policy that lets a browser run nothing else."""

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

from stagegraph.formats.svg_shapes import HALOS, colour_rules
from stagegraph.picture.theme import DARK, LIGHT, Look, Palette
from stagegraph.source import printable, xml_text

_PLAIN = ("paper", "text", "faint", "frame", "edge", "critical")
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
# In a script element only these end or nest it: https://html.spec.whatwg.org/multipage/scripting.html
_HARMLESS = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


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


class Page(Struct, frozen=True, kw_only=True):
    """What a page shows; ``sections`` are HTML, everything else is text that is escaped here."""

    title: str
    heading: str
    subheading: str
    theme: str  # auto, light or dark
    fills: bool  # whether the first section fills the window, so that the page does not scroll
    sections: Sequence[str]
    scripts: Sequence[str]  # names of files here without their suffix, in the order they are run
    data: Mapping[str, Any]  # for the script; every text in it is shown as text only


def assembled(page: Page) -> str:
    """The HTML of ``page``: the same page gives the same bytes."""
    style = colours() + asset("page.css")
    script = _script(page.scripts)
    return filled(
        asset("page.html"),
        policy=_policy(style, script),
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
    """``template`` with each ``{{name}}`` replaced, once: what is put in is not looked into."""
    return _PLACEHOLDER.sub(lambda placeholder: parts[placeholder[1]], template)


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
    """The scripts as one function, so that nothing of them is seen from outside."""
    parts = "".join(asset(f"{name}.js") for name in names)
    return f'(() => {{\n"use strict";\n{parts}}})();\n'


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()
