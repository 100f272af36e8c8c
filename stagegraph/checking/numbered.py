"""Builds whose target is a number: BuildKit has no such targets, but podman and the old builder have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from stagegraph.analysis.reachability import Exploration, Reached
from stagegraph.checking.knowledge import Knowledge
from stagegraph.model import Reach


def numbered_targets(knowledge: Knowledge) -> dict[int, str]:
    """The stages that builds ask for by number, and where."""
    asked = zip(knowledge.questions, knowledge.builds, strict=False)
    return {
        int(question.target): where
        for question, where in asked
        if question.target and question.target.isdecimal() and len(question.target) < 6
    }


def with_numbered_targets(exploration: Exploration, numbers: dict[int, str]) -> Exploration:
    """``exploration`` in which nothing is dead that a target of a number could need."""
    if not numbers or exploration.resolved is None:
        return exploration
    reached = list(exploration.reached)
    for number, where in numbers.items():
        for index in _needed(exploration, number):
            if reached[index].reach is Reach.DEAD:
                asked = f"{where or 'a build'} asks for the target {number}"
                why = f"{asked}, which some builders take for a number"
                reached[index] = Reached(Reach.UNKNOWN, why)
    return replace(exploration, reached=tuple(reached))


def _needed(exploration: Exploration, number: int) -> Iterable[int]:
    places = exploration.resolved.places if exploration.resolved else []
    count = len(exploration.reached)
    found: set[int] = set()
    waiting = [number]
    while waiting:
        index = waiting.pop()
        if index < count and index not in found:
            found.add(index)
            base = places[index].base_index
            waiting.extend(source for command in places[index].commands for source in command.sources)
            waiting.extend([] if base is None else [base])
    return sorted(found)
