"""Heredoc words and bodies (moby/buildkit frontend/dockerfile/parser/parser.go)."""

from __future__ import annotations

import re
from typing import NamedTuple

from stagegraph.dockerfile.expand import ExpansionError, Lexer

_HEREDOC = r"([0-9]*)<<(-?)([^<]*)\Z"
_LEADING_TABS = r"(?m:^\t+)"
_LINE = Lexer(raw_quotes=True, raw_escapes=True, keep_unset=True)
_UNQUOTED = Lexer(keep_unset=True)
_QUOTED = Lexer(raw_quotes=True, keep_unset=True)


class Heredoc(NamedTuple):
    """``<<NAME``; ``expand`` when no part of the name was quoted, ``chomp`` for ``<<-``."""

    name: str
    expand: bool
    chomp: bool
    content: str = ""

    @property
    def text(self) -> str:
        """The body, without leading tabs for ``<<-``."""
        return re.sub(_LEADING_TABS, "", self.content) if self.chomp else self.content


def ends(heredoc: Heredoc, line: str) -> bool:
    """Whether ``line`` ends ``heredoc``: it is the name alone, for ``<<-`` after tabs."""
    return (line.lstrip("\t") if heredoc.chomp else line) == heredoc.name


def heredoc_word(word: str) -> Heredoc | None:
    """The heredoc that ``word`` opens, if any; ExpansionError if its name has an open quote."""
    match = re.match(_HEREDOC, word)
    if not match or not match[3]:
        return None
    unquoted = _UNQUOTED.words(match[3], {})
    if len(unquoted) != 1:
        return None
    quoted = _QUOTED.words(match[3], {})[0]
    return Heredoc(name=unquoted[0], expand=_quotes(unquoted[0]) == _quotes(quoted), chomp=match[2] == "-")


def is_heredoc_word(word: str) -> bool:
    """Whether ``word`` opens a heredoc; a malformed one does not."""
    try:
        return "<<" in word and heredoc_word(word) is not None
    except ExpansionError:
        return False


def heredocs_of_line(line: str) -> list[Heredoc]:
    """The heredocs that a whole instruction opens, in order."""
    try:
        words = _LINE.words(line, {})
    except ExpansionError:
        return []  # BuildKit ignores this error too
    return [heredoc for word in words if (heredoc := heredoc_word(word))]


def _quotes(text: str) -> int:
    return text.count("'") + text.count('"')
