"""A position in the text of an HCL file: white space, comments, names, and errors that point there."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import NoReturn

from stagegraph.bake.hcl_nodes import Node
from stagegraph.errors import BakeError
from stagegraph.source import Source, Span

_SPACE = re.compile(r"(?:[ \t\r]|/\*.*?\*/)+", re.DOTALL)
_SPACE_AND_LINES = re.compile(r"(?:[ \t\r\n]|/\*.*?\*/|(?:#|//)[^\n]*)+", re.DOTALL)
_COMMENT = re.compile(r"(?:#|//)[^\n]*")
NAME = re.compile(r"[^\W\d][\w-]*")  # like ID_Start ID_Continue of hclsyntax/spec.md, Identifiers
_DEEPEST = 90


class Lines:
    """The text of one file and the offsets of its lines, to make spans of offsets."""

    def __init__(self, name: str, text: str) -> None:
        self.source = Source(name=name, text=text)
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def line(self, offset: int) -> int:
        """The line of ``offset``, from 1."""
        return bisect_right(self._starts, offset)

    def span(self, start: int, end: int) -> Span:
        """The span of the text from ``start`` to ``end``."""
        first, last = self.line(start), self.line(max(start, end - 1))
        column = start - self._starts[first - 1] + 1
        length = max(1, end - start) if first == last else 0
        return Span(line=first, end_line=last, column=column, length=length)

    def error(self, message: str, start: int, end: int, hint: str = "") -> BakeError:
        """An error that points at the text from ``start`` to ``end``."""
        return BakeError(message, source=self.source, span=self.span(start, end), hint=hint)


class Scanner:
    """Reads tokens from ``text``, which is that of the file or the first part of it.

    ``parse`` parses an expression, with significant line ends or without: templates need it.
    """

    def __init__(
        self, lines: Lines, text: str, parse: Callable[[Scanner, bool], Node], position: int = 0
    ) -> None:
        self.lines = lines
        self.text = text
        self.parse = parse
        self.position = position
        self.depth = 0

    def fail(
        self, message: str, start: int | None = None, end: int | None = None, hint: str = ""
    ) -> NoReturn:
        """Raises the error ``message`` at ``start``, or at the position."""
        start = self.position if start is None else start
        raise self.lines.error(message, start, start + 1 if end is None else end, hint)

    def enter(self) -> None:
        """Counts one more level of nesting."""
        self.depth += 1
        if self.depth > _DEEPEST:
            self.fail(f"expressions are nested more than {_DEEPEST} levels deep")

    def leave(self) -> None:
        """Ends a level of nesting."""
        self.depth -= 1

    def skip(self, newlines: bool) -> None:
        """Skips white space and comments; line ends too unless they are significant."""
        match = (_SPACE if newlines else _SPACE_AND_LINES).match(self.text, self.position)
        if match:
            self.position = match.end()
        if newlines and (match := _COMMENT.match(self.text, self.position)):
            self.position = match.end()

    def at(self, mark: str) -> bool:
        """Whether ``mark`` is next."""
        return self.text.startswith(mark, self.position)

    def take(self, mark: str) -> bool:
        """Skips ``mark`` if it is next."""
        if not self.at(mark):
            return False
        self.position += len(mark)
        return True

    def name(self) -> str:
        """The name that is next, which is skipped; empty without one."""
        match = NAME.match(self.text, self.position)
        if not match:
            return ""
        self.position = match.end()
        return match.group()

    def for_names(self) -> tuple[str, ...]:
        """The names of ``for``: ``name in`` or ``key, value in``, which are skipped."""
        names = []
        while True:
            self.skip(False)
            names.append(self.name() or self.fail("expected a name after `for`"))
            self.skip(False)
            if not self.take(","):
                break
        start = self.position
        if self.name() != "in" or len(names) > 2:
            self.fail("expected `in` after the names of `for`", start)
        return tuple(names)

    def at_end(self) -> bool:
        """Whether the text ends here."""
        return self.position >= len(self.text)
