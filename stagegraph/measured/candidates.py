"""The steps that a Dockerfile could give, to be found again in a record.

Every stage counts, needed or not: which target a log was made for may not be known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from stagegraph.build import Build, Variant
from stagegraph.dockerfile.actions import CopyAction
from stagegraph.dockerfile.stages import Place
from stagegraph.measured.names import StepWords, step_words, without_digests


class Candidate(NamedTuple):
    """One step that an instruction gives; ``words`` is None for an image that an instruction names."""

    words: StepWords | None
    text: str  # of the name, without digests
    line: int
    stage: int  # index


def candidates_of(build: Build) -> Iterator[Candidate]:
    """Every step that the stages of ``build`` can give."""
    for variant in build.variants:
        for place, actions in zip(variant.resolved.places, variant.actions, strict=True):
            for name, line in _named(variant, place, actions.index):
                owner = place.index if place.is_stage else _reader(variant, place.index)
                yield Candidate(step_words(name), without_digests(name), line, owner)


def _named(variant: Variant, place: Place, index: int) -> Iterator[tuple[str, int]]:
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


def _reader(variant: Variant, index: int) -> int:
    """The stage whose instruction names the image of place ``index``."""
    for place in variant.resolved.places:
        if any(index in command.sources for command in place.commands):
            return place.index
    return -1


def _line_of_reader(variant: Variant, index: int) -> int:
    for place in variant.resolved.places:
        for command in place.commands:
            if index in command.sources:
                return command.instruction.span.line
    return 0
