"""What a build made or pulled that is not in its image, by the records of BuildKit's cache."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from msgspec import Struct

from stagegraph.dockerfile.actions import RunAction
from stagegraph.graph.build import Build
from stagegraph.model import CONTEXT_ID, Report, StepKind
from stagegraph.sizes.lines import Origins
from stagegraph.sizes.usage import Usage
from stagegraph.source import quoted
from stagegraph.units import counted


class LeftSize(Struct, frozen=True, kw_only=True):
    """What the cache keeps of a stage or image that is not in the image; ``bytes`` is None if unknown."""

    node: str
    label: str
    bytes: int | None


def left_behind(build: Build, report: Report, usage: Usage) -> Iterator[LeftSize]:
    """What the cache keeps of the stages and images that are not, or only in part, in the image.

    A layer that several images share is counted once, and not at all if it is in the image.
    """
    own = _left_steps(build)
    seen = {record for step in _image_steps(build) for record in usage.layers.get(step, ())}
    for one in report.left_behind:
        total = 0
        for step in own.get(one.node, ()):
            layers = usage.layers.get(step, {})
            total += usage.steps.get(step, 0)
            total -= sum(layers[record] for record in seen.intersection(layers))
            seen.update(layers)
        complete = all(step in usage.steps for step in own.get(one.node, ()))
        yield LeftSize(node=one.node, label=report.node(one.node).label, bytes=total if complete else None)


def unknown_steps(build: Build, usage: Usage) -> Iterator[str]:
    """Sentences on the steps outside the image whose bytes are unknown, and why."""
    left = sorted(step for steps in _left_steps(build).values() for step in steps)
    ambiguous = [step for step in left if step in usage.ambiguous]
    missing = [step for step in left if step not in usage.ambiguous and step not in usage.steps]
    for steps, reason in (
        (ambiguous, "the cache has several records of different size that could be"),
        (missing, "the cache has no record of"),
    ):
        if steps:
            name = quoted(" ".join(build.steps[steps[0]].name.split())[:80])
            others = f" and {counted(len(steps) - 1, 'other step')}" if len(steps) > 1 else ""
            yield f"{reason} {name}{others}"


def could_stay(build: Build, made: Origins, in_image: Sequence[int]) -> int | None:
    """Of a build with one stage, the bytes of its base image and of its RUNs; None for another build.

    A second stage ships of these only what it copies.
    """
    resolved = build.target_builds[0].resolved
    own = [stage for stage in resolved.stages if stage.index in resolved.needed]
    runs = [isinstance(one, RunAction) for one in build.target_builds[0].actions[resolved.target].actions]
    if len(own) != 1 or not any(runs):
        return None
    copied = sum(in_image[at] for at, origin in enumerate(made.by_layer) if origin and origin.copy)
    return sum(in_image) - copied


def _left_steps(build: Build) -> dict[str, list[int]]:
    """The steps that are not in the image, by the node that they belong to; not the build context."""
    ships = set(_image_steps(build))
    own: dict[str, list[int]] = defaultdict(list)
    for position, step in enumerate(build.steps):
        if (
            position not in ships
            and step.node
            and step.node != CONTEXT_ID
            and step.kind is not StepKind.RESULT
        ):
            own[step.node].append(position)
    return own


def _image_steps(build: Build) -> Iterator[int]:
    """The steps whose layers are in the image: from the result back along what each step runs on."""
    waiting = [step.onto for step in build.steps if step.kind is StepKind.RESULT]
    while waiting:
        position = waiting.pop()
        if position is not None:
            yield position
            step = build.steps[position]
            waiting.append(step.onto)
            waiting.extend(step.reads if step.kind is StepKind.MERGE else ())  # COPY --link
