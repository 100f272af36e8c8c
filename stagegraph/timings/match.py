"""Every vertex of a record tied to its lines and stages, or said to be unknown.

The provenance of the same build ties exactly. Without it the name does: the whole name first, then
the instruction within its stage, then keyword and place in the stage, for names that hold a value
which is not known here. What is left is ambiguous or foreign, and stays unknown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct

from stagegraph.dockerfile.actions import CopyAction
from stagegraph.dockerfile.stages import StageOrImage
from stagegraph.graph.build import Build
from stagegraph.graph.target_build import TargetBuild
from stagegraph.records.record import Record, Vertex
from stagegraph.timings.step_names import StepWords, VertexKind, kind_of, spelled, step_words, without_digests


class Candidate(NamedTuple):
    """One step that an instruction gives; ``words`` is None for an image that an instruction names."""

    words: StepWords | None
    text: str  # of the name, without digests
    line: int
    stage: int  # index


def candidates_of(build: Build) -> Iterator[Candidate]:
    """Every step that the stages of ``build`` can give."""
    for variant in build.target_builds:
        for place, actions in zip(variant.resolved.sources, variant.actions, strict=True):
            for name, line in _named(variant, place, actions.index):
                owner = place.index if place.is_stage else _reader(variant, place.index)
                yield Candidate(step_words(name), without_digests(name), line, owner)


def _named(variant: TargetBuild, place: StageOrImage, index: int) -> Iterator[tuple[str, int]]:
    actions = variant.actions[index]
    line = place.span.line if place.span else _line_of_reader(variant, index)
    if actions.from_name:
        yield actions.from_name, line
        if place.reference:
            yield f"FROM {place.reference}", line
    for action in actions.actions:
        yield action.name, action.span.line
        if isinstance(action, CopyAction) and action.link_name:
            yield action.link_name, action.span.line


def _reader(variant: TargetBuild, index: int) -> int:
    """The stage whose instruction names the image of place ``index``."""
    for place in variant.resolved.sources:
        if any(index in command.sources for command in place.commands):
            return place.index
    return -1


def _line_of_reader(variant: TargetBuild, index: int) -> int:
    for place in variant.resolved.sources:
        for command in place.commands:
            if index in command.sources:
                return command.instruction.span.line
    return 0


class Tie(Struct, frozen=True, kw_only=True):
    """Where a vertex belongs: its kind, the lines it is made from, the stages that hold them."""

    kind: VertexKind
    lines: tuple[int, ...] = ()
    stages: tuple[int, ...] = ()
    how: str = ""  # "provenance", "name", "order"; empty: unknown, or nothing to know

    @property
    def unknown(self) -> bool:
        """Whether it is a step of the Dockerfile that could not be tied."""
        return self.kind is VertexKind.STEP and not self.how


def ties_of(record: Record, candidates: Sequence[Candidate], stage_of_line: Sequence[int]) -> dict[str, Tie]:
    """The tie of each vertex by its digest; ``stage_of_line`` has the stage of each line from 1."""
    finder = _Finder(candidates)
    return {vertex.digest: _tie(record, vertex, finder, stage_of_line) for vertex in record.vertices}


def _tie(record: Record, vertex: Vertex, finder: _Finder, stage_of_line: Sequence[int]) -> Tie:
    kind = kind_of(vertex.name)
    proved = record.lines.get(vertex.digest)
    if proved:
        stages = sorted({stage_of_line[line] for line in proved if line < len(stage_of_line)} - {-1})
        return Tie(kind=VertexKind.STEP, lines=tuple(sorted(proved)), stages=tuple(stages), how="provenance")
    if kind is not VertexKind.STEP:
        return Tie(kind=kind)
    found, how = finder.find(vertex.name)
    return Tie(
        kind=kind,
        lines=tuple(sorted({candidate.line for candidate in found})),
        stages=tuple(sorted({candidate.stage for candidate in found} - {-1})),
        how=how if found else "",
    )


class _Finder:
    """Candidates by what a name may still say of them."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.by_name: dict[str, list[Candidate]] = defaultdict(list)
        self.by_text: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
        self.by_place: dict[tuple[str, int, int], list[Candidate]] = defaultdict(list)
        self.stages: dict[str, set[int]] = defaultdict(set)  # that share a name
        for candidate in dict.fromkeys(candidates):
            self.by_name[candidate.text].append(candidate)
            words = candidate.words
            if words:
                self.stages[words.stage].add(candidate.stage)
                self.by_text[words.stage, words.text].append(candidate)
                self.by_place[words.stage, words.number, words.total].append(candidate)

    def find(self, name: str) -> tuple[list[Candidate], str]:
        """The candidates that the vertex called ``name`` is, and how they were found."""
        words = step_words(name)
        if words is None:
            return self.by_name.get(without_digests(name), []), "name"
        found = _certain(self.by_name.get(spelled(name).text, []))
        if found:
            return found, "name"
        if len(self.stages[words.stage]) > 1:  # any of them may have it with a value that is not known
            return [], ""
        found = _certain(_nearest(self.by_text.get((words.stage, words.text), []), words))
        if found:
            return found, "name"
        return _certain(self._at_place(words)), "order"

    def _at_place(self, words: StepWords) -> list[Candidate]:
        """Those at the same place of the stage with the same keyword: a value in it is not known here."""
        there = self.by_place.get((words.stage, words.number, words.total), [])
        return [c for c in there if c.words and c.words.keyword == words.keyword]


def _nearest(found: Iterable[Candidate], words: StepWords) -> list[Candidate]:
    """The candidates of one instruction whose number is the closest.

    A number lags when an instruction before it gave no step, so a candidate stands at it or past it.
    """
    same = [c for c in found if c.words and c.words.total == words.total] or list(found)
    if not same:
        return []
    distances = {c: abs(c.words.number - words.number) if c.words else 0 for c in same}
    least = min(distances.values())
    return [c for c in same if distances[c] == least]


def _certain(found: Sequence[Candidate]) -> list[Candidate]:
    """``found`` if nothing is guessed: all of it is one line, or one image, which is pulled once."""
    if len({candidate.line for candidate in found}) == 1:
        return list(found)
    images = {c.words.text for c in found if c.words and c.words.keyword == "FROM"}
    return list(found) if len(images) == 1 and all(c.words for c in found) else []
