"""Dead stages, and among them those whose name a later stage has too."""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.check.rule import Problem, Rule, Subject
from stagegraph.model import Reach, Severity


def _dead(subject: Subject) -> Iterator[Problem]:
    names = {stage.head.name: index for index, stage in enumerate(subject.file.stages) if stage.head.name}
    for index, reached in enumerate(subject.reached):
        if reached.reach is Reach.DEAD:
            name = subject.file.stages[index].head.name
            yield _problem(subject, index, shadowed=bool(name) and names[name] != index)


def _problem(subject: Subject, index: int, *, shadowed: bool) -> Problem:
    head, extent = subject.file.stages[index].head, subject.extents[index]
    remove = f"remove {extent}"
    return Problem(
        code="shadowed-stage" if shadowed else "dead-stage",
        severity=Severity.WARNING,
        span=subject.pointing_at(head, head.name if shadowed else head.base),
        message=f"nothing can ever build {subject.title(index)}",
        why=subject.reached[index].why,
        fix=f"rename it, or {remove}"
        if shadowed
        else f"{remove}, or name it with AS to build it as a target",
        stage=index,
    )


def _only(code: str) -> Rule:
    summaries = {
        "dead-stage": "A stage that no target, build argument or platform can ever build.",
        "shadowed-stage": "A stage that no build can use because a later stage has the same name.",
    }
    return Rule(
        code=code,
        severity=Severity.WARNING,
        summary=summaries[code],
        check=lambda subject: (problem for problem in _dead(subject) if problem.code == code),
    )


DEAD_STAGE = _only("dead-stage")
SHADOWED_STAGE = _only("shadowed-stage")
