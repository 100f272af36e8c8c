"""Instructions that read a stage which only comes later in the file."""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.check.rule import Problem, Rule, Subject
from stagegraph.check.rules.official_images import is_official
from stagegraph.dockerfile.instructions import Copy, Run, mount_reads
from stagegraph.dockerfile.stages import Command, StageOrImage
from stagegraph.model import Severity

_REFUSED = "BuildKit refuses it when it builds this stage: a source must be defined before it is read"


def _later(subject: Subject) -> Iterator[Problem]:
    for place in subject.stages:
        if not place.replaced:
            for command in place.commands:
                yield from _reads(subject, place, command)
        yield from _base(subject, place)


def _reads(subject: Subject, place: StageOrImage, command: Command) -> Iterator[Problem]:
    for source in dict.fromkeys(_sources(command)):
        if place.index < source < len(subject.file.stages) and not subject.stages[source].replaced:
            verb = "copies from" if isinstance(command.instruction, Copy) else "mounts from"
            title = subject.title(source)
            reader = subject.title(place.index)
            yield Problem(
                code="later-stage",
                severity=Severity.ERROR if subject.is_needed(place.index) else Severity.WARNING,
                span=subject.pointing_at(
                    command.instruction, f"from={_written(command, subject.resolved.sources[source].title)}"
                ),
                message=f"{reader} {verb} {title}, which comes later in the file",
                why=_REFUSED,
                fix=f"move {title} above {reader}",
                stage=place.index,
            )


def _sources(command: Command) -> Iterator[int]:
    """What a command reads; a mount that reads nothing may come before a stage named scratch."""
    item = command.instruction
    mounts = item.mounts if isinstance(item, Run) else ()
    for position, source in enumerate(command.sources):
        if not mounts or mount_reads(mounts[position]):
            yield source


def _written(command: Command, title: str) -> str:
    item = command.instruction
    return item.source_stage if isinstance(item, Copy) else title


def _base(subject: Subject, place: StageOrImage) -> Iterator[Problem]:
    """FROM sees earlier stages only: the name of a later one is pulled as an image."""
    later = subject.resolved.by_name.get(place.base)
    if place.text is None or later is None or later <= place.index or place.base_index is not None:
        return
    if is_official(place.base) or place.base != place.text.head.base or place.context:
        return
    yield Problem(
        code="later-stage",
        severity=Severity.WARNING,
        span=subject.pointing_at(place.text.head, place.base),
        message=f"`FROM {place.base}` pulls an image: the stage `{place.base}` comes later in the file",
        why="FROM sees only the stages above it",
        fix=f"move `{place.base}` above {subject.title(place.index)}",
        stage=place.index,
    )


LATER_STAGE = Rule(
    code="later-stage",
    severity=Severity.ERROR,
    summary="A COPY, mount or FROM that names a stage which comes later in the file.",
    check=_later,
)
