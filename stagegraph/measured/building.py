"""Which builds of a Dockerfile a record may come from, by the stages that it has steps of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from stagegraph.build import Build, build_of
from stagegraph.dockerfile.stages import Resolved
from stagegraph.errors import StagegraphError
from stagegraph.measured.inferred import inferred_arguments
from stagegraph.options import Options
from stagegraph.source import Source


def builds_for(
    source: Source, options: Options, platforms: Sequence[str], stages: Iterable[str]
) -> tuple[list[Build], list[str]]:
    """The builds of ``source`` that give the steps of ``stages``, and what was assumed.

    What was built is not always known: then it is the default target, with the arguments that ``stages``
    show, and whatever that does not need of ``stages``. Raises what reading the Dockerfile raises.
    """
    asked = replace(options, platforms=tuple(platforms or options.all_platforms))
    build, notes = _build(source, asked)
    seen = _seen(build.variants[0].resolved, stages)
    arguments = {
        name: value
        for name, value in inferred_arguments(build.variants[0].resolved, seen).items()
        if name not in options.build_args
    }
    if arguments:
        listed = ", ".join(f"{name}={value}" for name, value in arguments.items())
        notes.append(f"the steps show that the build was made with {listed}")
        asked = replace(asked, build_args={**arguments, **options.build_args})
        build, _ = _build(source, asked)
    return [build, *_others(source, asked, build.variants[0].resolved, seen)], notes


def _build(source: Source, asked: Options) -> tuple[Build, list[str]]:
    try:
        return build_of(source, asked), []
    except StagegraphError as error:
        if not asked.all_targets:
            raise
        # a record says its target, and may not belong to this Dockerfile
        return build_of(source, replace(asked, target=None, targets=())), [error.message]


def _seen(resolved: Resolved, stages: Iterable[str]) -> set[int]:
    """The indexes of ``stages``, by the names of build output; "" in a file of one stage."""
    count = len(resolved.file.stages)
    by_title = {place.title: place.index for place in resolved.places[:count]}
    found = {by_title.get(name) for name in stages}
    return {index for index in found if index is not None}


def _others(source: Source, asked: Options, resolved: Resolved, seen: Iterable[int]) -> list[Build]:
    """The builds of those of ``seen`` that the target of ``resolved`` does not need."""
    needed = set(resolved.needed)
    found = []
    for index in sorted(seen, reverse=True):
        if index not in needed and resolved.places[index].name:
            build = build_of(source, replace(asked, target=resolved.places[index].name, targets=()))
            needed |= build.variants[0].resolved.needed
            found.append(build)
    return found
