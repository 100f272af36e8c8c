"""AsciiDoc: its comments and sections, and the blocks for the parts of a diagram.

Source: docs.asciidoctor.org/asciidoc/latest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from posixpath import relpath

from stagegraph.embedding.page import Comment, PageLanguage, text_lines
from stagegraph.source import printable

# lines between two equal ones of these are not parsed as text: code, comments, tables
_DELIMITER = r"(?:-{4,}|\.{4,}|/{4,}|\+{4,}|[|,:!]={3,}|`{3,})"
_VERBATIM = r"\[(?:source|listing|literal|pass|stem|latexmath|asciimath|verse|mermaid|,)[^\]]*\]\s*\Z"


def _comments(text: str, word: str) -> Iterator[Comment]:
    """The comments of one line that contain ``word``, without those inside blocks of code."""
    for number, line in _parsed_lines(text):
        if re.match(r"//(?!/)", line) and word in line:
            yield Comment(text=line[2:], start=number, end=number + 1, depth=0, alone=True)


def _parsed_lines(text: str) -> Iterator[tuple[int, str]]:
    closing, verbatim = "", False
    for number, line in enumerate(text_lines(text)):
        delimiter = _delimiter(line)
        if closing:
            closing = "" if delimiter == closing else closing
        elif delimiter:
            closing, verbatim = delimiter, False
        elif not verbatim:
            yield number, line
        # a paragraph of code, up to the next empty line
        verbatim = bool(line.strip()) and not closing and (verbatim or bool(re.match(_VERBATIM, line)))
        verbatim = verbatim and not delimiter


def _delimiter(line: str) -> str:
    """The line that ends the block which ``line`` begins or ends; empty for another line."""
    match = re.match(rf"({_DELIMITER})(.*)\Z", line.rstrip())
    if not match or (match[2] and not match[1].startswith("`")):
        return ""
    return match[1] if not match[2] or re.fullmatch(r"[\w+#-]+(,.*)?", match[2]) else ""


def _heading(text: str, words: str) -> tuple[str, ...]:
    return (f"== {words}",)


def _heading_end(text: str, words: str) -> int | None:
    pattern = rf"(=+|#+)\s+{re.escape(words)}(?:\s+\1)?\s*\Z"
    return next((number + 1 for number, line in _parsed_lines(text) if re.match(pattern, line)), None)


def escaped(text: str) -> str:
    """``text`` as plain text: what could be markup is written as character references."""
    special = r"[^\w\s,/.:-]|_|(?<![^\W_]|[ )])[/.:-]|[/.:-](?![^\W_])"
    return re.sub(
        special, lambda match: f"&#{ord(match[0])};" if match[0].isascii() else match[0], _line(text)
    )


def _line(text: str) -> str:
    return " ".join(printable(text).split())


def _mermaid(lines: Iterable[str], dialect: str, title: str) -> Iterator[str]:
    yield from ("[mermaid]", "....", *lines, "....")


def _image(path: str, words: str, text: str) -> Iterator[str]:
    folder = _images_folder(text)
    yield f'image::{relpath(path, folder) if folder else path}[alt="{escaped(words)}"]'


def _images_folder(text: str) -> str:
    """The directory that the page sets for its pictures, relative to the page."""
    folders = (re.match(r":imagesdir:\s+(?!/|\w+:)([^{]+?)/?\s*\Z", line) for _, line in _parsed_lines(text))
    return next((match[1] for match in folders if match), "")


def _table(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield from ("[%header,cols=2*]", "|===")
    for what, detail in rows:
        yield from (f"|{escaped(what)}", f"|{escaped(detail)}")
    yield "|==="


def _collapsed(summary: str, lines: Iterable[str]) -> Iterator[str]:
    yield from ("[%collapsible]", f".{escaped(summary)}", "====", *lines, "====")


ASCIIDOC = PageLanguage(
    name="AsciiDoc",
    suffixes=(".adoc", ".asciidoc"),
    comment=("// ", ""),
    openings=("//",),
    comments=_comments,
    heading=_heading,
    heading_end=_heading_end,
    escaped=escaped,
    mermaid=_mermaid,
    image=_image,
    table=_table,
    collapsed=_collapsed,
    mermaid_needs="asciidoctor-diagram or Kroki",
)
