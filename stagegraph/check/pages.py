"""What the documentation says of each rule: docs/findings.md, which the package brings along."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_HERE = Path(__file__)
# in an installed package beside this module, in a checkout where it is written
_PLACES = (_HERE.with_name("findings.md"), _HERE.parents[2] / "docs" / "findings.md")
_HEADING = re.compile(r"^## (?P<code>[\w-]+)[ \t]*$", re.MULTILINE)


@cache
def pages() -> dict[str, str]:
    """The section of every code, as Markdown without its heading; nothing where the page is missing."""
    path = next((place for place in _PLACES if place.is_file()), None)
    parts = _HEADING.split(path.read_text("utf-8")) if path else [""]
    return {code: body.strip() for code, body in zip(parts[1::2], parts[2::2], strict=True)}
