r"""MDX: Markdown in which ``{...}`` is JavaScript, ``<...>`` is JSX, and nothing is indented code.

A scanner finds where JavaScript and JSX end, so that a marker in a string of them is text.
Source: mdxjs.com/docs/what-is-mdx, "MDX syntax".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from stagegraph.embedding.markdown import block_parser, details, heading, heading_in, image, mermaid, table
from stagegraph.embedding.page import Comment, PageLanguage
from stagegraph.formats.markdown import escaped as escaped_markdown

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock

_SPAN = r"(?P<ticks>`+)(?!`).{0,1000}?(?<!`)(?P=ticks)(?!`)|`+"  # inline code
_STRING = r'"(?:\\.|[^"\\])*"|' + r"'(?:\\.|[^'\\])*'"
_REGEX = r"(?<=[(,=:\[!&|?{};])\s*/(?![/*])(?:\\.|\[(?:\\.|[^\]\\]){0,200}\]|[^/\\\[]){1,200}/"
# in each part of a page: what to look for, and the part that starts there ("" ends the part)
_PARTS = {
    "text": (rf"\\.|{_SPAN}|<!--|\{{|<(?=[A-Za-z_$/>])", {"{": "code", "<!--": "html", "<": "tag"}),
    "code": (
        rf"\\.|{_STRING}|/\*|(?<!:)//.*|{_REGEX}|[`{{}}]",
        {"{": "code", "}": "", "`": "template", "/*": "comment"},
    ),
    "template": (r"\\.|`|\$\{", {"`": "", "${": "code"}),
    "comment": (r"\*/", {"*/": ""}),
    "html": (r"-->", {"-->": ""}),
    "tag": (r"[\"'{>]", {'"': "double", "'": "single", "{": "code", ">": ""}),
    "double": (r'"', {'"': ""}),
    "single": (r"'", {"'": ""}),
}
_ESM = r"(?:import|export)[\s{*\"']"  # a paragraph that starts like this is JavaScript
_CONTAINER = r"(?:>|[-*+]\s|\d+[.)]\s|#{1,6}\s)"  # what it holds is parsed on its own
_COMMENT = r"(?s:\{\s*/\*(?P<mdx>.*?)\*/\s*\}|<!--(?P<html>.*?)-->)"
_MOST_SCANNED = 8  # times the length of the page, for JavaScript that does not end


def _comments(text: str, word: str) -> Iterator[Comment]:
    """The comments of ``text`` that contain ``word``, in order, without those inside code."""
    for token in _parser().parse(text, {"left": _MOST_SCANNED * len(text)}):
        if token.map is None or word not in token.content:
            continue
        start, end = token.map
        if token.type == "mdx_comment":
            alone = bool(token.meta["alone"])
            yield Comment(text=token.content, start=start, end=end, depth=token.level, alone=alone)
        elif token.type == "inline":
            for match in re.finditer(rf"\\.|{_SPAN}|{_COMMENT}", token.content, re.DOTALL):
                if word in (body := match["mdx"] or match["html"] or ""):
                    line = start + token.content.count("\n", 0, match.start())
                    yield Comment(text=body, start=line, end=line + 1, depth=token.level, alone=False)


def _heading_end(text: str, words: str) -> int | None:
    return heading_in(_parser().parse(text, {"left": _MOST_SCANNED * len(text)}), words)


@cache
def _parser() -> MarkdownIt:
    parser = block_parser("code", "html_block")
    interrupts = ["paragraph", "reference", "blockquote", "list"]
    parser.block.ruler.after("fence", "mdx", _mdx_block, {"alt": interrupts})
    return parser


def _mdx_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A rule of the parser: a comment, or lines that belong to JavaScript or JSX."""
    first = _line(state, start)
    if re.match(_CONTAINER, first):
        return False
    stop = _end_of_code(state, start, end, interrupts=silent)
    content = "\n".join(_line(state, number) for number in range(start, stop))
    comment = re.match(_COMMENT, content)
    if not comment and stop == start + 1:
        return False
    if not silent:
        token = state.push("mdx_comment" if comment else "mdx", "", 0)
        token.map, token.content = [start, stop], (comment["mdx"] or comment["html"] or "") if comment else ""
        token.meta = {"alone": bool(comment and not content[comment.end() :].strip())}
        state.line = stop
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _end_of_code(state: StateBlock, start: int, end: int, *, interrupts: bool) -> int:
    """The line after the JavaScript or JSX that line ``start`` opens; ``start + 1`` without any."""
    first = _line(state, start)
    at_margin = not (interrupts or state.level or state.tShift[start])
    if start == 0 and at_margin and first.rstrip() == "---":
        return _end_of_front_matter(state, end)
    if at_margin and re.match(_ESM, first):
        return _scanned(state, start, end, "code", to_blank=True) or _next_blank(state, start, end)
    return _scanned(state, start, end, "text", to_blank=False) or start + 1


def _end_of_front_matter(state: StateBlock, end: int) -> int:
    return next((number + 1 for number in range(1, end) if _line(state, number).rstrip() == "---"), 1)


def _next_blank(state: StateBlock, start: int, end: int) -> int:
    return next((number for number in range(start, end) if state.isEmpty(number)), end)


def _scanned(state: StateBlock, start: int, end: int, part: str, *, to_blank: bool) -> int:
    """The line after the part that begins in ``start``; 0 if it does not end in its list or quote."""
    parts = [part]
    for number in range(start, end):
        line = _line(state, number)
        outside = number > start and state.sCount[number] < state.blkIndent and line
        if outside or state.env["left"] < 0:
            return 0
        if number > start:
            state.env["left"] -= len(line) + 1
        _scan(line, parts)
        if len(parts) == 1 and (not to_blank or number + 1 == end or state.isEmpty(number + 1)):
            return number + 1
    return 0


def _scan(line: str, parts: list[str]) -> None:
    """Update ``parts``, the nested parts that are open, by one line."""
    position = 0
    while match := _pattern(parts[-1]).search(line, position):
        position = match.end()
        change = _PARTS[parts[-1]][1].get(match[0])
        if change:
            parts.append(change)
        elif change is not None and len(parts) > 1:
            parts.pop()


@cache
def _pattern(part: str) -> re.Pattern[str]:
    return re.compile(_PARTS[part][0])


def escaped(text: str) -> str:
    """``text`` with the characters escaped that mean something in Markdown or MDX."""
    return _without_braces(escaped_markdown(text))


def _without_braces(line: str) -> str:
    return re.sub(r"([{}])", r"\\\1", line)


def _table(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    return map(_without_braces, table(rows))


def _image(path: str, words: str, text: str) -> Iterator[str]:
    return map(_without_braces, image(path, words, text))


MDX = PageLanguage(
    name="MDX",
    suffixes=(".mdx",),
    comment=("{/* ", " */}"),
    openings=("{", "<!--"),
    comments=_comments,
    heading=heading,
    heading_end=_heading_end,
    escaped=escaped,
    mermaid=mermaid,
    image=_image,
    table=_table,
    # what is between tags is Markdown in MDX
    collapsed=lambda summary, lines: details(escaped(summary), lines),
)
