"""Which stage of one build is which of another: by name, then by body, then by place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Hashable, Iterator, Mapping, Sequence

from stagegraph.comparison.bodies import Body

MOST_COMPARED = 40_000  # pairs of stages; of more, those with other names and bodies are not the same


def matched(old: Sequence[Body], new: Sequence[Body]) -> dict[int, int]:
    """The indexes of the stages of ``old`` with those of ``new`` that are the same stages.

    A stage keeps its identity with its name, unless stages have swapped their names; without that
    name, with its body (a rename), or with more than half of it; and a stage without a name with
    its base, the last one with its place.
    """
    pairs = _Pairs(old, new)
    pairs.by(lambda body, names: (body.name, names, body.key) if body.name else None, counted=True)
    pairs.swapped()
    pairs.by(lambda body, names: (body.name, names) if body.name else None, counted=True)
    # twice, as a stage that is found makes those known that read it
    for _ in range(2):
        pairs.by_reads()
    pairs.by(lambda body, _: body.key)
    pairs.by_similarity()
    pairs.last()
    pairs.by(lambda body, _: None if body.name else (body.base, body.base_stage is None))
    return pairs.found


class _Pairs:
    def __init__(self, old: Sequence[Body], new: Sequence[Body]) -> None:
        self._old, self._new = old, new
        self.found: dict[int, int] = {}
        self._taken: set[int] = set()

    def by(self, key: Callable[[Body, int], Hashable | None], *, counted: bool = False) -> None:
        """Pair what is left where ``key`` is equal, in order; None pairs nothing."""
        self._pair(self._keys(self._old, key, counted=counted), self._keys(self._new, key, counted=counted))

    @staticmethod
    def _keys(
        bodies: Sequence[Body], key: Callable[[Body, int], Hashable | None], *, counted: bool
    ) -> list[Hashable | None]:
        # a name that is given again is the second stage of that name in both builds
        names: dict[str, int] = {}
        keys = []
        for body in bodies:
            keys.append(key(body, names.get(body.name, 0) if counted else 0))
            names[body.name] = names.get(body.name, 0) + 1
        return keys

    def by_reads(self) -> None:
        """Pair what is left where body and known stages that it reads are equal."""
        back = {new: new for new in self._taken}
        self._pair(
            [(body.key, tuple(self.found.get(read, -1) for read in _stages(body))) for body in self._old],
            [(body.key, tuple(back.get(read, -1) for read in _stages(body))) for body in self._new],
        )

    def swapped(self) -> None:
        """Pair by body the stages whose names went round among themselves."""
        old = {body.name: index for index, body in self._left(self._old, self.found)}
        new = {body.name: index for index, body in self._left(self._new, self._taken)}
        both = old.keys() & new.keys() - {""}
        waiting: dict[Hashable, list[str]] = {}
        for name in sorted(both, key=new.__getitem__, reverse=True):
            waiting.setdefault(self._new[new[name]].key, []).append(name)
        names: dict[str, str] = {}
        for name in sorted(both, key=old.__getitem__):
            found = waiting.get(self._old[old[name]].key)
            if found:
                names[name] = found.pop()
        for name, other in _rounds(names).items():
            self._take(old[name], new[other])

    def by_similarity(self) -> None:
        """Pair what is left where more than half of the bodies is equal, the most similar first."""
        old, new = [*self._left(self._old, self.found)], [*self._left(self._new, self._taken)]
        if len(old) * len(new) > MOST_COMPARED:
            return
        known = {index: index for index in self._taken}
        ours = {index: _parts(body, self.found) for index, body in old}
        theirs = {index: _parts(body, known) for index, body in new}
        found = [(_shared(ours[a], theirs[b]), a, b) for a in ours for b in theirs]
        for shared, a, b in sorted(found, key=lambda pair: (-pair[0], pair[1:])):
            if shared > 0.5:
                self._take(a, b)

    @staticmethod
    def _left(bodies: Sequence[Body], found: Container[int]) -> Iterator[tuple[int, Body]]:
        return ((index, body) for index, body in enumerate(bodies) if index not in found)

    def last(self) -> None:
        """Pair the last stages, which are the default targets, where neither has a name."""
        ends = len(self._old) - 1, len(self._new) - 1
        if not (self._old[-1].name or self._new[-1].name):
            self._take(*ends)

    def _pair(self, old: Sequence[Hashable | None], new: Sequence[Hashable | None]) -> None:
        waiting: dict[Hashable, list[int]] = {}
        for index in reversed(range(len(new))):
            if index not in self._taken:
                waiting.setdefault(new[index], []).append(index)
        for index, key in enumerate(old):
            if key is not None and index not in self.found and waiting.get(key):
                self._take(index, waiting[key].pop())

    def _take(self, old: int, new: int) -> None:
        if old not in self.found and new not in self._taken:
            self.found[old] = new
            self._taken.add(new)


def _rounds(names: Mapping[str, str]) -> Mapping[str, str]:
    """Of old names with their new ones those that form rounds: no name came and none went."""
    while names.keys() != set(names.values()):
        kept = names.keys() & set(names.values())
        names = {name: other for name, other in names.items() if name in kept and other in kept}
    return names


def _parts(body: Body, pairs: Mapping[int, int]) -> Counter[Hashable]:
    """What two bodies can have in common: the base and the instructions."""
    base = pairs.get(body.base_stage) if body.base_stage is not None else None
    return Counter([(body.base, base, body.platform), *(line.under(pairs) for line in body.lines)])


def _shared(one: Counter[Hashable], two: Counter[Hashable]) -> float:
    return (one & two).total() / max(one.total(), two.total())


def _stages(body: Body) -> list[int]:
    return [stage for stage in body.reads if stage is not None]
