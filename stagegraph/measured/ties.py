"""A record and a Dockerfile brought together: the ties of every vertex, the stages, what each reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from stagegraph.build import Build
from stagegraph.dockerfile.file import StageText, read_dockerfile
from stagegraph.errors import StagegraphError
from stagegraph.measured.candidates import builds_for, candidates_of
from stagegraph.measured.matching import Tie, ties_of
from stagegraph.measured.names import VertexKind, platforms_in, step_words
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
    notes: list[str] = []
    mismatch = ""
    if own and source and own.text != source.text:
        mismatch = (
            f"{source.name} is not what this build was made from: lines are those of the Dockerfile "
            "in the record"
        )
    chosen = own or source
    if chosen is None:
        notes.append("there is no Dockerfile in the record: name it to see lines")
        return Tied(
            source=None, stages=(), ties=_by_name_alone(record), builds=(), notes=tuple(notes), mismatch=""
        )
    builds, stages, fault = _read(record, chosen, _asked(record, options))
    if fault:
        notes.append(f"the Dockerfile could not be resolved, so that names tie no step: {fault}")
    candidates = [candidate for build in builds for candidate in candidates_of(build)]
    ties = ties_of(record, candidates, _stage_of_line(chosen, stages))
    return Tied(
        source=chosen,
        stages=stages,
        ties=ties,
        builds=tuple(builds),
        notes=tuple(notes),
        mismatch=mismatch or _strangers(record, ties, chosen),
    )


def _asked(record: Record, options: Options) -> Options:
    """What was asked of the build: what the record says, and what the user adds."""
    known = record.options
    if known is None:
        return options
    return replace(
        known,
        target=known.target or options.target,
        build_args={**known.build_args, **options.build_args},
        contexts={**known.contexts, **options.contexts},
    )


def _read(record: Record, source: Source, options: Options) -> tuple[list[Build], tuple[StageText, ...], str]:
    words = [found for vertex in record.vertices if (found := step_words(vertex.name))]
    targets = list(dict.fromkeys(word.target for word in words if word.target))
    if options.target or options.targets:
        targets = list(dict.fromkeys([*options.all_targets, *targets]))
    try:
        stages = read_dockerfile(source).stages
    except StagegraphError as error:
        return [], (), error.message
    try:
        return builds_for(source, options, platforms_in(words), targets), tuple(stages), ""
    except StagegraphError as error:
        return [], tuple(stages), error.message


def _stage_of_line(source: Source, stages: Sequence[StageText]) -> list[int]:
    """The stage of each line from 1, -1 before the first one."""
    found = [-1] * (source.text.count("\n") + 2)
    for index, stage in enumerate(stages):
        for line in range(stage.head.span.line, min(stage.end_line + 1, len(found))):
            found[line] = index
    return found


def _by_name_alone(record: Record) -> dict[str, Tie]:
    from stagegraph.measured.names import kind_of

    return {vertex.digest: Tie(kind=kind_of(vertex.name)) for vertex in record.vertices}


def _strangers(record: Record, ties: dict[str, Tie], source: Source) -> str:
    steps = [tie for tie in ties.values() if tie.kind is VertexKind.STEP]
    unknown = sum(tie.unknown for tie in steps)
    if unknown * 2 <= len(steps):
        return ""
    return (
        f"{record.source} and {source.name} do not seem to belong together: "
        f"{unknown} of {len(steps)} steps are not in the Dockerfile"
    )


def stage_words(record: Record) -> Iterator[tuple[str, str]]:
    """The digest of each step and the stage that its name speaks of; "" for the only stage."""
    for vertex in record.vertices:
        words = step_words(vertex.name)
        if words:
            yield vertex.digest, words.stage
