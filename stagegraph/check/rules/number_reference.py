"""COPY --from with a number: it reads another stage after a stage is added above."""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.check.rule import Problem, Rule, Subject
from stagegraph.dockerfile.instructions import Copy
from stagegraph.dockerfile.stages import StageOrImage
from stagegraph.model import Severity


def _numbers(subject: Subject) -> Iterator[Problem]:
    for stage in subject.stages:
        copies: dict[tuple[str, int], list[Copy]] = {}
        for command in stage.commands:
            item = command.instruction
            if isinstance(item, Copy) and not command.onbuild and item.source_stage.lstrip("+").isdecimal():
                source = command.sources[0]
                if source < len(subject.file.stages):
                    copies.setdefault((item.source_stage, source), []).append(item)
                else:
                    yield from _image(subject, stage, item, subject.resolved.sources[source])
        for (_, source), items in copies.items():
            yield _number(subject, stage, items, source)


def _number(subject: Subject, stage: StageOrImage, items: list[Copy], source: int) -> Problem:
    name = subject.stage(source).name
    line = subject.file.stages[source].head.span.line
    if name and subject.resolved.by_name[name] == source:
        fix = f"write `--from={name}`"
    else:
        fix = f"give the stage in line {line} a unique name with AS, and copy from that name"
    item, *others = items
    also = f" (also in line {', '.join(str(other.span.line) for other in others)})" if others else ""
    return Problem(
        code="number-reference",
        severity=Severity.INFO,
        span=subject.pointing_at(item, f"--from={item.source_stage}"),
        message=f"`--from={item.source_stage}` reads the stage in line {line} by its number{also}",
        why="the number changes when a stage is added above",
        fix=fix,
        stage=stage.index,
    )


def _image(subject: Subject, stage: StageOrImage, item: Copy, source: StageOrImage) -> Iterator[Problem]:
    if source.base != item.source_stage:
        yield Problem(
            code="number-is-image",
            severity=Severity.WARNING,
            span=subject.pointing_at(item, f"--from={item.source_stage}"),
            message=f"`--from={item.source_stage}` is past the last stage and reads image `{source.base}`",
            why="BuildKit numbers the images that instructions name after the last stage",
            fix=f"write `--from={source.base}`",
            stage=stage.index,
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
    "A COPY that reads a stage by its number, which changes when a stage is added above.",
)
NUMBER_IS_IMAGE = _rule(
    "number-is-image",
    Severity.WARNING,
    "A COPY --from with a number after the last stage, which BuildKit takes for an image.",
)
