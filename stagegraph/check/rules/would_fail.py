"""Instructions that BuildKit rejects only when it builds their stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stagegraph.check.rule import Problem, Rule, Subject
from stagegraph.dockerfile.actions import Fault, StageActions
from stagegraph.dockerfile.evaluate import evaluate
from stagegraph.dockerfile.expand import ExpansionError, MalformedError, lexer_of
from stagegraph.dockerfile.instructions import Run
from stagegraph.dockerfile.logical import frontend
from stagegraph.dockerfile.stages import Resolved
from stagegraph.model import Severity

_FRONTEND = "BUILDKIT_SYNTAX"  # the build argument that replaces the syntax directive
_OTHER_OPTIONS = 2  # of RUN, before its devices


def _faults(subject: Subject) -> Iterator[Problem]:
    # an instruction with a variable may be valid: the base image can set variables
    doubtful = {
        command.instruction.span.line
        for source in subject.resolved.sources
        for command in source.commands
        if "$" in command.instruction.text
    }
    for index, fault in _certain_faults(evaluate(subject.resolved, names=False)):
        if fault.always or fault.span.line not in doubtful:
            yield _problem(fault, index, needed=index in subject.resolved.needed)
    yield from _defaults(subject)
    yield from _devices(subject)


def faults(resolved: Resolved, stages: Sequence[StageActions]) -> Iterator[Problem]:
    """A Problem for every certain fault in the actions of ``stages``, but for those of ``later-stage``.

    Base images are taken to set no variable but PATH. A fault that depends on the working directory of
    an image is not certain.
    """
    for index, fault in _certain_faults(stages):
        yield _problem(fault, index, needed=index in resolved.needed)


def _certain_faults(stages: Sequence[StageActions]) -> Iterator[tuple[int, Fault]]:
    for actions in stages:
        for fault in actions.faults:
            if fault.certain and fault.code != "later-stage":  # it has its own rule
                yield actions.index, fault


def _defaults(subject: Subject) -> Iterator[Problem]:
    """The ARGs before the first FROM whose default is malformed; a build argument replaces it unread."""
    lexer = lexer_of(escape=subject.file.escape)
    for item in subject.file.arguments:
        for name, default in item.pairs:
            given = all(name in question.build_args for question in subject.questions)
            if default is None or given or name in subject.passed:
                continue
            try:
                lexer.word(default, {})
            except MalformedError as error:
                yield Problem(
                    code="would-fail",
                    severity=Severity.ERROR,
                    span=subject.pointing_at(item, default),
                    message=f"cannot expand the default of {name}: {error}",
                    why=f"BuildKit rejects the file unless `--build-arg {name}=...` is given",
                    fix=f"write a default for {name} that BuildKit can expand",
                )
            except ExpansionError:  # a value can help
                continue


def _devices(subject: Subject) -> Iterator[Problem]:
    """RUN --device, which only the frontends named labs know.

    Rules: moby/buildkit frontend/dockerfile/release, whose mainline/tags lack dfrundevice.
    """
    chosen = any(_FRONTEND in question.build_args for question in subject.questions)
    if chosen or _FRONTEND in subject.passed or "labs" in frontend(subject.file.source.text):
        return
    for stage in subject.stages:
        for command in stage.commands:
            item = command.instruction
            if isinstance(item, Run) and len(item.options) > _OTHER_OPTIONS:
                fault = Fault(
                    "would-fail",
                    subject.pointing_at(item, "--device"),
                    "RUN --device is not in the stable Dockerfile frontend",
                    "BuildKit knows it only in frontends of the labs channel",
                    "make `# syntax=docker/dockerfile:1-labs` the first line",
                )
                yield _problem(fault, stage.index, needed=stage.index in subject.resolved.needed)


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
