"""The lines and comments that belong to each stage, and the comments that stagegraph reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from msgspec import Struct

from stagegraph.dockerfile.file import Dockerfile
from stagegraph.dockerfile.logical import DirectiveError, Directives
from stagegraph.dockerfile.words import SPACE
from stagegraph.source import Span

_PRAGMA = "stagegraph:"


class Extent(Struct, frozen=True, kw_only=True):
    """Lines ``first`` to ``last`` of a stage, its comments included, and these comments by line."""

    first: int
    last: int
    comments: tuple[tuple[int, str], ...]

    def __str__(self) -> str:
        return f"line {self.first}" if self.first == self.last else f"lines {self.first} to {self.last}"


def extents(file: Dockerfile) -> tuple[Extent, ...]:
    """The lines of every stage of ``file``.

    A comment belongs to a stage if it is directly above its FROM, inside it, or directly below it. A
    comment between two stages with blank lines on both sides belongs to neither, and so does a comment
    at the top of the file, unless it names the stage or is a pragma.
    """
    return tuple(_Extents(file).all())


class _Extents:
    def __init__(self, file: Dockerfile) -> None:
        self._file = file
        self._lines = _lines(file)
        self._top = _directives(self._lines)

    def all(self) -> Iterator[Extent]:
        stages = self._file.stages
        before = self._file.arguments[-1].span.end_line if self._file.arguments else self._top
        for index, stage in enumerate(stages):
            line = stage.head.span.line
            first = self._above(line, before)
            following = stages[index + 1].head.span.line if index + 1 < len(stages) else len(self._lines) + 1
            last = self._below(stage.end_line, following)
            spans = [stage.head.span, *(item.span for item in stage.body)]
            comments = tuple(self._comments(first, last, spans))
            yield Extent(first=first, last=last, comments=comments)
            before = last

    def _text(self, line: int) -> str:
        return self._lines[line - 1].lstrip(SPACE).rstrip() if line <= len(self._lines) else ""

    def _above(self, line: int, before: int) -> int:
        """The first line of the comment block directly above ``line``; it begins after line ``before``."""
        first = line
        while first - 1 > before and self._text(first - 1).startswith("#"):
            first -= 1
        if first == self._top + 1 and not self._file.arguments and before == self._top:
            return self._of_first_stage(first, line)
        return first

    def _of_first_stage(self, first: int, line: int) -> int:
        """First line of the leading comment block that belongs to the stage: names it, or is a pragma."""
        name = self._file.stages[0].head.name
        for number in range(first, line):
            words = self._text(number)[1:].split(maxsplit=1)
            if words and words[0] in (name or None, _PRAGMA):
                return number
        return line

    def _below(self, last: int, following: int) -> int:
        """The last line of the comments directly below ``last``, unless they are above the next FROM."""
        end = last
        while end + 1 < following and self._text(end + 1).startswith("#"):
            end += 1
        return last if end + 1 == following else end

    def _comments(self, first: int, last: int, spans: list[Span]) -> Iterator[tuple[int, str]]:
        line = first
        for span in [*spans, Span(line=last + 1, end_line=last + 1)]:
            for number in range(line, min(span.line, last + 1)):
                text = self._text(number)
                if text.startswith("#"):
                    yield number, text[1:].strip()
            line = span.end_line + 1


def top_lines(file: Dockerfile) -> list[str]:
    """The lines of the parser directives of ``file``."""
    lines = _lines(file)
    return lines[: _directives(lines)]


def _lines(file: Dockerfile) -> list[str]:
    return file.source.text.removeprefix("\ufeff").split("\n")


def _directives(lines: list[str]) -> int:
    """How many lines at the top are parser directives."""
    directives = Directives()
    for number, line in enumerate(lines):
        try:
            if not directives.read(line.rstrip("\r").lstrip(SPACE)):
                return number
        except DirectiveError:
            return number
    return len(lines)


def ignored_codes(comments: Iterable[tuple[int, str]]) -> frozenset[str]:
    """The codes in ``# stagegraph: ignore=CODE,CODE`` among ``comments``."""
    lists = (match[1] or "" for _, text in comments if (match := _pragma(text)))
    return frozenset(code.lower() for codes in lists for code in codes.split(",") if code)


def is_target(comments: Iterable[tuple[int, str]]) -> bool:
    """Whether ``# stagegraph: target`` is among ``comments``: people build the stage by name."""
    return any(match[2] for _, text in comments if (match := _pragma(text)))


def unknown_pragma(comment: str) -> str:
    """The first word after ``stagegraph:`` where it is not ``target`` or ``ignore=CODE``; else empty."""
    if not _is_pragma(comment) or _pragma(comment):
        return ""
    words = comment[len(_PRAGMA) :].split(maxsplit=1)
    return words[0] if words else "nothing"


def _pragma(comment: str) -> re.Match[str] | None:
    return _pattern().match(comment) if _is_pragma(comment) else None


def _is_pragma(comment: str) -> bool:
    return comment[: len(_PRAGMA)].lower() == _PRAGMA


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(
        _PRAGMA + r"\s*(?:ignore\s*=\s*([\w-]+(?:,[\w-]+)*)|(target))(?=[\s,;:.]|\Z)", re.IGNORECASE
    )
