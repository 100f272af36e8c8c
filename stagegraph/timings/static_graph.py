"""The vertices of a record among the steps that the Dockerfile gives.

For logs, which know no inputs; and to weigh the Dockerfile's own graph with what was measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from stagegraph.graph.build import Build
from stagegraph.graph.steps import RawStep, StepBuilder, StepList
from stagegraph.model import StepKind
from stagegraph.records.record import Record, Vertex
from stagegraph.timings.match import Tie
from stagegraph.timings.step_names import VertexKind, spelled
from stagegraph.timings.timings import TimedStep, Timings, seconds


def all_steps(builds: Iterable[Build]) -> list[RawStep]:
    """The steps of every stage, needed or not: what a log's target was is not known."""
    steps = StepList()
    for build in builds:
        for variant in build.target_builds:
            everything = frozenset(range(len(variant.resolved.sources)))
            StepBuilder(replace(variant.resolved, needed=everything), variant.actions, steps).build()
    return steps.steps


def inputs_by_dockerfile(
    vertices: Sequence[Vertex], ties: Mapping[str, Tie], steps: Sequence[RawStep]
) -> list[tuple[int, ...]]:
    """What each of ``vertices`` reads, as positions, by the graph of the Dockerfile's ``steps``."""
    index = StepIndex(steps)
    found = [list(index.find(vertex.name, ties[vertex.digest].lines)) for vertex in vertices]
    owner = {step: vertex for vertex, own in reversed(list(enumerate(found))) for step in own}
    for position, step in enumerate(steps):  # a log shows a linked copy and its merge as one
        vertex = owner.get(step.inputs[-1]) if step.kind is StepKind.MERGE else None
        if vertex is not None and position not in owner:
            owner[position] = vertex
            found[vertex].append(position)
    reads: list[frozenset[int]] = []  # by step: the vertices that it is, or that it passes on
    for position, step in enumerate(steps):
        passed = frozenset().union(*(reads[read] for read in step.inputs if read < position))
        reads.append(frozenset({owner[position]}) if position in owner else passed)
    return [
        tuple(sorted({r for step in own for read in steps[step].inputs for r in reads[read]} - {vertex}))
        for vertex, own in enumerate(found)
    ]


class StepIndex:
    """The Dockerfile's steps by what build output calls them."""

    def __init__(self, steps: Sequence[RawStep]) -> None:
        self._by_name: dict[str, list[int]] = {}
        self._by_line: dict[tuple[int, str], list[int]] = {}
        for position, step in enumerate(steps):
            for name, span in [(step.name, step.span), *step.others]:
                self._by_name.setdefault(spelled(name).text, []).append(position)
                if span:
                    key = (span.line, spelled(name).keyword)
                    self._by_line.setdefault(key, []).append(position)

    def find(self, name: str, lines: Sequence[int]) -> tuple[int, ...]:
        """The steps that the vertex called ``name``, made from ``lines``, is."""
        words = spelled(name)
        found = self._by_name.get(words.text)
        if not found:
            found = [p for line in lines for p in self._by_line.get((line, words.keyword), ())]
        return tuple(dict.fromkeys(found))


def weights(timings: Timings, build: Build) -> dict[int, float]:
    """The measured duration in seconds of each step of ``build.step_graph()`` that was measured.

    ``stagegraph.analyse(build, weights(timings, build))`` is the static graph with real times.
    """
    index = StepIndex(build.steps)
    found: dict[int, float] = {}
    for step in timings.steps:
        if step.kind not in (VertexKind.FRONTEND, VertexKind.EXPORT) and step.ran:
            for position in index.find(step.name, step.lines)[:1]:
                found[position] = found.get(position, 0.0) + seconds(step.duration)
    return found


def steps_of(timings: Timings, build: Build) -> dict[int, TimedStep]:
    """The measured step of each step of ``build.step_graph()`` that was measured."""
    index = StepIndex(build.steps)
    found: dict[int, TimedStep] = {}
    for step in timings.steps:
        for position in index.find(step.name, step.lines):
            found.setdefault(position, step)
    return found


def with_equal_steps(
    record: Record, ties: Mapping[str, Tie], builds: Sequence[Build], stage_of_line: Sequence[int]
) -> dict[str, Tie]:
    """``ties`` with the lines of the equal steps in the stages that were built."""
    steps = all_steps(builds)
    index = StepIndex(steps)
    built = _built(builds, (stage for tie in ties.values() for stage in tie.stages))
    found = dict(ties)
    for vertex in record.vertices:
        tie = ties[vertex.digest]
        if not tie.lines:
            continue
        spans = [
            span
            for position in index.find(vertex.name, tie.lines)
            for _, span in [(steps[position].name, steps[position].span), *steps[position].others]
        ]
        equal = {span.line for span in spans if span and _stage(stage_of_line, span.line) in built}
        lines = tuple(sorted({*tie.lines, *equal}))
        stages = tuple(sorted({*tie.stages, *(_stage(stage_of_line, line) for line in equal)} - {-1}))
        found[vertex.digest] = replace(tie, lines=lines, stages=stages)
    return found


def _stage(stage_of_line: Sequence[int], line: int) -> int:
    return stage_of_line[line] if line < len(stage_of_line) else -1


def _built(builds: Iterable[Build], seen: Iterable[int]) -> set[int]:
    """``seen`` and the stages that they read."""
    reads: dict[int, set[int]] = {}
    for build in builds:
        for variant in build.target_builds:
            for place in variant.resolved.sources:
                own = reads.setdefault(place.index, set())
                own.update(source for command in place.commands for source in command.sources)
                if place.base_index is not None:
                    own.add(place.base_index)
    found: set[int] = set()
    waiting = list(dict.fromkeys(seen))
    while waiting:
        stage = waiting.pop()
        if stage not in found:
            found.add(stage)
            waiting.extend(reads.get(stage, ()))
    return found
