"""Parses the base of a FROM, a word with variables, as a pattern.

Rules: moby/buildkit frontend/dockerfile/shell/lex.go.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

_SPECIAL_PARAMETERS = "@*#?-$!0"
_DEEPEST = 40  # levels of nested ${...}


class Text(Struct, frozen=True):
    """Characters that do not depend on a variable."""

    text: str


class Variable(Struct, frozen=True):
    """``$X``, and ``${X?}``: the value of a variable."""

    name: str


class Choice(Struct, frozen=True):
    """``${X:-word}`` and ``${X-word}``; with ``present`` ``${X:+word}`` and ``${X+word}``."""

    name: str
    empty_is_unset: bool  # with the colon
    word: tuple[Part, ...]
    present: bool  # the word is used where the variable is set, not where it is unset


class Opaque(Struct, frozen=True):
    """A value that is trimmed or replaced, ``${X#p}`` or ``${X/p/r}``: taken as any text."""

    name: str


Part = Text | Variable | Choice | Opaque


class _UnknownFormError(ValueError):
    """The word has a form that is not parsed here, or one that BuildKit rejects."""


@lru_cache(maxsize=1024)
def parts_of(word: str, escape: str) -> tuple[Part, ...]:
    """``word`` as parts; one Opaque part without a name for a word of an unknown form."""
    if word.startswith("\ufeff"):  # ``expand`` skips a byte order mark
        return (Opaque(""),)
    try:
        parts, end = _Parser(word, escape).until("", 0, 0)
    except _UnknownFormError:
        return (Opaque(""),)
    return parts if end >= len(word) else (Opaque(""),)


def names_in(parts: tuple[Part, ...]) -> frozenset[str]:
    """The variables that ``parts`` use."""
    names: set[str] = set()
    for part in parts:
        if not isinstance(part, Text):
            names.add(part.name)
        if isinstance(part, Choice):
            names |= names_in(part.word)
    return frozenset(names)


class _Parser(Struct, frozen=True):
    text: str
    escape: str

    def until(self, stop: str, position: int, depth: int) -> tuple[tuple[Part, ...], int]:
        """The parts from ``position`` up to ``stop`` (empty: the end), and the position after it."""
        if depth > _DEEPEST:
            raise _UnknownFormError
        parts: list[Part] = []
        while position < len(self.text):
            if stop and self.text[position] == stop:
                return tuple(parts), position + 1
            next_parts, position = self._one(position, depth)
            parts.extend(next_parts)
        if stop:
            raise _UnknownFormError
        return tuple(parts), position

    def _one(self, position: int, depth: int) -> tuple[tuple[Part, ...], int]:
        char = self.text[position]
        if char == "$":
            return self._dollar(position + 1, depth)
        if char == "'":
            end = self.text.find("'", position + 1)
            if end < 0:
                raise _UnknownFormError
            return (Text(self.text[position + 1 : end]),), end + 1
        if char == '"':
            return self._double_quoted(position + 1, depth)
        if char == self.escape:
            return (Text(self.text[position + 1 : position + 2]),), position + 2
        return (Text(char),), position + 1

    def _double_quoted(self, position: int, depth: int) -> tuple[tuple[Part, ...], int]:
        parts: list[Part] = []
        while (char := self.text[position : position + 1]) != '"':
            if not char:
                raise _UnknownFormError
            if char == "$":
                next_parts, position = self._dollar(position + 1, depth)
                parts.extend(next_parts)
            elif char == self.escape:
                after = self.text[position + 1 : position + 2]
                parts.append(Text(after if after in ('"', "$", self.escape) else char))
                position += 2 if after in ('"', "$", self.escape) else 1
            else:
                parts.append(Text(char))
                position += 1
        return tuple(parts), position + 1

    def _dollar(self, position: int, depth: int) -> tuple[tuple[Part, ...], int]:
        braced = self.text[position : position + 1] == "{"
        start = position + braced
        end = self._name_end(start)
        name = self.text[start:end]
        if not braced:
            return (Variable(name) if name else Text("$"),), end
        operator = self.text[end : end + 1]
        if operator == "}" and name:
            return (Variable(name),), end + 1
        return self._modified(name, end, depth)

    def _name_end(self, position: int) -> int:
        first = self.text[position : position + 1]
        if first and first in _SPECIAL_PARAMETERS:
            return position + 1
        digits = first.isdecimal()
        while (char := self.text[position : position + 1]) and (
            char.isdecimal() or (not digits and (char.isalpha() or char == "_"))
        ):
            position += 1
        return position

    def _modified(self, name: str, position: int, depth: int) -> tuple[tuple[Part, ...], int]:
        colon = self.text[position : position + 1] == ":"
        position += colon
        operator = self.text[position : position + 1]
        if not operator or operator not in "-+?#%/":
            raise _UnknownFormError
        if operator == "/":
            position += self.text[position : position + 2] == "//"
            _, position = self.until("/", position + 1, depth + 1)
            _, position = self.until("}", position, depth + 1)
            return (Opaque(name),), position
        word, position = self.until("}", position + 1, depth + 1)
        if operator in "-+":
            return (Choice(name, colon, word, operator == "+"),), position
        return (Variable(name) if operator == "?" else Opaque(name),), position
