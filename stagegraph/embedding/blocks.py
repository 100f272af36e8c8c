"""The blocks of a Markdown document: from a start marker to its end marker."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from msgspec import Struct

from stagegraph.embedding.markdown import (
    Comment,
    Document,
    comments,
    document_from_bytes,
    end_of,
    heading_end,
)
from stagegraph.embedding.places import project_of
from stagegraph.errors import InputError
from stagegraph.reading import NAMES
from stagegraph.source import Span

_START = re.compile(r"\s*stagegraph:(.*)\Z", re.DOTALL)
_END = re.compile(r"\s*/stagegraph\s*\Z")
_WORD = "stagegraph"
END_MARKER = "<!-- /stagegraph -->"


class Block(Struct, frozen=True, kw_only=True):
    """One block: what its marker asks, and the lines between the markers.

    ``start`` is the line of the marker, ``first`` the first line after it, ``end`` that of the end
    marker, all from 0; ``prefix`` is what every line of it begins with, in a list or a quote.
    """

    words: str
    start: int
    first: int
    end: int
    prefix: str
    newline: str

    def lines(self, content: tuple[str, ...]) -> tuple[str, ...]:
        """``content`` as lines of the document."""
        return tuple((self.prefix + line).rstrip() + self.newline for line in content)


def blocks_of(document: Document) -> tuple[Block, ...]:
    """The blocks of ``document`` in order; InputError for a marker that is not one of a pair."""
    if not _may_have_markers(document.source.text):
        return ()
    return tuple(_paired(document))


def _may_have_markers(text: str) -> bool:
    """Whether it is worth to parse ``text``: most pages of a project have no comment about us."""
    return "<!--" in text and (f"{_WORD}:" in text or f"/{_WORD}" in text)


def _paired(document: Document) -> Iterator[Block]:
    opened: Comment | None = None
    for comment in comments(document.source.text, _WORD):
        starts, ends = _START.match(comment.text), _END.match(comment.text)
        if not starts and not ends:
            continue
        _check(document, comment, opened, starts=bool(starts))
        if starts:
            opened = comment
        elif opened:
            yield _block(document, opened, comment)
            opened = None
    if opened:
        _fail(document, opened, "this block has no end", f"write {END_MARKER} on a line of its own below it")


def _check(document: Document, comment: Comment, opened: Comment | None, *, starts: bool) -> None:
    if not comment.alone:
        _fail(document, comment, "a marker has a line of its own", "move what stands beside it")
    if starts and opened:
        _fail(
            document,
            comment,
            f"a block begins inside the one of line {opened.start + 1}",
            f"write {END_MARKER} above it",
        )
    if not starts and not opened:
        _fail(document, comment, "no block begins above this end", "remove it, or write a marker above it")
    if not starts and opened and opened.depth != comment.depth:
        _fail(
            document,
            comment,
            f"the block of line {opened.start + 1} ends in another list or quote than it begins",
            "indent both markers alike",
        )


def _fail(document: Document, comment: Comment, message: str, hint: str) -> NoReturn:
    span = Span(line=comment.start + 1, end_line=comment.end)
    raise InputError(message, source=document.source, span=span, hint=hint)


def _block(document: Document, opened: Comment, closed: Comment) -> Block:
    found = _START.match(opened.text)
    line = document.lines[opened.start]
    return Block(
        words=found[1] if found else "",
        start=opened.start,
        first=opened.end,
        end=closed.start,
        prefix=_prefix(line[: line.find("<!--")]),
        newline=end_of(line) or "\n",
    )


def _prefix(before: str) -> str:
    """What continues the list or quote that a line opens: quote marks stay, list marks are blanks."""
    return re.sub(r"[^>\s]", " ", before)


HEADING = "Build graph"


def with_block(path: Path, document: Document, words: str, heading: str = HEADING) -> Document:
    """``document`` with an empty block that asks for ``words`` under ``heading``, which may be new."""
    newline = next((end for line in document.lines if (end := end_of(line))), "\n")
    block = ["", f"<!-- stagegraph: {words} -->", END_MARKER]
    place = heading_end(document.source.text, heading)
    lines = list(document.lines)
    if place is None:
        place, block = len(lines), [*([""] if lines else []), f"## {heading}", *block]
        if lines and not end_of(lines[-1]):
            lines[-1] += newline
    elif lines[place - 1 :] and not end_of(lines[place - 1]):
        lines[place - 1] += newline
    elif "".join(lines[place : place + 1]).strip():
        block.append("")
    lines[place:place] = [line + newline for line in block]
    return document_from_bytes(document.encoded(lines), str(path))


def dockerfile_for(path: Path) -> str:
    """The nearest Dockerfile at or above the folder of ``path``, relative to it, within the project."""
    folder, project = path.resolve().parent, project_of(path)
    for parent in (folder, *folder.parents):
        for name in NAMES:
            if (parent / name).is_file():
                return Path(os.path.relpath(parent / name, folder)).as_posix()
        if parent == project:
            break
    raise InputError(
        f"there is no Dockerfile beside {path} or above it", hint="name it with --dockerfile PATH"
    )
