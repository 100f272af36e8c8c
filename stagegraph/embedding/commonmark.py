"""What a CommonMark parser says of a Markdown text: where HTML comments and headings stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

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
