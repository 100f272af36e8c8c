"""The word of a FROM taken apart: what is written out, and what a variable decides.

Rules: moby/buildkit frontend/dockerfile/shell/lex.go; ``dockerfile/expand.py`` is the exact reader
of the same words, and what it says of a value is what counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from functools import lru_cache

from msgspec import Struct

_SPECIAL_PARAMETERS = "@*#?-$!0"
_DEEPEST = 40


class Text(Struct, frozen=True):
    """Characters that are there whatever the variables are."""

    text: str


class Variable(Struct, frozen=True):
    """``$X``, and ``${X?}``: the value of a variable."""

    name: str


class Choice(Struct, frozen=True):
    """``${X:-w}`` and ``${X-w}`` (``present`` is None: the value itself), ``${X:+w}`` and ``${X+w}``."""

    name: str
    empty_is_unset: bool
    word: tuple[Part, ...]
    present: bool  # the word stands where the variable is set, not where it is unset


class Opaque(Struct, frozen=True):
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


class _Reader(Struct, frozen=True):
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


_MOST_STEPS = 4_000  # of one search; what it leaves open is said to be unknown


class Value(Enum):
    """What is known of a variable whose exact value does not matter."""

    UNSET = "unset"
    SET = "set"  # to anything, nothing included
    FILLED = "filled"  # to anything but nothing


Binding = str | Value
Bindings = Mapping[str, Binding]


class SettableArguments(Struct, frozen=True):
    """What a user can do to a variable: ``settable`` to anything, or left as ``unset``."""

    settable: frozenset[str]
    unsettable: frozenset[str]  # not set unless the user sets it


class Search(Struct):
    """One search for ``name``; ``complete`` is False when it left something open."""

    name: str
    freedom: SettableArguments
    complete: bool = True
    steps: int = 0

    def solutions(self, parts: tuple[Part, ...]) -> Iterator[Bindings]:
        """Every way in which ``parts`` come out as the name, as far as the search goes."""
        for end, bindings in self._match(parts, 0, 0, {}):
            if end == len(self.name):
                yield bindings

    def _match(
        self, parts: tuple[Part, ...], index: int, position: int, known: Bindings
    ) -> Iterator[tuple[int, Bindings]]:
        """The places that ``parts`` from ``index`` on can end at, each with what it takes."""
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
        # a value that is cut to nothing, or that nothing is cut from, is worth a try; no try decides
        self.complete = False
        for end in range(len(self.name), position - 1, -1):
            yield from self._bound(part.name, self.name[position:end], end, known)

    def _value(
        self, name: str, position: int, known: Bindings, *, least: int
    ) -> Iterator[tuple[int, Bindings]]:
        """The variable's own value stands here, at least ``least`` characters of it."""
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
        """``known`` and ``name`` bound as ``wanted``, if that can be."""
        if not self._can_be(name, wanted):
            return
        both = _unified(known.get(name), wanted)
        if both is not None:
            yield end, ({**known, name: both} if known.get(name) != both else known)

    def _can_be(self, name: str, wanted: Binding) -> bool:
        if wanted is Value.UNSET:
            return name not in self.freedom.settable or name in self.freedom.unsettable
        return name in self.freedom.settable


def _unified(known: Binding | None, wanted: Binding) -> Binding | None:
    """The binding that is both, or None where there is none."""
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


def matches_anything(parts: tuple[Part, ...], freedom: SettableArguments) -> bool:
    """Whether the variables of ``parts`` can make them come out as any name at all."""
    search = Search("\0", freedom)  # a character that no Dockerfile has in a word of its own
    return any(True for _ in search.solutions(parts))
