"""An ARG or ENV with another value in each build, above installs of packages that do not use it.

Off by default. Only names that mean a commit or the time of a build, such as `GIT_COMMIT` and `BUILD_DATE`,
are reported, and only above steps that install packages: another command can read it from its environment.
"""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.check.early_arguments import EarlyArgument, early_arguments
from stagegraph.check.rule import Problem, Rule, Subject
from stagegraph.model import Severity
from stagegraph.source import quoted


def _check(subject: Subject) -> Iterator[Problem]:
    for index, stage in enumerate(subject.file.stages):
        if subject.is_needed(index):
            for early in early_arguments(stage.body):
                yield _problem(subject, index, early)


def _problem(subject: Subject, index: int, early: EarlyArgument) -> Problem:
    first, last = early.installs[0].span.line, early.installs[-1].span.end_line
    lines = f"line {first}" if len(early.installs) == 1 else f"lines {first} to {last}"
    return Problem(
        code="argument-too-early",
        severity=Severity.INFO,
        span=subject.pointing_at(early.item, early.name),
        message=f"each new value of {quoted(early.name)} installs the packages of {lines} again",
        why="the value is part of the cache key of every RUN below, whether its command uses it or not",
        fix=f"move {quoted(early.name)}{_labels(early)} below line {last}",
        stage=index,
    )


def _labels(early: EarlyArgument) -> str:
    lines = [str(one.span.line) for one in early.labels]
    return f" and the LABEL of line {', '.join(lines)}" if lines else ""


ARGUMENT_TOO_EARLY = Rule(
    code="argument-too-early",
    severity=Severity.INFO,
    summary="An argument that changes with each build, above installs of packages that do not use it.",
    check=_check,
)
