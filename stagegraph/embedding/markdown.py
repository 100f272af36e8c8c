"""A Markdown file as lines, and back to the same bytes: encoding, byte-order mark, line ends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from stagegraph.errors import InputError
from stagegraph.source import Source

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token


# HTML blocks whose inside is no HTML (CommonMark, HTML blocks, kinds 1, 3, 4 and 5).
_RAW = re.compile(r"\s*<(?:(?:pre|script|style|textarea)(?:[\s>]|\Z)|\?|!(?!--))", re.IGNORECASE)
_DEEPEST = 100  # lists and quotes inside each other; past it the parser sees no blocks


class Comment(NamedTuple):
    """A comment: its text, its lines (from 0, the second past the end), how deep it is nested.

    ``alone`` is whether nothing else stands on its lines.
    """

    text: str
    start: int
    end: int
    depth: int
    alone: bool


def comments(text: str, about: str) -> Iterator[Comment]:
    """The comments of ``text`` that hold ``about``, in order; those in code are no comments."""
    for token in _parser().parse(text):
        if token.map is None or about not in token.content:
            continue
        if token.type == "html_block":
            yield from _in_html(token, about)
        elif token.type == "inline":
            yield from _in_paragraph(token, about)


def heading_end(text: str, heading: str) -> int | None:
    """The line after the first heading of that text, from 0; None when there is none."""
    tokens = _parser().parse(text)
    for opening, inside in pairwise(tokens):
        if opening.type == "heading_open" and opening.map and inside.content.strip() == heading:
            return opening.map[1]
    return None


@cache
def _parser() -> MarkdownIt:
    """A parser of blocks: what stands in lines is read only where a comment may be among it."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"maxNesting": _DEEPEST}).disable(["inline", "text_join"])


@cache
def _whole_parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark")


def _in_html(token: Token, about: str) -> Iterator[Comment]:
    if _RAW.match(token.content):
        return
    first, content = (token.map or [0, 0])[0], token.content
    line, counted, place = first, 0, content.find("<!--")
    while place >= 0:
        close = content.find("-->", place + 2)
        if close < 0:
            return
        line, counted = line + content.count("\n", counted, place), place
        body, after = content[place + 4 : close], close + 3
        if about in body:
            yield Comment(
                text=body,
                start=line,
                end=line + content.count("\n", place, after) + 1,
                depth=token.level,
                alone=_alone(content, place, after),
            )
        place = content.find("<!--", after)


def _alone(content: str, start: int, end: int) -> bool:
    stop = content.find("\n", end)
    before = content[content.rfind("\n", 0, start) + 1 : start]
    after = content[end : stop if stop >= 0 else len(content)]
    return not before.strip() and not after.strip()


def _in_paragraph(token: Token, about: str) -> Iterator[Comment]:
    """Comments in the middle of text: each is reported, and none can hold a diagram."""
    first = (token.map or [0, 0])[0]
    for inline in _whole_parser().parseInline(token.content):
        for child in inline.children or ():
            if child.type == "html_inline" and child.content.startswith("<!--") and about in child.content:
                line = first + token.content.count("\n", 0, token.content.find(child.content))
                yield Comment(
                    text=child.content[4:-3], start=line, end=line + 1, depth=token.level, alone=False
                )


MAX_BYTES = 4 * 1024 * 1024  # a book; what is longer is no page that people read
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")  # the line ends of CommonMark
_UTF8_MARK = b"\xef\xbb\xbf"
_MARKS = {_UTF8_MARK: "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_KEPT = {"utf-8": "surrogateescape", "utf-16-le": "surrogatepass", "utf-16-be": "surrogatepass"}


class Document(Struct, frozen=True, kw_only=True):
    """The lines of a file with their ends; bytes that are no text are kept as lone surrogates."""

    source: Source
    mark: bytes
    encoding: str
    lines: tuple[str, ...]

    @property
    def is_text(self) -> bool:
        """Whether every byte is text in ``encoding``, so that any letter can be written beside it."""
        return not any("\ud800" <= char <= "\udfff" for char in self.source.text)

    def encoded(self, lines: Iterable[str]) -> bytes:
        """``lines`` as bytes in the encoding of this file, its mark first."""
        return self.mark + "".join(lines).encode(self.encoding, _KEPT[self.encoding])


def document_from_bytes(data: bytes, name: str) -> Document:
    """``data`` as a Document; InputError when it is too long or no whole UTF-16."""
    if len(data) > MAX_BYTES:
        raise InputError(
            f"{len(data):,} bytes are too many for a page; the limit is {MAX_BYTES:,}",
            source=Source(name=name, text=""),
        )
    mark = next((mark for mark in _MARKS if data.startswith(mark)), b"")
    encoding = _MARKS.get(mark, "utf-8")
    try:
        text = data[len(mark) :].decode(encoding, _KEPT[encoding])
    except UnicodeDecodeError:
        raise InputError(
            "this file begins as UTF-16 and is not",
            source=Source(name=name, text=""),
            hint="save it as UTF-8",
        ) from None
    lines = tuple(_LINE.findall(text))
    shown = tuple(line.rstrip("\r\n") for line in lines)
    return Document(
        source=Source(name=name, text=text, lines=shown), mark=mark, encoding=encoding, lines=lines
    )


def end_of(line: str) -> str:
    """The line end that ``line`` has, or nothing."""
    return line[len(line.rstrip("\r\n")) :]
