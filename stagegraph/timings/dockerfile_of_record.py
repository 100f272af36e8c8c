"""A record and a Dockerfile brought together: the ties of every vertex, the stages, what each reads."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.dockerfile.file import StageText, read_dockerfile
from stagegraph.dockerfile.stages import Resolved, StageOrImage
from stagegraph.errors import StagegraphError
from stagegraph.graph.build import Build, build_of
from stagegraph.options import Options
from stagegraph.records.record import Record
from stagegraph.source import Source
from stagegraph.timings.match import Tie, candidates_of, ties_of
from stagegraph.timings.static_graph import with_equal_steps
from stagegraph.timings.step_names import VertexKind, kind_of, platforms_in, step_words


def builds_for(
    source: Source, options: Options, platforms: Sequence[str], stages: Iterable[str]
) -> tuple[list[Build], list[str]]:
    """The builds of ``source`` that give the steps of ``stages``, and what was assumed.

    What was built is not always known: then it is the default target, with the arguments that ``stages``
    show, and whatever that does not need of ``stages``. Raises what reading the Dockerfile raises.
    """
    asked = replace(options, platforms=tuple(platforms or options.all_platforms))
    build, notes = _build(source, asked)
    seen = _seen(build.target_builds[0].resolved, stages)
    arguments = {
        name: value
        for name, value in inferred_arguments(build.target_builds[0].resolved, seen).items()
        if name not in options.build_args
    }
    if arguments:
        listed = ", ".join(f"{name}={value}" for name, value in arguments.items())
        notes.append(f"the steps show that the build was made with {listed}")
        asked = replace(asked, build_args={**arguments, **options.build_args})
        build, _ = _build(source, asked)
    return [build, *_others(source, asked, build.target_builds[0].resolved, seen)], notes


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
    by_title = {place.title: place.index for place in resolved.sources[:count]}
    found = {by_title.get(name) for name in stages}
    return {index for index in found if index is not None}


def _others(source: Source, asked: Options, resolved: Resolved, seen: Iterable[int]) -> list[Build]:
    """The builds of those of ``seen`` that the target of ``resolved`` does not need."""
    needed = set(resolved.needed)
    found = []
    for index in sorted(seen, reverse=True):
        if index not in needed and resolved.sources[index].name:
            build = build_of(source, replace(asked, target=resolved.sources[index].name, targets=()))
            needed |= build.target_builds[0].resolved.needed
            found.append(build)
    return found


_CONTEXT = re.compile(r"\[context ([^\]]+)\] (OCI load from client|load from client|docker-image://\S+)")
_VALUES = {"load from client": ".", "OCI load from client": "oci-layout://context"}
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def inferred_contexts(names: Iterable[str]) -> dict[str, str]:
    """The named contexts that the steps called ``names`` load; what is in them is not known."""
    found = {match[1]: match[2] for name in names if (match := _CONTEXT.match(name))}
    return {name: _VALUES.get(how, how) for name, how in found.items()}


def inferred_arguments(resolved: Resolved, seen: Collection[int]) -> dict[str, str]:
    """The arguments that make the stages ``seen`` read each other, where ``resolved`` has it otherwise.

    Only what nothing else explains: the stage that the default selects has no steps in the record, and
    of those that have some exactly one fits.
    """
    names = [resolved.sources[index].name for index in sorted(seen)]
    found: dict[str, str] = {}
    for place in resolved.sources:
        if place.index in seen and place.base_index is not None and place.base_index not in seen:
            for name, value in _fitting(place, names):
                found.setdefault(name, value)
    return found


def _fitting(place: StageOrImage, names: Collection[str]) -> Iterator[tuple[str, str]]:
    text = place.text.head.base if place.text else ""
    parts = _VARIABLE.split(text)  # literal, name in braces, name without, literal, ...
    if len(parts) != 4:
        return
    before, after = re.escape(parts[0]), re.escape(parts[3])
    values = {match[1] for name in names if (match := re.fullmatch(f"{before}(.+){after}", name))}
    if len(values) == 1:
        yield parts[1] or parts[2], values.pop()


class Tied(Struct, frozen=True, kw_only=True):
    """What a Dockerfile says of a record; without one only what names say."""

    source: Source | None
    stages: tuple[StageText, ...]
    ties: dict[str, Tie]  # by digest
    builds: tuple[Build, ...]
    notes: tuple[str, ...]
    mismatch: str


def tie(record: Record, source: Source | None, options: Options) -> Tied:
    """Tie ``record`` to ``source``, or to the Dockerfile that it carries."""
    own = record.dockerfile
    mismatch = ""
    if own and source and own.text != source.text:
        mismatch = (
            f"{source.name} is not what this build was made from: lines are those of the Dockerfile "
            "in the record"
        )
    chosen = own or source
    if chosen is None:
        note = "the record carries no Dockerfile: name it to see lines"
        ties = {vertex.digest: Tie(kind=kind_of(vertex.name)) for vertex in record.vertices}
        return Tied(source=None, stages=(), ties=ties, builds=(), notes=(note,), mismatch="")
    builds, stages, notes = _read(record, chosen, _asked(record, options))
    candidates = [candidate for build in builds for candidate in candidates_of(build)]
    stage_of_line = _stage_of_line(chosen, stages)
    ties = ties_of(record, candidates, stage_of_line)
    if builds and not record.lines:
        ties = with_equal_steps(record, ties, builds, stage_of_line)
    return Tied(
        source=chosen,
        stages=stages,
        ties=ties,
        builds=tuple(builds),
        notes=tuple(notes),
        mismatch=mismatch or _strangers(record, ties, chosen),
    )


def build_of_record(record: Record, source: Source | None, options: Options) -> Build | None:
    """The build that ``record`` is of, by its Dockerfile or by ``source``; None if that cannot be read."""
    chosen = record.dockerfile or source
    builds = _read(record, chosen, _asked(record, options))[0] if chosen else []
    return builds[0] if builds else None


def _asked(record: Record, options: Options) -> Options:
    """What was asked of the build: what the record says, and what the user adds."""
    known = record.options
    if known is None:
        seen = inferred_contexts(vertex.name for vertex in record.vertices)
        return replace(options, contexts={**seen, **options.contexts})
    return replace(
        known,
        target=known.target or options.target,
        build_args={**known.build_args, **options.build_args},
        contexts={**known.contexts, **options.contexts},
    )


def _read(
    record: Record, source: Source, options: Options
) -> tuple[list[Build], tuple[StageText, ...], list[str]]:
    words = [found for vertex in record.vertices if (found := step_words(vertex.name))]
    seen = list(dict.fromkeys(word.stage for word in words))
    try:
        stages = tuple(read_dockerfile(source).stages)
    except StagegraphError as error:
        return [], (), [_unread(error)]
    try:
        builds, notes = builds_for(source, options, platforms_in(words), seen)
    except StagegraphError as error:
        return [], stages, [_unread(error)]
    return builds, stages, notes


def _unread(error: StagegraphError) -> str:
    return f"the Dockerfile cannot be resolved, so that no name ties a step to it: {error.message}"


def _stage_of_line(source: Source, stages: Sequence[StageText]) -> list[int]:
    """The stage of each line from 1, -1 before the first one."""
    found = [-1] * (source.text.count("\n") + 2)
    for index, stage in enumerate(stages):
        for line in range(stage.head.span.line, min(stage.end_line + 1, len(found))):
            found[line] = index
    return found


def _strangers(record: Record, ties: dict[str, Tie], source: Source) -> str:
    steps = [tie for tie in ties.values() if tie.kind is VertexKind.STEP]
    unknown = sum(tie.unknown for tie in steps)
    if unknown * 2 <= len(steps):
        return ""
    return (
        f"{record.source} and {source.name} do not seem to belong together: "
        f"{unknown} of {len(steps)} steps are not in the Dockerfile"
    )
