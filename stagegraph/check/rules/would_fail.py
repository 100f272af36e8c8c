"""Instructions that BuildKit rejects only when it builds their stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stagegraph.check.rule import Problem, Rule, Subject
from stagegraph.dockerfile.actions import Fault, StageActions
from stagegraph.dockerfile.evaluate import evaluate
from stagegraph.dockerfile.stages import Resolved
from stagegraph.model import Severity


def _faults(subject: Subject) -> Iterator[Problem]:
    # an instruction with a variable may be valid: the base image can set variables
    doubtful = {
        command.instruction.span.line
        for source in subject.resolved.sources
        for command in source.commands
        if "$" in command.instruction.text
    }
    for problem in faults(subject.resolved, evaluate(subject.resolved, names=False)):
        if problem.span.line not in doubtful:
            yield problem


def faults(resolved: Resolved, stages: Sequence[StageActions]) -> Iterator[Problem]:
    """A Problem for every certain fault in the actions of ``stages``, but for those of ``later-stage``.

    Base images are taken to set no variable but PATH. A fault that depends on the working directory of
    an image is not certain.
    """
    for actions in stages:
        for fault in actions.faults:
            if fault.certain and fault.code != "later-stage":  # it has its own rule
                yield _problem(fault, actions.index, needed=actions.index in resolved.needed)


def _problem(fault: Fault, index: int, *, needed: bool) -> Problem:
    return Problem(
        code=fault.code,
        severity=Severity.ERROR if needed else Severity.WARNING,
        span=fault.span,
        message=fault.message,
        why=fault.why or "BuildKit rejects it when it builds this stage",
        fix=fault.fix,
        stage=index,
    )


WOULD_FAIL = Rule(
    code="would-fail",
    severity=Severity.ERROR,
    summary="An instruction that BuildKit rejects when it builds the stage.",
    check=_faults,
)
