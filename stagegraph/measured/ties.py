"""A record and a Dockerfile brought together: the ties of every vertex, the stages, what each reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stagegraph.build import Build
from stagegraph.dockerfile.file import StageText, read_dockerfile
from stagegraph.errors import StagegraphError
from stagegraph.measured.building import builds_for
from stagegraph.measured.candidates import candidates_of
from stagegraph.measured.equal_steps import with_equal_steps
from stagegraph.measured.inferred import inferred_contexts
from stagegraph.measured.matching import Tie, ties_of
from stagegraph.measured.names import VertexKind, kind_of, platforms_in, step_words
from stagegraph.options import Options
from stagegraph.records.model import Record
from stagegraph.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Tied:
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
