"""A named text, spans in it, and the excerpt with a caret under a span; text made safe to print."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from msgspec import Struct

BREAK = "\u200b"  # a space of no width
_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})
_EXCERPT_WIDTH = 100


def printable(text: str) -> str:
    """``text`` on one line: control and formatting characters become a space or U+FFFD.

    ``##[``, which begins a command anywhere in the log of a GitHub job, is broken by a space of no width.
    """
    if not text.isprintable():
        text = "".join(_visible(char) for char in text)
    return text.replace("##[", f"#{BREAK}#[")


def without_commands(line: str) -> str:
    """``line`` without a GitHub workflow command: ``::`` at its start, or ``##[`` anywhere.

    Source: actions/runner src/Runner.Common/ActionCommand.cs, TryParse and TryParseV2.
    """
    line = line.replace("##[", f"#{BREAK}#[")
    return line.replace("::", f":{BREAK}:", 1) if line.lstrip(" +-").startswith("::") else line


def _visible(char: str) -> str:
    category = unicodedata.category(char)
    if category in ("Cc", "Zl", "Zp"):
        return " " if char in "\t\n\r\u2028\u2029\x0b\x0c" else "\N{REPLACEMENT CHARACTER}"
    # joiners are part of words in many scripts; other formatting characters only mislead
    if category in ("Cf", "Cs", "Co", "Cn") and char not in "\u200c\u200d":
        return "\N{REPLACEMENT CHARACTER}"
    return char


def xml_text(text: str) -> str:
    """``text`` escaped for XML text and attributes, without control characters."""
    return printable(text).translate(_XML)


def quoted(name: str) -> str:
    """``name`` in backticks, for a sentence."""
    return f"`{name}`"


def columns(text: str) -> int:
    """The width of ``text`` in terminal cells."""
    return sum(_cell_width(char) for char in text)


def _cell_width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


class Span(NamedTuple):
    """Lines ``line`` to ``end_line``, from ``column`` of the first; all counted from 1.

    ``length`` is the number of characters to underline on the first line, 0 for up to its end.
    """

    line: int
    end_line: int
    column: int = 1
    length: int = 0


class Source(Struct, frozen=True, kw_only=True):
    """A text and its name in messages: a path as the user gave it, or ``<stdin>``."""

    name: str
    text: str
    lines: tuple[str, ...] = ()

    def line_at(self, number: int) -> str:
        """The line ``number`` (from 1) without its end; empty past the last line."""
        lines = self.text.split("\n") if not self.lines else self.lines
        return lines[number - 1].rstrip("\r") if 0 < number <= len(lines) else ""


def excerpt(source: Source, span: Span) -> str:
    """The first line of ``span`` with its number, and a caret under it; long lines are cut."""
    text = source.line_at(span.line)
    start = min(max(span.column - 1, 0), len(text))
    if not span.length and span.column == 1:
        start = len(text) - len(text.lstrip())
    length = span.length or max(len(text.rstrip()) - start, 1)
    left = max(0, start - _EXCERPT_WIDTH // 2)
    shown = printable(text[left : left + _EXCERPT_WIDTH])
    gutter = f"{span.line:>5} | "
    before = columns(printable(text[left:start]))
    under = max(1, min(columns(printable(text[start : start + length])), _EXCERPT_WIDTH - before))
    return f"{gutter}{shown}\n{' ' * (len(gutter) - 2)}| {' ' * before}^{'~' * (under - 1)}"
