"""reStructuredText: its comments and sections, and the directives for the parts of a diagram.

Source: docutils.sourceforge.io/docs/ref/rst/restructuredtext.html.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from stagegraph.embedding.page import Comment, PageLanguage, text_lines
from stagegraph.source import columns, printable

_UNDERLINES = "=-~^\"'`#*+:._"


def _comments(text: str, word: str) -> Iterator[Comment]:
    """The comments at the margin that contain ``word``; what is indented can be code."""
    lines = text_lines(text)
    for start, line in enumerate(lines):
        if not re.match(r"\.\.\s", line) or _is_quoted(lines, start):
            continue
        end = start + 1
        while end < len(lines) and lines[end].strip() and lines[end][0].isspace():
            end += 1
        body = "\n".join(lines[start:end])[3:]
        if word in body:
            alone = _follows_a_block(lines, start)
            yield Comment(text=body, start=start, end=end, depth=0, alone=alone)


def _follows_a_block(lines: Sequence[str], start: int) -> bool:
    """Whether a block can start in line ``start``: otherwise it continues a paragraph."""
    before = lines[start - 1] if start else ""
    return not before.strip() or before[0].isspace() or bool(re.match(r"\.\.\s|(\W)\1*\s*\Z", before))


def _is_quoted(lines: Sequence[str], start: int) -> bool:
    """Whether the line is in a quoted literal block: a paragraph that ends with ``::`` is above."""
    first = start
    while first and lines[first - 1].startswith(".."):
        first -= 1
    above = first
    while above and not lines[above - 1].strip():
        above -= 1
    before = lines[above - 1] if above else ""
    return above < first and bool(re.match(r"(?!\.\.\s)\S.*::\s*\Z|::\s*\Z", before))


class _Section(NamedTuple):
    title: str
    end: int  # the line after its underline
    style: tuple[str, bool]  # the character of its underline, and whether it has an overline too


def _sections(text: str) -> Iterator[_Section]:
    lines = text_lines(text)
    for number in range(1, len(lines)):
        title, under = lines[number - 1].rstrip(), lines[number].rstrip()
        is_line = re.fullmatch(r"([!-/:-@\[-`{-~])\1*", under)
        if not is_line or not title.strip() or columns(title) > len(under) or re.fullmatch(r"(\W)\1*", title):
            continue
        over = number > 1 and lines[number - 2].rstrip() == under
        yield _Section(title=title.strip(), end=number + 1, style=(under[0], over))


def _heading(text: str, words: str) -> tuple[str, ...]:
    """A section below the title of the page; at the top level if the page has more than one there."""
    styles = Counter(section.style for section in _sections(text))
    used = list(styles)
    if used and styles[used[0]] == 1:
        used = used[1:]
    unused = (char for char in _UNDERLINES if (char, False) not in styles)
    char, over = used[0] if used else (next(unused, "="), False)
    line = char * columns(words)
    return (line, words, line) if over else (words, line)


def _heading_end(text: str, words: str) -> int | None:
    return next((section.end for section in _sections(text) if section.title == words), None)


def escaped(text: str) -> str:
    """``text`` as one paragraph of plain text."""
    plain = re.sub(r"([\\`*_|@]|:(?=//|:|\Z))", r"\\\1", printable(text).strip())
    # the first word must not start a list, a directive or the like
    return plain if re.match(r"(?:\w+(?:[ ,:/-]|\Z)|\\|\Z)", plain) else f"\\{plain}"


def _mermaid(lines: Iterable[str], dialect: str, title: str) -> Iterator[str]:
    yield ".. mermaid::"
    if title:
        yield f"   :caption: {escaped(title)}"
    yield ""
    yield from (f"   {line}" for line in lines)


def _image(path: str, words: str, text: str) -> Iterator[str]:
    # the text of an option is not parsed
    yield from (f".. image:: {path}", f"   :alt: {' '.join(printable(words).split())}")


def _table(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield from (".. list-table::", "   :header-rows: 1", "")
    for what, detail in rows:
        yield from (f"   * - {escaped(what)}", f"     - {escaped(detail)}")


RESTRUCTUREDTEXT = PageLanguage(
    name="reStructuredText",
    suffixes=(".rst", ".rest"),
    comment=(".. ", ""),
    openings=("..",),
    not_alone=("a marker must follow an empty line", "add an empty line above it"),
    comments=_comments,
    heading=_heading,
    heading_end=_heading_end,
    escaped=escaped,
    mermaid=_mermaid,
    image=_image,
    table=_table,
    collapsed=None,
    mermaid_needs="sphinxcontrib-mermaid",
    dialects={"github": "sphinx"},  # sphinxcontrib-mermaid reads no front matter
)
