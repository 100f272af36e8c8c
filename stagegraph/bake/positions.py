"""The spans of characters and of marks of yaml, as an editor counts lines."""

from __future__ import annotations

import re
from typing import Any

from stagegraph.source import Span

_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_RARE_BREAK = re.compile(r"\r(?!\n)|[\x85\u2028\u2029]")


def span_at(before: str) -> Span:
    """The span of the one character that comes after the text ``before``."""
    line = before.count("\n") + 1
    return Span(line, line, len(before) - before.rfind("\n"), 1)


class YamlLines:
    """Turns marks of yaml into spans: YAML ends a line also where an editor may not (_BREAK)."""

    def __init__(self, text: str) -> None:
        self._starts: list[tuple[int, int]] = []  # the line and the column where each line of YAML begins
        if _RARE_BREAK.search(text):
            self._starts.append((1, 1))
            line, start = 1, 0
            for found in _BREAK.finditer(text):
                if found.group().endswith("\n"):
                    line, start = line + 1, found.end()
                self._starts.append((line, found.end() - start + 1))

    def span(self, mark: Any, length: int = 0) -> Span:
        """The span of ``length`` characters from ``mark``."""
        if not self._starts:
            return Span(mark.line + 1, mark.line + 1, mark.column + 1, length)
        line, column = self._starts[min(mark.line, len(self._starts) - 1)]
        return Span(line, line, column + mark.column, length)


def invalid_character(text: str) -> Span | None:
    """The span of the first character that YAML does not allow."""
    found = re.search(r"[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    return span_at(text[: found.start()]) if found else None
