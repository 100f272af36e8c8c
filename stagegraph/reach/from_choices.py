"""The stages that a variable in FROM can choose as a base, and the values that choose each."""

from __future__ import annotations

from itertools import islice

from msgspec import Struct

from stagegraph.dockerfile.file import Dockerfile
from stagegraph.dockerfile.platforms import DEFAULT
from stagegraph.dockerfile.scope import platform_arguments
from stagegraph.reach.derived_arguments import DerivedArguments
from stagegraph.reach.from_patterns import Part, names_in, parts_of
from stagegraph.reach.from_solutions import Bindings, Search, SettableArguments, matches_anything

PLATFORM_NAMES = frozenset(platform_arguments(DEFAULT, DEFAULT, "", {}))
_MOST_SEARCHES = 20_000  # of one file
_MOST_SOLUTIONS = 6  # of one choice


class Selection(Struct, frozen=True, kw_only=True):
    """Stage ``source`` can be the base of ``stage``: with each of ``solutions``, perhaps with others.

    ``traced`` has those of ``solutions`` that arguments of other arguments make, as values of those others.
    ``loose`` says that the base can be any name, so it is not known that this stage is meant.
    """

    stage: int
    source: int
    solutions: tuple[Bindings, ...]
    traced: tuple[Bindings, ...]
    loose: bool


class FromChoices:
    """The stages of a file whose base has a variable, and the stages that each can choose.

    ``words`` has the parsed base of each such stage, ``choices`` its possible bases; ``names`` are the
    variables in them, ``sources`` also those that set these, ``platform_names`` those in
    ``FROM --platform``; ``texts`` are all words of FROM with a variable. ``complete`` is False when there
    were too many choices to search them all.
    """

    def __init__(self, file: Dockerfile) -> None:
        self.arguments = _arguments(file)
        self.words: dict[int, tuple[Part, ...]] = {
            index: parts_of(stage.head.base, file.escape)
            for index, stage in enumerate(file.stages)
            if "$" in stage.head.base
        }
        names = [name for parts in self.words.values() for name in sorted(names_in(parts))]
        self.names = tuple(dict.fromkeys(names))
        self.derived = DerivedArguments(file, self.arguments)
        self.sources = self.derived.sources(self.names)
        self.platform_names = _platform_names(file)
        words = (word for stage in file.stages for word in (stage.head.base, stage.head.platform))
        self.texts = tuple(dict.fromkeys(word for word in words if "$" in word))
        self.complete = True
        self._searched: dict[tuple[tuple[Part, ...], str], tuple[tuple[Bindings, ...], bool]] = {}
        self._loose: dict[tuple[Part, ...], bool] = {}
        self.choices: dict[int, tuple[Selection, ...]] = self._all_choices(file)

    def _all_choices(self, file: Dockerfile) -> dict[int, tuple[Selection, ...]]:
        visible: dict[str, int] = {}
        choices: dict[int, tuple[Selection, ...]] = {}
        left = _MOST_SEARCHES
        for index, stage in enumerate(file.stages):
            if index in self.words:
                left -= len(visible)
                self.complete = self.complete and left >= 0
                choices[index] = tuple(self._choices(index, visible)) if left >= 0 else ()
            if stage.head.name:
                visible[stage.head.name] = index
        return choices

    def _choices(self, stage: int, visible: dict[str, int]) -> list[Selection]:
        parts = self.words[stage]
        selections = []
        for name, source in visible.items():
            solutions, complete = self._search(parts, name)
            if solutions or not complete:
                loose = self._is_loose(parts)
                traced = self._traced(solutions)
                selections.append(
                    Selection(stage=stage, source=source, solutions=solutions, traced=traced, loose=loose)
                )
        return selections

    def _search(self, parts: tuple[Part, ...], name: str) -> tuple[tuple[Bindings, ...], bool]:
        key = (parts, name)
        if key not in self._searched:
            search = Search(name, self.arguments)
            solutions = tuple(islice(search.solutions(parts), _MOST_SOLUTIONS))
            self._searched[key] = solutions, search.complete
        return self._searched[key]

    def _traced(self, solutions: tuple[Bindings, ...]) -> tuple[Bindings, ...]:
        return tuple(one for one in map(self.derived.traced, solutions) if one not in solutions)

    def _is_loose(self, parts: tuple[Part, ...]) -> bool:
        if parts not in self._loose:
            self._loose[parts] = matches_anything(parts, self.arguments)
        return self._loose[parts]


def _platform_names(file: Dockerfile) -> tuple[str, ...]:
    """The variables in ``FROM --platform``, sorted."""
    platforms = {stage.head.platform for stage in file.stages if "$" in stage.head.platform}
    return tuple(sorted({name for word in platforms for name in names_in(parts_of(word, file.escape))}))


def _arguments(file: Dockerfile) -> SettableArguments:
    # FROM sees the platform arguments and the ARGs before the first FROM (dockerfile2llb/convert.go)
    pairs = [pair for arg in file.arguments for pair in arg.pairs]
    declared = frozenset(name for name, _ in pairs)
    given = frozenset(name for name, default in pairs if default is not None)
    return SettableArguments(settable=declared | PLATFORM_NAMES, unsettable=declared - given - PLATFORM_NAMES)
