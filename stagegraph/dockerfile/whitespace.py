"""White space as BuildKit (Go) defines it; Python's definition differs."""

from __future__ import annotations

import re

# unicode.IsSpace of Go: unlike str.isspace it excludes the separators U+001C to U+001F.
SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)

# What separates words (moby/buildkit frontend/dockerfile/parser/parser.go, reWhitespace).
BETWEEN_WORDS = re.compile(r"[\t\v\f\r ]+")


def lowered(text: str) -> str:
    """``text`` in lower case by Go's rules: the dotted capital I becomes a plain i."""
    return text.replace("\u0130", "i").lower()
