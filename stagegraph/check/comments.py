"""The comments of a Dockerfile and the lines that belong to each stage, its comments with it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from stagegraph.dockerfile.file import Dockerfile
from stagegraph.dockerfile.logical import DirectiveError, Directives
from stagegraph.dockerfile.words import SPACE
from stagegraph.source import Span


class Extent(Struct, frozen=True, kw_only=True):
    """The lines ``first`` to ``last`` of a stage with its comments, and those comments by line."""

    first: int
    last: int
    comments: tuple[tuple[int, str], ...]

    def __str__(self) -> str:
        return f"line {self.first}" if self.first == self.last else f"lines {self.first} to {self.last}"


def extents(file: Dockerfile) -> tuple[Extent, ...]:
    """The lines of every stage of ``file``.

    A comment belongs to the stage whose FROM it stands right above, or that it stands in or right
    below; one that blank lines set apart between two stages belongs to neither, and so does what
    the file begins with.
    """
    return tuple(_Extents(file).all())


class _Extents:
    def __init__(self, file: Dockerfile) -> None:
        self._file = file
        self._lines = file.source.text.removeprefix("\ufeff").split("\n")
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
        """The first line of the comments right above ``line``, all of them below ``before``."""
        first = line
        while first - 1 > before and self._text(first - 1).startswith("#"):
            first -= 1
        if first == self._top + 1 and not self._file.arguments and before == self._top:
            return self._about_stage(first, line)
        return first

    def _about_stage(self, first: int, line: int) -> int:
        """Where a block that begins the file is about the stage: its name, or a word to stagegraph."""
        name = self._file.stages[0].head.name
        for number in range(first, line):
            words = self._text(number)[1:].split(maxsplit=1)
            if words and words[0] in (name or None, "stagegraph:"):
                return number
        return line

    def _below(self, last: int, following: int) -> int:
        """The last line of the comments right below ``last``, unless they are those of the next FROM."""
        end = last
        while end + 1 < following and self._text(end + 1).startswith("#"):
            end += 1
        return last if end + 1 == following else end

    def _comments(self, first: int, last: int, spans: list[Span]) -> Iterator[tuple[int, str]]:
        line = first
        for span in [*spans, Span(line=last + 1, end_line=last + 1)]:
            for number in range(line, min(span.line, last + 1)):
                if self._text(number).startswith("#"):
                    yield number, self._text(number)[1:].strip()
            line = span.end_line + 1


def top_lines(file: Dockerfile) -> list[str]:
    """The parser directives of ``file``, as they are written."""
    lines = file.source.text.removeprefix("\ufeff").split("\n")
    return lines[: _directives(lines)]


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
