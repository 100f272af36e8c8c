"""Matches the stages of two builds: by name, then by body, then by position."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Hashable, Iterator, Mapping, Sequence

from stagegraph.comparison.bodies import StageBody

MOST_CANDIDATES = 40_000  # above this many pairs, matching by similarity is skipped

_Key = Callable[[StageBody, int], Hashable | None]


def match_stages(old: Sequence[StageBody], new: Sequence[StageBody]) -> dict[int, int]:
    """The stages that both builds have: index in ``old`` to index in ``new``.

    A stage matches the stage with its name, unless the two builds swapped names. Without such a
    stage it matches the one with an equal body (a rename), or with more than half of its body. A
    stage without a name also matches by its base, and the last one by being the last.
    """
    matcher = _Matcher(old, new)
    matcher.by_key(lambda body, count: (body.name, count, body.key) if body.name else None, counted=True)
    matcher.by_swapped_names()
    matcher.by_key(lambda body, count: (body.name, count) if body.name else None, counted=True)
    # twice, since a matched stage helps to match the stages that read it
    for _ in range(2):
        matcher.by_reads()
    matcher.by_key(lambda body, _: body.key)
    matcher.by_similarity()
    matcher.last_stages()
    matcher.by_key(lambda body, _: None if body.name else (body.base, body.base_stage is None))
    return matcher.matches


class _Matcher:
    """The matches so far. Each method adds matches between stages that have none yet."""

    def __init__(self, old: Sequence[StageBody], new: Sequence[StageBody]) -> None:
        self._old, self._new = old, new
        self.matches: dict[int, int] = {}
        self._matched_new: set[int] = set()

    def by_key(self, key: _Key, *, counted: bool = False) -> None:
        """Match stages with equal keys, in order; None matches nothing.

        ``key`` gets the body and, if ``counted``, how many stages before it have the same name:
        of two stages with one name, the second matches the second.
        """
        self._match(_keys(self._old, key, counted=counted), _keys(self._new, key, counted=counted))

    def by_reads(self) -> None:
        """Match stages with equal bodies that read the same matched stages."""
        itself = {index: index for index in self._matched_new}
        self._match(
            [(body.key, tuple(self.matches.get(read, -1) for read in body.reads)) for body in self._old],
            [(body.key, tuple(itself.get(read, -1) for read in body.reads)) for body in self._new],
        )

    def by_swapped_names(self) -> None:
        """Match by body the stages that exchanged their names among themselves."""
        old = {body.name: index for index, body in _unmatched(self._old, self.matches)}
        new = {body.name: index for index, body in _unmatched(self._new, self._matched_new)}
        both = old.keys() & new.keys() - {""}
        candidates: dict[Hashable, list[str]] = {}
        for name in sorted(both, key=new.__getitem__, reverse=True):
            candidates.setdefault(self._new[new[name]].key, []).append(name)
        renames: dict[str, str] = {}
        for name in sorted(both, key=old.__getitem__):
            names = candidates.get(self._old[old[name]].key)
            if names:
                renames[name] = names.pop()
        for name, other in _cycles(renames).items():
            self._add(old[name], new[other])

    def by_similarity(self) -> None:
        """Match stages that share more than half of their bodies, the most similar first."""
        unmatched_old = [*_unmatched(self._old, self.matches)]
        unmatched_new = [*_unmatched(self._new, self._matched_new)]
        if len(unmatched_old) * len(unmatched_new) > MOST_CANDIDATES:
            return
        itself = {index: index for index in self._matched_new}
        old = {index: _parts(body, self.matches) for index, body in unmatched_old}
        new = {index: _parts(body, itself) for index, body in unmatched_new}
        candidates = [(_similarity(old[a], new[b]), a, b) for a in old for b in new]
        for similarity, a, b in sorted(candidates, key=lambda candidate: (-candidate[0], candidate[1:])):
            if similarity > 0.5:
                self._add(a, b)

    def last_stages(self) -> None:
        """Match the last stages, which are the default targets, if neither has a name."""
        if not (self._old[-1].name or self._new[-1].name):
            self._add(len(self._old) - 1, len(self._new) - 1)

    def _match(self, old: Sequence[Hashable | None], new: Sequence[Hashable | None]) -> None:
        candidates: dict[Hashable, list[int]] = {}
        for index in reversed(range(len(new))):
            if index not in self._matched_new:
                candidates.setdefault(new[index], []).append(index)
        for index, key in enumerate(old):
            if key is not None and index not in self.matches and candidates.get(key):
                self._add(index, candidates[key].pop())

    def _add(self, old: int, new: int) -> None:
        if old not in self.matches and new not in self._matched_new:
            self.matches[old] = new
            self._matched_new.add(new)


def _keys(bodies: Sequence[StageBody], key: _Key, *, counted: bool) -> list[Hashable | None]:
    counts: Counter[str] = Counter()
    keys = []
    for body in bodies:
        keys.append(key(body, counts[body.name] if counted else 0))
        counts[body.name] += 1
    return keys


def _unmatched(bodies: Sequence[StageBody], matched: Container[int]) -> Iterator[tuple[int, StageBody]]:
    return ((index, body) for index, body in enumerate(bodies) if index not in matched)


def _cycles(renames: Mapping[str, str]) -> Mapping[str, str]:
    """The part of ``renames`` (old name to new name) whose old and new names are the same set."""
    while renames.keys() != set(renames.values()):
        kept = renames.keys() & set(renames.values())
        renames = {old: new for old, new in renames.items() if old in kept and new in kept}
    return renames


def _parts(body: StageBody, numbers: Mapping[int, int]) -> Counter[Hashable]:
    """What two bodies can share: the base with its platform, and each instruction."""
    base = numbers.get(body.base_stage) if body.base_stage is not None else None
    instructions = (instruction.renumbered(numbers) for instruction in body.instructions)
    return Counter([(body.base, base, body.platform), *instructions])


def _similarity(one: Counter[Hashable], two: Counter[Hashable]) -> float:
    """The shared part of the larger of two multisets, from 0 to 1."""
    return (one & two).total() / max(one.total(), two.total())
