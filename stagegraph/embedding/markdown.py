"""Reads Markdown: its lines, byte for byte, and the comments and headings that CommonMark sees in it."""

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

MAX_BYTES = 4 * 1024 * 1024
_UTF8_MARK = b"\xef\xbb\xbf"
_ENCODINGS = {_UTF8_MARK: "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_ERRORS = {"utf-8": "surrogateescape", "utf-16-le": "surrogatepass", "utf-16-be": "surrogatepass"}
_DEEPEST = 100  # nested lists and quotes; the parser ignores what is deeper


class MarkdownText(Struct, frozen=True, kw_only=True):
    """The lines of a Markdown file with their line ends; invalid bytes are kept as lone surrogates."""

    source: Source
    mark: bytes  # the byte-order mark
    encoding: str
    lines: tuple[str, ...]

    @property
    def is_valid(self) -> bool:
        """Whether every byte is valid in ``encoding``, so that any character can be added."""
        return not any("\ud800" <= char <= "\udfff" for char in self.source.text)

    def encoded(self, lines: Iterable[str]) -> bytes:
        """``lines`` as the bytes of a file with the byte-order mark and encoding of this one."""
        return self.mark + "".join(lines).encode(self.encoding, _ERRORS[self.encoding])


def markdown_from_bytes(data: bytes, name: str) -> MarkdownText:
    """Decodes ``data``; InputError, which calls it ``name``, if it is too large or damaged UTF-16."""
    if len(data) > MAX_BYTES:
        raise InputError(
            f"this file is larger than {MAX_BYTES:,} bytes",
            source=Source(name=name, text=""),
            hint="split it into smaller files",
        )
    mark = next((mark for mark in _ENCODINGS if data.startswith(mark)), b"")
    encoding = _ENCODINGS.get(mark, "utf-8")
    try:
        text = data[len(mark) :].decode(encoding, _ERRORS[encoding])
    except UnicodeDecodeError:
        raise InputError(
            "this file has a UTF-16 mark but is not UTF-16",
            source=Source(name=name, text=""),
            hint="save it as UTF-8",
        ) from None
    # the line ends of CommonMark: str.splitlines knows more
    lines = tuple(re.findall(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+", text))
    shown = tuple(line.rstrip("\r\n") for line in lines)
    return MarkdownText(
        source=Source(name=name, text=text, lines=shown), mark=mark, encoding=encoding, lines=lines
    )


def line_end(line: str) -> str:
    """The line end of ``line``, or an empty string."""
    return line[len(line.rstrip("\r\n")) :]


class Comment(NamedTuple):
    """An HTML comment; its lines count from 0, and ``end`` is exclusive."""

    text: str
    start: int
    end: int
    depth: int  # how many lists and quotes it is in, as the parser counts them
    alone: bool  # whether its lines hold nothing else


def comments(text: str, word: str) -> Iterator[Comment]:
    """The HTML comments of ``text`` that contain ``word``, in order, without those inside code."""
    for token in _block_parser().parse(text):
        if token.map is None or word not in token.content:
            continue
        if token.type == "html_block":
            yield from _in_html(token, word)
        elif token.type == "inline":
            yield from _in_paragraph(token, word)


def heading_end(text: str, heading: str) -> int | None:
    """The line (from 0) after the first heading with the text ``heading``; None without such a heading."""
    tokens = _block_parser().parse(text)
    for opening, inside in pairwise(tokens):
        if opening.type == "heading_open" and opening.map and inside.content.strip() == heading:
            return opening.map[1]
    return None


@cache
def _block_parser() -> MarkdownIt:
    """Parses blocks only: the text inside them is parsed where it can contain a comment."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"maxNesting": _DEEPEST}).disable(["inline", "text_join"])


@cache
def _inline_parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark")


def _in_html(token: Token, word: str) -> Iterator[Comment]:
    if _is_raw(token.content):
        return
    content = token.content
    line, counted, start = (token.map or [0, 0])[0], 0, content.find("<!--")
    while start >= 0:
        close = content.find("-->", start + 2)
        if close < 0:
            return
        line, counted = line + content.count("\n", counted, start), start
        body, after = content[start + 4 : close], close + 3
        if word in body:
            yield Comment(
                text=body,
                start=line,
                end=line + content.count("\n", start, after) + 1,
                depth=token.level,
                alone=_is_alone(content, start, after),
            )
        start = content.find("<!--", after)


def _is_raw(html: str) -> bool:
    """Whether a comment inside this HTML block is text (CommonMark, HTML blocks, kinds 1, 3, 4 and 5)."""
    start = r"\s*<(?:(?:pre|script|style|textarea)(?:[\s>]|\Z)|\?|!(?!--))"
    return bool(re.match(start, html, re.IGNORECASE))


def _is_alone(content: str, start: int, end: int) -> bool:
    stop = content.find("\n", end)
    before = content[content.rfind("\n", 0, start) + 1 : start]
    after = content[end : stop if stop >= 0 else len(content)]
    return not before.strip() and not after.strip()


def _in_paragraph(token: Token, word: str) -> Iterator[Comment]:
    """Comments inside a paragraph: they are reported as errors, since a diagram cannot follow them."""
    first = (token.map or [0, 0])[0]
    for inline in _inline_parser().parseInline(token.content):
        for child in inline.children or ():
            if child.type == "html_inline" and child.content.startswith("<!--") and word in child.content:
                line = first + token.content.count("\n", 0, token.content.find(child.content))
                yield Comment(
                    text=child.content[4:-3], start=line, end=line + 1, depth=token.level, alone=False
                )
