"""Markdown: the comments and headings that CommonMark sees in it, and the parts of a diagram."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import quote

from stagegraph.embedding.page import Comment, PageLanguage
from stagegraph.formats.markdown import escaped
from stagegraph.formats.markdown import table as rows_as_table
from stagegraph.formats.mermaid_head import fence
from stagegraph.formats.section import Row
from stagegraph.source import xml_text

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_DEEPEST = 100  # nested lists and quotes; the parser ignores what is deeper


def _comments(text: str, word: str) -> Iterator[Comment]:
    """The HTML comments of ``text`` that contain ``word``, in order, without those inside code."""
    for token in block_parser().parse(text):
        if token.map is None or word not in token.content:
            continue
        if token.type == "html_block":
            yield from _in_html(token, word)
        elif token.type == "inline":
            yield from _in_paragraph(token, word)


def _heading_end(text: str, heading: str) -> int | None:
    return heading_in(block_parser().parse(text), heading)


def heading_in(tokens: Sequence[Token], heading: str) -> int | None:
    """The line (from 0) after the first heading with the text ``heading``; None without such a heading."""
    for opening, inside in pairwise(tokens):
        if opening.type == "heading_open" and opening.map:
            # sites add the id of a heading in braces
            named = re.sub(r"\s*\{#[^{}]*\}\s*\Z", "", inside.content)
            if heading in (named.strip(), inside.content.strip()):
                return opening.map[1]
    return None


@cache
def block_parser(*disabled: str) -> MarkdownIt:
    """Parses blocks only: the text inside them is parsed where it can contain a comment."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"maxNesting": _DEEPEST}).disable(["inline", "text_join", *disabled])


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


def heading(text: str, words: str) -> tuple[str, ...]:
    """A heading below the title of a page."""
    return (f"## {words}",)


def mermaid(lines: Iterable[str], dialect: str, title: str) -> Iterator[str]:
    """A fence, which GitHub, GitLab and site generators draw; for Sphinx with ``title`` as its caption."""
    opening, closing = fence(dialect)
    yield opening
    if title and dialect == "sphinx":
        yield f":caption: {json.dumps(_caption(title), ensure_ascii=False)}"
    yield from lines
    yield closing


def _caption(title: str) -> str:
    """``title`` as one paragraph of MyST, and not as a list, a comment, a label or a substitution."""
    text = escaped(title).replace("{", "\\{")
    return re.sub(r"\A(\d*)([-+=:%().])", r"\1\\\2", text)


def image(path: str, words: str, text: str) -> Iterator[str]:
    """A picture with an alternative text."""
    yield f"![{escaped(words)}]({quote(path, safe='/')})"


def table(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    """A table with a head."""
    yield from rows_as_table([Row(what=what, detail=detail) for what, detail in rows[1:]], *rows[0])


def details(summary: str, lines: Iterable[str]) -> Iterator[str]:
    """A closed details element; ``summary`` is HTML."""
    yield from ("<details>", f"<summary>{summary}</summary>", "", *lines, "", "</details>")


MARKDOWN = PageLanguage(
    name="Markdown",
    suffixes=(".md", ".markdown", ".mdown", ".mkd"),
    comment=("<!-- ", " -->"),
    openings=("<!--",),
    comments=_comments,
    heading=heading,
    heading_end=_heading_end,
    escaped=escaped,
    mermaid=mermaid,
    image=image,
    table=table,
    collapsed=lambda summary, lines: details(xml_text(summary), lines),
)
