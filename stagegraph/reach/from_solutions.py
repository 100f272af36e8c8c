"""Finds the values of variables that make the base of a FROM a given stage name.

A solution is tried with ``dockerfile/expand.py``, which expands exactly, before a stage is called selectable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum

from msgspec import Struct

from stagegraph.reach.from_patterns import Choice, Opaque, Part, Text, Variable

_MOST_STEPS = 4_000  # of one search; a search that needs more is incomplete


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
        both = unified(known.get(name), wanted)
        if both is not None:
            yield end, ({**known, name: both} if known.get(name) != both else known)

    def _can_be(self, name: str, wanted: Binding) -> bool:
        if wanted is Value.UNSET:
            return name not in self.arguments.settable or name in self.arguments.unsettable
        return name in self.arguments.settable


def unified(known: Binding | None, wanted: Binding) -> Binding | None:
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


def nearest_first(solutions: Sequence[Bindings], arguments: Mapping[str, str]) -> list[Bindings]:
    """The solutions that change the fewest variables first."""

    def changes(bindings: Bindings) -> int:
        return sum(not holds(value, arguments.get(name)) for name, value in bindings.items())

    return sorted(solutions, key=changes)


def holds(value: Binding, now: str | None) -> bool:
    """Whether ``now``, the value of a variable or None if it is unset, is what a solution requires."""
    if isinstance(value, str):
        return now == value
    if value is Value.UNSET:
        return now is None
    return bool(now) or (value is Value.SET and now is not None)
