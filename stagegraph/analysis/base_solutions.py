"""Which values of its variables make the word of a FROM come out as a given name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from stagegraph.analysis.base_words import Choice, Opaque, Part, Text, Variable

_MOST_STEPS = 4_000  # of one search; what it leaves open is said to be unknown


class Value(Enum):
    """What is known of a variable whose exact value does not matter."""

    UNSET = "unset"
    SET = "set"  # to anything, nothing included
    FILLED = "filled"  # to anything but nothing


Binding = str | Value
Bindings = Mapping[str, Binding]


@dataclass(frozen=True, slots=True)
class Freedom:
    """What a user can do to a variable: ``settable`` to anything, or left as ``unset``."""

    settable: frozenset[str]
    unsettable: frozenset[str]  # not set unless the user sets it


@dataclass(slots=True)
class Search:
    """One search for ``name``; ``complete`` is False when it left something open."""

    name: str
    freedom: Freedom
    complete: bool = True
    _steps: int = field(default=0, init=False)

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
            self._steps += 1
            if self._steps > _MOST_STEPS:
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


def matches_anything(parts: tuple[Part, ...], freedom: Freedom) -> bool:
    """Whether the variables of ``parts`` can make them come out as any name at all."""
    search = Search("\0", freedom)  # a character that no Dockerfile has in a word of its own
    return any(True for _ in search.solutions(parts))
