"""Text from files made harmless in XML, in HTML-like labels and in links."""

from __future__ import annotations

import re

from stagegraph.errors import OptionsError
from stagegraph.source import printable

_LINK = re.compile(
    r"(?:https?://[^\s\"'<>\\^`{|}]+|(?![/\\]{2})[^\s\"'<>\\^`{|}:]+(?:/[^\s\"'<>\\^`{|}]*)?)\Z"
)

_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})


def xml_text(text: str) -> str:
    """``text`` as XML text or attribute value, without control characters."""
    return printable(text).translate(_XML)


def line_link(base: str, line: int | None) -> str:
    """The address of ``line`` below ``base``, or nothing where there is no base or no line."""
    return f"{base.partition('#')[0]}#L{line}" if base and line else ""


def checked_link_base(base: str) -> str:
    """``base`` if it is http, https or relative; OptionsError for anything a browser would run."""
    if base and not _LINK.match(base):
        raise OptionsError(
            f"{printable(base)[:80]} is no link base",
            hint="it is an http or https address or a relative path without spaces or quotes",
        )
    return base
