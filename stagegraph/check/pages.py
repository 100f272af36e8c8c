"""Reads the page of each rule in docs/findings.md, which is part of the package."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_HERE = Path(__file__)
# in an installed package next to this module, in a checkout in docs/
_PATHS = (_HERE.with_name("findings.md"), _HERE.parents[2] / "docs" / "findings.md")


@cache
def pages() -> dict[str, str]:
    """The section of every code, as Markdown without its heading; empty where the file is missing."""
    path = next((path for path in _PATHS if path.is_file()), None)
    if path is None:
        return {}
    parts = re.split(r"^## ([\w-]+)[ \t]*$", path.read_text("utf-8"), flags=re.MULTILINE)
    return {code: body.strip() for code, body in zip(parts[1::2], parts[2::2], strict=True)}
