"""COPY --from with a number: right today, wrong when a stage is put in before."""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.check.rule import Problem, Rule, Subject
from stagegraph.dockerfile.instructions import Copy
from stagegraph.dockerfile.stages import StageOrImage
from stagegraph.model import Severity


def _numbers(subject: Subject) -> Iterator[Problem]:
    for place in subject.stages:
        known: dict[tuple[str, int], list[Copy]] = {}
        for command in place.commands:
            item = command.instruction
            if isinstance(item, Copy) and not command.onbuild and item.source_stage.lstrip("+").isdecimal():
                if command.sources[0] < len(subject.file.stages):
                    known.setdefault((item.source_stage, command.sources[0]), []).append(item)
                else:
                    yield from _image(subject, place, item, subject.resolved.sources[command.sources[0]])
        for (_, source), items in known.items():
            yield _number(subject, place, items, source)


def _number(subject: Subject, place: StageOrImage, items: list[Copy], source: int) -> Problem:
    name = subject.stages[source].name
    line = subject.file.stages[source].head.span.line
    shadowed = bool(name) and subject.resolved.by_name[name] != source
    if name and not shadowed:
        fix = f"write `--from={name}`"
    else:
        fix = f"give the stage in line {line} a name of its own with AS, and copy from that"
    item, *others = items
    also = f", as in line {', '.join(str(other.span.line) for other in others)}" if others else ""
    return Problem(
        code="number-reference",
        severity=Severity.INFO,
        span=subject.pointing_at(item, f"--from={item.source_stage}"),
        message=f"`--from={item.source_stage}` reads the stage in line {line} by its number{also}",
        why="a stage that is put in above changes which one it reads",
        fix=fix,
        stage=place.index,
    )


def _image(subject: Subject, place: StageOrImage, item: Copy, source: StageOrImage) -> Iterator[Problem]:
    if source.base != item.source_stage:
        yield Problem(
            code="number-is-image",
            severity=Severity.WARNING,
            span=subject.pointing_at(item, f"--from={item.source_stage}"),
            message=f"`--from={item.source_stage}` is past the last stage and reads `{source.base}`",
            why="BuildKit counts the images that instructions name behind the stages",
            fix=f"write `--from={source.base}`",
            stage=place.index,
        )


def _rule(code: str, severity: Severity, summary: str) -> Rule:
    return Rule(
        code=code,
        severity=severity,
        summary=summary,
        check=lambda subject: (problem for problem in _numbers(subject) if problem.code == code),
    )


NUMBER_REFERENCE = _rule(
    "number-reference",
    Severity.INFO,
    "A COPY that reads a stage by its number, which the next stage put in above changes.",
)
NUMBER_IS_IMAGE = _rule(
    "number-is-image",
    Severity.WARNING,
    "A number past the last stage, which reaches an image by a quirk of BuildKit.",
)
