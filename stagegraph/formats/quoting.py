"""Escapes text from files for XML and HTML-like labels, and checks links."""

from __future__ import annotations

import re

from stagegraph.errors import OptionsError
from stagegraph.source import printable

_LINK = r"(?:https?://[^\s\"'<>\\^`{|}]+|(?![/\\]{2})[^\s\"'<>\\^`{|}:]+(?:/[^\s\"'<>\\^`{|}]*)?)\Z"

_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})


def xml_text(text: str) -> str:
    """``text`` escaped for XML text and attributes, without control characters."""
    return printable(text).translate(_XML)


def line_link(base: str, line: int | None) -> str:
    """The link to ``line`` of the Dockerfile at ``base``; empty without a base or a line."""
    return f"{base.partition('#')[0]}#L{line}" if base and line else ""


def checked_link_base(base: str) -> str:
    """``base`` if it is an http, https or relative address; OptionsError for others, such as javascript:."""
    if base and not re.match(_LINK, base):
        raise OptionsError(
            f"invalid link base `{printable(base)[:80]}`",
            hint="use an http or https address or a relative path, without spaces and quotes",
        )
    return base
