"""The word of a FROM taken apart: what is written out, and what a variable decides.

Rules: moby/buildkit frontend/dockerfile/shell/lex.go; ``dockerfile/expand.py`` is the exact reader
of the same words, and what it says of a value is what counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

_SPECIAL_PARAMETERS = "@*#?-$!0"
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Text:
    """Characters that are there whatever the variables are."""

    text: str


@dataclass(frozen=True, slots=True)
class Variable:
    """``$X``, and ``${X?}``: the value of a variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """``${X:-w}`` and ``${X-w}`` (``present`` is None: the value itself), ``${X:+w}`` and ``${X+w}``."""

    name: str
    empty_is_unset: bool
    word: tuple[Part, ...]
    present: bool  # the word stands where the variable is set, not where it is unset


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value cut or replaced, ``${X#p}`` or ``${X/p/r}``: any text, as far as is known here."""

    name: str


Part = Text | Variable | Choice | Opaque


class _UnreadableError(ValueError):
    """The word is not of the forms known here; the exact reader has the last word on it."""


@lru_cache(maxsize=1024)
def parts_of(word: str, escape: str) -> tuple[Part, ...]:
    """``word`` as parts; a word that cannot be read is one Opaque part of no name."""
    if word.startswith("\ufeff"):  # the exact reader skips it
        return (Opaque(""),)
    try:
        parts, end = _Reader(word, escape).until("", 0, 0)
    except _UnreadableError:
        return (Opaque(""),)
    return parts if end >= len(word) else (Opaque(""),)


def names_in(parts: tuple[Part, ...]) -> frozenset[str]:
    """The variables that ``parts`` ask for."""
    found: set[str] = set()
    for part in parts:
        if not isinstance(part, Text):
            found.add(part.name)
        if isinstance(part, Choice):
            found |= names_in(part.word)
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class _Reader:
    text: str
    escape: str

    def until(self, stop: str, position: int, depth: int) -> tuple[tuple[Part, ...], int]:
        """The parts from ``position`` up to ``stop`` (nothing: the end), and the place behind it."""
        if depth > _DEEPEST:
            raise _UnreadableError
        parts: list[Part] = []
        while position < len(self.text):
            if stop and self.text[position] == stop:
                return tuple(parts), position + 1
            found, position = self._one(position, depth)
            parts.extend(found)
        if stop:
            raise _UnreadableError
        return tuple(parts), position

    def _one(self, position: int, depth: int) -> tuple[tuple[Part, ...], int]:
        char = self.text[position]
        if char == "$":
            return self._dollar(position + 1, depth)
        if char == "'":
            end = self.text.find("'", position + 1)
            if end < 0:
                raise _UnreadableError
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
                raise _UnreadableError
            if char == "$":
                found, position = self._dollar(position + 1, depth)
                parts.extend(found)
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
            raise _UnreadableError
        if operator == "/":
            position += self.text[position : position + 2] == "//"
            _, position = self.until("/", position + 1, depth + 1)
            _, position = self.until("}", position, depth + 1)
            return (Opaque(name),), position
        word, position = self.until("}", position + 1, depth + 1)
        if operator in "-+":
            return (Choice(name, colon, word, operator == "+"),), position
        return (Variable(name) if operator == "?" else Opaque(name),), position
