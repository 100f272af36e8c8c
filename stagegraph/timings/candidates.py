"""The steps that the stages of a Dockerfile can give, found by the names of vertices.

The whole name decides first, then the instruction within its stage, then keyword and number within the
stage, for names that hold a value which is unknown here. What remains is ambiguous or of another
Dockerfile, and stays unmatched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from stagegraph.dockerfile.actions import CopyAction, StageActions
from stagegraph.dockerfile.stages import StageOrImage
from stagegraph.graph.build import Build
from stagegraph.graph.steps import RawStep, StepBuilder, StepList
from stagegraph.timings.step_names import StepName, canonical_name, step_name, without_digests


class StepIndex:
    """Finds the positions of steps by what build output calls them."""

    def __init__(self, steps: Sequence[RawStep]) -> None:
        self.steps = steps
        self._by_name: dict[str, list[int]] = {}
        self._by_line: dict[tuple[int, str], list[int]] = {}
        for position, step in enumerate(steps):
            for name, span in [(step.name, step.span), *step.others]:
                canonical = canonical_name(name)
                self._by_name.setdefault(canonical.text, []).append(position)
                if span:
                    self._by_line.setdefault((span.line, canonical.keyword), []).append(position)

    def find(self, name: str, lines: Sequence[int]) -> tuple[int, ...]:
        """The positions of the steps that the vertex called ``name``, made from ``lines``, stands for."""
        canonical = canonical_name(name)
        positions = self._by_name.get(canonical.text)
        if not positions:
            positions = [p for line in lines for p in self._by_line.get((line, canonical.keyword), ())]
        return tuple(dict.fromkeys(positions))


def all_steps(builds: Iterable[Build]) -> list[RawStep]:
    """The steps of every stage, needed or not, equal ones merged: the target of a log is unknown."""
    steps = StepList()
    for build in builds:
        for target_build in build.target_builds:
            resolved = target_build.resolved
            everything = replace(resolved, needed=frozenset(range(len(resolved.sources))))
            StepBuilder(everything, target_build.actions, steps).build()
    return steps.steps


class Candidate(NamedTuple):
    """One step that an instruction gives; ``parts`` is None for an image that an instruction names."""

    parts: StepName | None
    text: str  # of the name, without digests
    line: int
    stage: int | None  # index


def candidates_of(build: Build) -> Iterator[Candidate]:
    """Every step that the stages of ``build`` can give."""
    for target_build in build.target_builds:
        readers = _readers(target_build.resolved.sources)
        for source, actions in zip(target_build.resolved.sources, target_build.actions, strict=True):
            reader, line = readers.get(source.index, (None, 0))
            stage = source.index if source.is_stage else reader
            for name, line_of_step in _named_steps(
                source, actions, source.span.line if source.span else line
            ):
                yield Candidate(step_name(name), without_digests(name), line_of_step, stage)


def _readers(sources: Sequence[StageOrImage]) -> dict[int, tuple[int, int]]:
    """For each source that an instruction reads: the first stage that does, and the line."""
    readers: dict[int, tuple[int, int]] = {}
    for stage in sources:
        for command in stage.commands:
            for read in command.sources:
                readers.setdefault(read, (stage.index, command.instruction.span.line))
    return readers


def _named_steps(source: StageOrImage, actions: StageActions, line: int) -> Iterator[tuple[str, int]]:
    """The names and lines of the steps of one stage or image; ``line`` is that of its FROM or reader."""
    if actions.from_name:
        yield actions.from_name, line
        if source.reference:
            yield f"FROM {source.reference}", line
    for action in actions.actions:
        yield action.name, action.span.line
        if isinstance(action, CopyAction) and action.link_name:
            yield action.link_name, action.span.line


class Candidates:
    """Candidates by name, by instruction within a stage, and by number within a stage."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self.by_name: dict[str, list[Candidate]] = defaultdict(list)
        self.by_text: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
        self.by_number: dict[tuple[str, int, int], list[Candidate]] = defaultdict(list)
        self.stages: dict[str, set[int | None]] = defaultdict(set)  # that share a name
        for candidate in dict.fromkeys(candidates):
            self.by_name[candidate.text].append(candidate)
            parts = candidate.parts
            if parts:
                self.stages[parts.stage].add(candidate.stage)
                self.by_text[parts.stage, parts.text].append(candidate)
                self.by_number[parts.stage, parts.number, parts.total].append(candidate)

    def find(self, name: str) -> tuple[list[Candidate], str]:
        """The candidates that the vertex called ``name`` is, and how they were matched."""
        parts = step_name(name)
        if parts is None:
            return self.by_name.get(without_digests(name), []), "name"
        same = _unambiguous(self.by_name.get(canonical_name(name).text, []))
        if same:
            return same, "name"
        if len(self.stages[parts.stage]) > 1:  # any of them may have it with a value that is unknown
            return [], ""
        same = _unambiguous(_nearest(self.by_text.get((parts.stage, parts.text), []), parts))
        if same:
            return same, "name"
        return _unambiguous(self._same_number(parts)), "order"

    def _same_number(self, parts: StepName) -> list[Candidate]:
        """Those with the same keyword at the same number of the stage: a value in it is unknown here."""
        same = self.by_number.get((parts.stage, parts.number, parts.total), [])
        return [c for c in same if c.parts and c.parts.keyword == parts.keyword]


def _nearest(candidates: Sequence[Candidate], parts: StepName) -> list[Candidate]:
    """The candidates of one instruction whose number is the closest.

    A number is too low when an instruction before it gave no step, so candidates have it or a higher one.
    """
    same = [c for c in candidates if c.parts and c.parts.total == parts.total] or list(candidates)
    distances = {c: abs(c.parts.number - parts.number) if c.parts else 0 for c in same}
    least = min(distances.values(), default=0)
    return [c for c in same if distances[c] == least]


def _unambiguous(candidates: Sequence[Candidate]) -> list[Candidate]:
    """``candidates`` if all are one line, or one image, which is pulled once; else none."""
    if len({candidate.line for candidate in candidates}) == 1:
        return list(candidates)
    images = {c.parts.text for c in candidates if c.parts and c.parts.keyword == "FROM"}
    return list(candidates) if len(images) == 1 and all(c.parts for c in candidates) else []
