"""Instructions that BuildKit refuses when it comes to build their stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stagegraph.check.rule import Problem, Rule, Subject
from stagegraph.dockerfile.actions import Fault, StageActions
from stagegraph.dockerfile.evaluate import evaluate
from stagegraph.dockerfile.stages import Resolved
from stagegraph.model import Severity


def _faults(subject: Subject) -> Iterator[Problem]:
    # what is written with a variable may come out well: an image brings variables of its own
    doubtful = {
        command.instruction.span.line
        for place in subject.resolved.sources
        for command in place.commands
        if "$" in command.instruction.text
    }
    for problem in faults(subject.resolved, evaluate(subject.resolved, names=False)):
        if problem.span.line not in doubtful:
            yield problem


def faults(resolved: Resolved, carried_out: Sequence[StageActions]) -> Iterator[Problem]:
    """What fails when the images bring no variables but PATH, which is all that the file shows.

    What depends on the working directory of an image is left out.
    """
    for actions in carried_out:
        for fault in actions.faults:
            if fault.certain and fault.code != "later-stage":  # that is a rule of its own
                yield _problem(fault, actions.index, needed=actions.index in resolved.needed)


def _problem(fault: Fault, index: int, *, needed: bool) -> Problem:
    return Problem(
        code=fault.code,
        severity=Severity.ERROR if needed else Severity.WARNING,
        span=fault.span,
        message=fault.message,
        why=fault.why or "BuildKit refuses it when it builds this stage",
        fix=fault.fix,
        stage=index,
    )


WOULD_FAIL = Rule(
    code="would-fail",
    severity=Severity.ERROR,
    summary="An instruction that BuildKit refuses when it comes to build its stage.",
    check=_faults,
)
