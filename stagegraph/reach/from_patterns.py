"""Parses the base of a FROM as a pattern, and finds the variable values that make it a given stage name.

Rules: moby/buildkit frontend/dockerfile/shell/lex.go. ``dockerfile/expand.py`` expands the same words
exactly; a solution found here is tried with it before a stage is called selectable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from functools import lru_cache

from msgspec import Struct

_SPECIAL_PARAMETERS = "@*#?-$!0"
_DEEPEST = 40  # levels of nested ${...}
_MOST_STEPS = 4_000  # of one search; a search that needs more is incomplete


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


class Value(Enum):
    """What a solution requires of a variable whose exact value does not matter."""

    UNSET = "unset"
    SET = "set"  # to any value, the empty one included
    FILLED = "filled"  # to any value that is not empty


Binding = str | Value
Bindings = Mapping[str, Binding]


class SettableArguments(Struct, frozen=True):
    """The variables in FROM that ``--build-arg`` can set, and those of them that can be left unset."""

    settable: frozenset[str]
    unsettable: frozenset[str]  # not set unless the user sets it


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


class Search(Struct):
    """A backtracking search for the values that make a pattern ``name``.

    ``complete`` is False when there may be solutions that the search has not found.
    """

    name: str
    arguments: SettableArguments
    complete: bool = True
    steps: int = 0

    def solutions(self, parts: tuple[Part, ...]) -> Iterator[Bindings]:
        """The bindings with which ``parts`` expand to the name."""
        for end, bindings in self._match(parts, 0, 0, {}):
            if end == len(self.name):
                yield bindings

    def _match(
        self, parts: tuple[Part, ...], index: int, position: int, known: Bindings
    ) -> Iterator[tuple[int, Bindings]]:
        """The positions in the name at which ``parts[index:]`` can end, and the bindings for each."""
        if index == len(parts):
            yield position, known
            return
        for end, bindings in self._one(parts[index], position, known):
            self.steps += 1
            if self.steps > _MOST_STEPS:
                self.complete = False
                return
            yield from self._match(parts, index + 1, end, bindings)

    def _one(self, part: Part, position: int, known: Bindings) -> Iterator[tuple[int, Bindings]]:
        if isinstance(part, Text):
            if self.name.startswith(part.text, position):
                yield position + len(part.text), known
        elif isinstance(part, Opaque):
            yield from self._opaque(part, position, known)
        elif isinstance(part, Variable):
            yield from self._value(part.name, position, known, least=0)
            yield from self._bound(part.name, Value.UNSET, position, known)
        else:
            yield from self._choice(part, position, known)

    def _opaque(self, part: Opaque, position: int, known: Bindings) -> Iterator[tuple[int, Bindings]]:
        # `${X#p}` cannot be inverted: try every value, "" and the whole name among them, but never
        # conclude from a failure that there is no solution
        self.complete = False
        for end in range(len(self.name), position - 1, -1):
            yield from self._bound(part.name, self.name[position:end], end, known)

    def _value(
        self, name: str, position: int, known: Bindings, *, least: int
    ) -> Iterator[tuple[int, Bindings]]:
        """The variable's own value is at ``position``; ``least`` is its smallest length."""
        for end in range(len(self.name), position + least - 1, -1):
            yield from self._bound(name, self.name[position:end], end, known)

    def _choice(self, part: Choice, position: int, known: Bindings) -> Iterator[tuple[int, Bindings]]:
        least = 1 if part.empty_is_unset else 0
        absent: list[Binding] = [Value.UNSET, ""] if part.empty_is_unset else [Value.UNSET]
        if part.present:
            present = Value.FILLED if part.empty_is_unset else Value.SET
            for _, bindings in self._bound(part.name, present, position, known):
                yield from self._match(part.word, 0, position, bindings)
            for value in absent:
                yield from self._bound(part.name, value, position, known)
            return
        yield from self._value(part.name, position, known, least=least)
        for value in absent:
            for _, bindings in self._bound(part.name, value, position, known):
                yield from self._match(part.word, 0, position, bindings)

    def _bound(self, name: str, wanted: Binding, end: int, known: Bindings) -> Iterator[tuple[int, Bindings]]:
        """``known`` with ``name`` bound to ``wanted``; nothing where that contradicts ``known``."""
        if not self._can_be(name, wanted):
            return
        both = _unified(known.get(name), wanted)
        if both is not None:
            yield end, ({**known, name: both} if known.get(name) != both else known)

    def _can_be(self, name: str, wanted: Binding) -> bool:
        if wanted is Value.UNSET:
            return name not in self.arguments.settable or name in self.arguments.unsettable
        return name in self.arguments.settable


def _unified(known: Binding | None, wanted: Binding) -> Binding | None:
    """The binding that satisfies both; None where there is none."""
    if known is None or known == wanted:
        return wanted
    if isinstance(known, Value) and not isinstance(wanted, Value):
        known, wanted = wanted, known
    if wanted is Value.UNSET or known is Value.UNSET:
        return None
    if isinstance(known, str):
        fits = wanted is Value.SET or (wanted is Value.FILLED and known != "")
        return known if fits else None
    return Value.FILLED  # one is SET and the other FILLED


def matches_anything(parts: tuple[Part, ...], arguments: SettableArguments) -> bool:
    """Whether ``parts`` can expand to any name at all, as ``$X`` can and ``base-$X`` cannot."""
    search = Search("\0", arguments)  # a name that the fixed text of a Dockerfile cannot contain
    return any(True for _ in search.solutions(parts))
