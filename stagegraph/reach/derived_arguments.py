"""Traces arguments whose default is made of others: ``ARG BASE=base-$TARGETARCH`` to TARGETARCH."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from stagegraph.dockerfile.file import Dockerfile
from stagegraph.reach.from_patterns import Part, names_in, parts_of
from stagegraph.reach.from_solutions import Bindings, Search, SettableArguments, unified

_MOST_ROUNDS = 64  # of one trace: a default in a default in a default
_MOST_SOLUTIONS = 6  # of one default


class DerivedArguments:
    """The arguments before the first FROM whose default has a variable.

    ``plain`` are all names that have a default there: a platform does not set those.
    """

    def __init__(self, file: Dockerfile, arguments: SettableArguments) -> None:
        self._arguments = arguments
        defaults = {name: text for arg in file.arguments for name, text in arg.pairs if text is not None}
        self.plain = frozenset(defaults)
        self._defaults: dict[str, tuple[Part, ...]] = {
            name: parts_of(text, file.escape) for name, text in defaults.items() if "$" in text
        }
        self._traced: dict[tuple[str, str], tuple[Bindings, ...]] = {}

    def sources(self, names: Iterable[str]) -> tuple[str, ...]:
        """``names`` and every argument that their defaults use, directly or not."""
        found = dict.fromkeys(names)
        waiting = list(found)
        while waiting:
            for name in sorted(names_in(self._defaults.get(waiting.pop(), ()))):
                if name not in found:
                    found[name] = None
                    waiting.append(name)
        return tuple(found)

    def traced(self, bindings: Bindings) -> Bindings:
        """``bindings`` of the arguments that others set, as bindings of those others where one is known."""
        for _ in range(_MOST_ROUNDS):
            traced = next(filter(None, (self._one(bindings, name) for name in bindings)), None)
            if traced is None:
                break
            bindings = traced
        return bindings

    def _one(self, bindings: Bindings, name: str) -> Bindings | None:
        """``bindings`` with ``name`` replaced by what its default is made of."""
        value = bindings[name]
        if not isinstance(value, str) or name not in self._defaults:
            return None
        rest = {other: bound for other, bound in bindings.items() if other != name}
        for solution in self._solutions(name, value):
            both = {other: unified(rest.get(other), bound) for other, bound in solution.items()}
            if name not in solution and None not in both.values():
                return rest | {other: bound for other, bound in both.items() if bound is not None}
        return None

    def _solutions(self, name: str, value: str) -> tuple[Bindings, ...]:
        key = name, value
        if key not in self._traced:
            search = Search(value, self._arguments)
            self._traced[key] = tuple(islice(search.solutions(self._defaults[name]), _MOST_SOLUTIONS))
        return self._traced[key]
