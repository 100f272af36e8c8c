"""Equal steps of several stages are one vertex, named after any of them: the lines of all of them.

A record with provenance says them; for the others the Dockerfile's own graph of steps does, as far as
it knows what was built.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from stagegraph.build import Build
from stagegraph.measured.matching import Tie
from stagegraph.measured.static_graph import StepIndex, all_steps
from stagegraph.records.model import Record


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
        for variant in build.variants:
            for place in variant.resolved.places:
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
