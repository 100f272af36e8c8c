"""Styled text wrapped to the width of a terminal, as lines with or without escape sequences.

Importing rich takes as long as making a whole report, so only progress bars use its Console. Its table of
character widths is used for texts with characters that may not be one cell wide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import groupby, pairwise, zip_longest

from stagegraph.source import without_commands

WIDTH = 100  # of a picture made of text that is not shown on a terminal
UNBROKEN = 1_000_000  # a width for files and pipes: no line is broken
_MOST_PADDED = 60  # cells of a column of unbroken lines
_GAP = 2  # cells between two columns
_CODES = {  # ECMA-48, select graphic rendition
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "cyan": "36",
    "white": "37",
    "default": "39",
    "on_blue": "44",
}
# Latin letters, and the signs that the formats themselves write
_ONE_CELL = frozenset(map(chr, (*range(0x20, 0x7F), *range(0xA0, 0xAD), *range(0xAE, 0x300)))) | frozenset(
    "→−…─│├└◉●◐○█▒▁▂▃▄▅▆▇"
)


class Text:
    """Characters with styles: words such as ``bold`` and ``cyan``, separated by spaces."""

    __slots__ = ("_style", "parts")

    def __init__(self, text: str = "", style: str = "") -> None:
        self._style = style  # of every part
        self.parts: list[tuple[str, str]] = []
        self.append(text)

    def append(self, text: str, style: str = "") -> None:
        """Add ``text`` at the end."""
        if text:
            self.parts.append((text, f"{self._style} {style}".strip()))

    def __len__(self) -> int:
        return sum(len(text) for text, _ in self.parts)

    @property
    def plain(self) -> str:
        """The characters alone."""
        return "".join(text for text, _ in self.parts)

    def slice(self, start: int, end: int) -> Text:
        """The characters from ``start`` to before ``end``, with their styles."""
        part_of, position = Text(), 0
        for text, style in self.parts:
            part_of.append(text[max(0, start - position) : max(0, end - position)], style)
            position += len(text)
        return part_of

    def __add__(self, other: Text) -> Text:
        joined = Text()
        joined.parts = [*self.parts, *other.parts]
        return joined


def to_text(texts: Iterable[Text], *, colour: bool, width: int) -> str:
    """``texts`` as lines of at most ``width`` cells, each ended; escape sequences only with ``colour``.

    Lines are broken at spaces and after slashes only, so that a longer name stays whole.
    """
    lines = (line for text in texts for line in _lines(text, width))
    if colour:
        return "".join(f"{_escaped(line)}\n" for line in lines)
    return "".join(f"{without_commands(line.plain.rstrip())}\n" for line in lines)


def two_columns(rows: Sequence[tuple[Text, Text]], width: int, first: int = 0) -> Iterator[Text]:
    """The lines of a table; ``first`` is the width of the first column, by default that of its longest."""
    left, right = _column_widths(rows, width, first)
    for cells in rows:
        first_lines = [cells[0]] if width >= UNBROKEN else _lines(cells[0], left)
        pairs = zip_longest(first_lines, _lines(cells[1], right), fillvalue=Text())
        for one, other in pairs:
            yield one + Text(" " * max(_GAP, left + _GAP - _cells(one.plain))) + other


def indented(text: Text, indent: int, width: int) -> Iterator[Text]:
    """The lines of ``text``, each after ``indent`` spaces."""
    return (Text(" " * indent) + line for line in _lines(text, width - indent))


def wrapped(text: str, width: int, indent: int) -> Iterator[str]:
    """``text``, which has one line, as lines; those after the first begin with ``indent`` spaces."""
    first, *rest = _lines(Text(text), width)
    yield first.plain
    if rest:
        left = text[len(first.plain) :].lstrip()
        yield from (" " * indent + line.plain for line in _lines(Text(left), max(1, width - indent)))


def shortened(text: Text, width: int) -> Text:
    """``text`` on one line of at most ``width`` cells, with … at its end where it is longer."""
    plain = text.plain
    if _cells(plain) <= width:
        return text
    if _is_simple(plain):
        return text.slice(0, width - 1) + Text("…")
    from rich.cells import set_cell_size

    # a wide character that does not fit is replaced by a space
    return Text(set_cell_size(plain, width - 1) + "…", text.parts[0][1])


def _column_widths(rows: Sequence[tuple[Text, Text]], width: int, first: int) -> tuple[int, int]:
    """The widths of two columns without the gap; where both are too wide, the wider one gives way first."""
    if width >= UNBROKEN:
        return min(first or max(_cells(one.plain) for one, _ in rows), _MOST_PADDED), width
    left = (first or min(max(_cells(one.plain) for one, _ in rows), width - _GAP)) + _GAP
    right = max(1, min(max(_cells(other.plain) for _, other in rows), width))
    excess = left + right - width
    if excess > 0:
        more = right if first else right - left
        taken = min(excess, abs(more))
        left, right = (left - taken, right) if more < 0 else (left, right - taken)
        half = round((excess - taken) / 2)
        left, right = left - half, right - (excess - taken - half)
    return left - _GAP, right


def _lines(text: Text, width: int) -> Iterator[Text]:
    plain, start = text.plain, 0
    for line in plain.split("\n"):
        breaks = [0, *_breaks(line, width), len(line)]
        for begin, end in pairwise(breaks):
            kept = len(plain[start + begin : start + end].rstrip()) if end < len(line) else end - begin
            yield text.slice(start + begin, start + begin + kept)
        start += len(line) + 1


def _breaks(line: str, width: int) -> Iterator[int]:
    """Where to break ``line``: before words that do not fit, and after slashes of words wider than a line."""
    if _is_simple(line) and len(line) <= width:
        return
    used = 0
    for match in _words().finditer(line):
        start, word = match.start(), match[0]
        needed = _cells(word.rstrip())
        if needed <= width - used:
            used += _cells(word)
        elif needed > width:
            pieces = _chopped(word, width)
            for piece in pieces:
                if start:
                    yield start
                start += len(piece)
            used = _cells(pieces[-1])
        else:
            if used and start:
                yield start
            used = _cells(word)


def _escaped(line: Text) -> str:
    plain = line.plain.rstrip()
    parts = line.slice(0, len(plain)).parts
    groups = groupby(parts, key=lambda part: part[1])
    return "".join(_styled("".join(text for text, _ in group), style) for style, group in groups)


def _styled(text: str, style: str) -> str:
    codes = ";".join(_CODES[word] for word in style.split())
    return f"\x1b[{codes}m{text}\x1b[0m" if codes else text


def _is_simple(text: str) -> bool:
    """Whether every character is known to be one cell wide."""
    return (text.isascii() and text.isprintable()) or _ONE_CELL.issuperset(text)


def _cells(text: str) -> int:
    if _is_simple(text):
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _chopped(word: str, width: int) -> list[str]:
    """``word`` in pieces that end with a slash and are as long as fits; a name is not broken."""
    pieces = [""]
    used = 0
    for part in word.replace("/", "/\0").split("\0"):
        cells = _cells(part)
        if used and used + cells > width and part.strip():
            pieces.append("")
            used = 0
        pieces[-1] += part
        used += cells
    return pieces


@cache
def _words() -> re.Pattern[str]:
    """A word with the spaces around it."""
    return re.compile(r"\s*\S+\s*")
