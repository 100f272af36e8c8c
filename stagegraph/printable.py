"""Text from a file made safe to print: nothing in it moves a cursor or hides."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """``text`` on one line: every control or formatting character as a space or U+FFFD."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(char) for char in text)


def _visible(char: str) -> str:
    category = unicodedata.category(char)
    if category in ("Cc", "Zl", "Zp"):
        return " " if char in "\t\n\r\u2028\u2029\x0b\x0c" else "\N{REPLACEMENT CHARACTER}"
    # joiners make words of many scripts; the other formatting characters only mislead
    if category in ("Cf", "Cs", "Co", "Cn") and char not in "\u200c\u200d":
        return "\N{REPLACEMENT CHARACTER}"
    return char


def quoted(name: str) -> str:
    """A name as sentences have it, so that no reader takes it for a word of the sentence."""
    return f"`{name}`"


def columns(text: str) -> int:
    """How many terminal cells ``text`` takes."""
    return sum(_cell_width(char) for char in text)


def _cell_width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
