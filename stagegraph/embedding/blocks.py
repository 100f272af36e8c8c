"""The blocks of a page: from a start marker to its end marker."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from msgspec import Struct

from stagegraph.embedding.page import Comment, PageText, line_end, page_from_bytes
from stagegraph.embedding.paths import project_of
from stagegraph.errors import InputError
from stagegraph.reading import NAMES
from stagegraph.source import Span

_WORD = "stagegraph"
_ALIKE = 0.8  # ratio of difflib from which a word is a misspelling of another


class Block(Struct, frozen=True, kw_only=True):
    """One block. ``words`` are the settings in its start marker.

    Lines count from 0: the start marker is in ``start`` to ``first`` (exclusive), the content in
    ``first`` to ``end`` (exclusive), the end marker begins in ``end``. ``prefix`` is what each line
    begins with inside a list or a quote.
    """

    words: str
    start: int
    first: int
    end: int
    prefix: str
    newline: str

    def lines(self, content: tuple[str, ...]) -> tuple[str, ...]:
        """``content`` as lines of the file."""
        return tuple((self.prefix + line).rstrip() + self.newline for line in content)


def blocks_of(page: PageText) -> tuple[Block, ...]:
    """The blocks in order; InputError for a marker without its counterpart."""
    text = page.source.text
    # parsing takes time, and most pages of a project have no marker
    if not any(one in text for one in page.language.openings) or not (
        f"{_WORD}:" in text or f"/{_WORD}" in text
    ):
        return ()
    return tuple(_blocks(page))


def _blocks(page: PageText) -> Iterator[Block]:
    opened: Comment | None = None
    for comment in page.language.comments(page.source.text, _WORD):
        starts, ends = _words(comment) is not None, bool(re.match(r"\s*/stagegraph\s*\Z", comment.text))
        if not starts and not ends:
            continue
        _check(page, comment, opened, starts=starts)
        if starts:
            opened = comment
        elif opened:
            yield _block(page, opened, comment)
            opened = None
    if opened:
        _fail(
            page,
            opened,
            "this block has no end marker",
            f"add {page.language.end_marker} on its own line below it",
        )


def almost_marker(page: PageText) -> Span | None:
    """The first line with a comment that looks like a start marker; None without one.

    It is misspelled, or it is text, because it is indented or in code.
    """
    from difflib import SequenceMatcher

    for number, line in enumerate(page.source.text.split("\n"), 1):
        match = re.search(r"(?:<!--|\{/\*|\.\.|//)\s*([\w-]{8,13})\b", line)
        if match and SequenceMatcher(None, match[1].lower(), _WORD).ratio() >= _ALIKE:
            return Span(line=number, end_line=number, column=match.start() + 1, length=len(match[0]))
    return None


def _words(comment: Comment) -> str | None:
    """The settings of a start marker; None for another comment."""
    match = re.match(r"\s*stagegraph:(.*)\Z", comment.text, re.DOTALL)
    return match[1] if match else None


def _check(page: PageText, comment: Comment, opened: Comment | None, *, starts: bool) -> None:
    if not comment.alone:
        _fail(page, comment, *page.language.not_alone)
    if starts and opened:
        _fail(
            page,
            comment,
            f"this block starts inside the block of line {opened.start + 1}",
            f"add {page.language.end_marker} above it",
        )
    if not starts and not opened:
        near = almost_marker(page)
        hint = (
            f"line {near.line} looks like a misspelled start marker"
            if near and near.line <= comment.start
            else ""
        )
        _fail(
            page,
            comment,
            "this end marker has no start marker",
            hint or "remove it, or add a start marker above",
        )
    if not starts and opened and opened.depth != comment.depth:
        _fail(
            page,
            comment,
            f"the block of line {opened.start + 1} starts in another list or quote",
            "indent both markers the same way",
        )


def _fail(page: PageText, comment: Comment, message: str, hint: str) -> NoReturn:
    span = Span(line=comment.start + 1, end_line=comment.end)
    raise InputError(message, source=page.source, span=span, hint=hint)


def _block(page: PageText, opened: Comment, closed: Comment) -> Block:
    line = page.lines[opened.start]
    column = min(at for one in page.language.openings if (at := line.find(one)) >= 0)
    return Block(
        words=_words(opened) or "",
        start=opened.start,
        first=opened.end,
        end=closed.start,
        prefix=_prefix(line[:column]),
        newline=line_end(line) or "\n",
    )


def _prefix(before: str) -> str:
    """What continues the list or quote that a line opens: quote marks stay, list marks become spaces."""
    return re.sub(r"[^>\s]", " ", before)


def with_first_block(path: Path, page: PageText, words: str, heading: str) -> PageText:
    """``page`` with an empty block for ``words`` below ``heading``, which is added if it is missing."""
    newline = next((end for line in page.lines if (end := line_end(line))), "\n")
    language, text = page.language, page.source.text
    block = ["", language.marker(f"stagegraph: {words}"), language.end_marker]
    lines, index = list(page.lines), language.heading_end(text, heading)
    if index is None:
        index, block = len(lines), [*([""] if lines else []), *language.heading(text, heading), *block]
    elif "".join(lines[index : index + 1]).strip():
        block.append("")
    if lines[index - 1 : index] and not line_end(lines[index - 1]):
        lines[index - 1] += newline
    lines[index:index] = [line + newline for line in block]
    return page_from_bytes(page.encoded(lines), str(path), language)


def first_picture(path: Path) -> str:
    """The name of a picture beside the page at ``path`` that no file has yet."""
    names = ("build-graph.svg", *(f"build-graph-{number}.svg" for number in range(2, 1000)))
    return next(name for name in names if not (path.parent / name).exists())


def nearest_dockerfile(path: Path) -> str:
    """The nearest Dockerfile in the directory of ``path`` or above it in its project, relative to it.

    Raises InputError if there is none.
    """
    folder, project = path.resolve().parent, project_of(path)
    for parent in (folder, *folder.parents):
        for name in NAMES:
            if (parent / name).is_file():
                return Path(os.path.relpath(parent / name, folder)).as_posix()
        if parent == project:
            break
    raise InputError(
        f"no Dockerfile found in the directory of {path} or above it",
        hint="choose one with -f PATH",
    )
