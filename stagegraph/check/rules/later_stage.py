"""Instructions that read a stage which comes later in the file."""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.check.rule import Problem, Rule, Subject, is_official
from stagegraph.dockerfile.instructions import Copy, Run, mount_reads
from stagegraph.dockerfile.stages import Command, StageOrImage
from stagegraph.model import Severity

_REJECTED = "BuildKit rejects it when it builds this stage: a source must be defined before it is read"


def _later(subject: Subject) -> Iterator[Problem]:
    for stage in subject.stages:
        if not stage.replaced:
            for command in stage.commands:
                yield from _reads(subject, stage, command)
        yield from _base(subject, stage)


def _reads(subject: Subject, stage: StageOrImage, command: Command) -> Iterator[Problem]:
    for source in dict.fromkeys(_sources(command)):
        is_later = stage.index < source < len(subject.file.stages)
        if is_later and not subject.stage(source).replaced:
            yield _problem(subject, stage, command, source)


def _sources(command: Command) -> Iterator[int]:
    """What a command reads; a mount that reads nothing may come before a stage named scratch."""
    item = command.instruction
    mounts = item.mounts if isinstance(item, Run) else ()
    for position, source in enumerate(command.sources):
        if not mounts or mount_reads(mounts[position]):
            yield source


def _problem(subject: Subject, stage: StageOrImage, command: Command, source: int) -> Problem:
    item = command.instruction
    reader, title = subject.title(stage.index), subject.title(source)
    written = item.source_stage if isinstance(item, Copy) else subject.stage(source).title
    verb = "copies" if isinstance(item, Copy) else "mounts"
    return Problem(
        code="later-stage",
        severity=Severity.ERROR if subject.is_needed(stage.index) else Severity.WARNING,
        span=subject.pointing_at(item, f"from={written}"),
        message=f"{reader} {verb} from {title}, which comes later in the file",
        why=_REJECTED,
        fix=f"move {title} above {reader}",
        stage=stage.index,
    )


def _base(subject: Subject, stage: StageOrImage) -> Iterator[Problem]:
    """A base that is the name of a later stage: FROM sees earlier stages only and pulls an image."""
    later = subject.resolved.by_name.get(stage.base)
    if stage.text is None or later is None or later <= stage.index or stage.base_index is not None:
        return
    if is_official(stage.base) or stage.base != stage.text.head.base or stage.context:
        return
    yield Problem(
        code="later-stage",
        severity=Severity.WARNING,
        span=subject.pointing_at(stage.text.head, stage.base),
        message=f"`FROM {stage.base}` pulls an image: the stage `{stage.base}` comes later in the file",
        why="FROM sees only the stages above it",
        fix=f"move `{stage.base}` above {subject.title(stage.index)}",
        stage=stage.index,
    )


LATER_STAGE = Rule(
    code="later-stage",
    severity=Severity.ERROR,
    summary="A COPY, mount or FROM that names a stage which comes later in the file.",
    check=_later,
)
