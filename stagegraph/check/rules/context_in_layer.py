"""A COPY of the whole context into a stage that becomes the image, with a step below it that compiles there.

Off by default: an image can need its sources too. Only commands that make new files from the sources, such as
`go build` and `npm run build`, are reported: images of interpreted languages need theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stagegraph.check.install_order import command_of, copies_context
from stagegraph.check.rule import Problem, Rule, Subject
from stagegraph.dockerfile.instructions import Copy, Run
from stagegraph.model import Severity
from stagegraph.source import quoted

# as a command of a shell: at its start, or after an operator, an assignment or a path
_COMPILES = (
    r"(?:\A|[;&|(]\s*|\s\w+=\S*\s|\A\w+=\S*\s|/)"
    r"(?:go (?:build|install)|cargo (?:build|install)|dotnet (?:build|publish)|swift build|zig build"
    r"|mvnw?\b[^;&|]*\b(?:package|install|verify|compile)|gradlew?\b[^;&|]*\b(?:build|assemble|\w*[jJ]ar|installDist)"
    r"|make(?!\s+(?:clean|test|check|lint|fmt|format|help|deps|setup|install-\S+)\s*(?:[;&|)]|\Z))"
    r"|cmake|ninja|meson|gcc|g\+\+|clang|javac|tsc|sbt|stack build|cabal build|mix (?:compile|release)"
    r"|(?:npm|pnpm|yarn|bun)(?: run)? build|(?:npx )?(?:ng|vite|webpack|next) build)(?![\w.-])"
)


def _check(subject: Subject) -> Iterator[Problem]:
    for index in sorted(_in_image(subject)):
        body = subject.file.stages[index].body
        for position, item in enumerate(body):
            below = [one for one in body[position + 1 :] if isinstance(one, Run)]
            builds = [run for run in below if re.search(_COMPILES, command_of(run))]
            if isinstance(item, Copy) and copies_context(item) and builds:
                yield _problem(subject, index, item, builds[0])


def _in_image(subject: Subject) -> set[int]:
    """The targets of the known builds and the stages that they inherit from."""
    asked = {question.target for question in subject.questions}
    names = subject.resolved.by_name
    found = {names.get(target.lower()) if target else len(subject.stages) - 1 for target in asked}
    stages = {index for index in found if index is not None}
    for index in list(stages):
        base = subject.stage(index).base_index
        while base is not None and base < len(subject.stages):
            stages.add(base)
            base = subject.stage(base).base_index
    return stages


def _problem(subject: Subject, index: int, item: Copy, run: Run) -> Problem:
    return Problem(
        code="context-in-layer",
        severity=Severity.INFO,
        span=item.span,
        message=f"{quoted(item.text)} puts the whole build context into a layer of {subject.title(index)}",
        why=f"line {run.span.line} builds from these files, and the image keeps them",
        fix="build in a stage of its own and copy the result with `COPY --from`, or copy only what is needed",
        stage=index,
    )


CONTEXT_IN_LAYER = Rule(
    code="context-in-layer",
    severity=Severity.INFO,
    summary="A COPY of the whole build context that stays in the image that is built from it.",
    check=_check,
)
