"""FROM with the name of a stage in another case: stage names are lower case, and FROM compares exactly.

BuildKit rejects the whole file, so ``case_mistakes`` also works on a file that cannot be resolved.
"""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.check.rule import Problem, Rule
from stagegraph.dockerfile.file import Dockerfile, pointing_at
from stagegraph.model import Severity


def case_mistakes(file: Dockerfile) -> Iterator[Problem]:
    """A Problem for every FROM of ``file`` that is the name of an earlier stage in another case."""
    earlier: set[str] = set()
    for index, stage in enumerate(file.stages):
        base = stage.head.base
        if base not in earlier and base.lower() in earlier and base != base.lower():
            yield Problem(
                code="stage-case",
                severity=Severity.ERROR,
                span=pointing_at(file.source, stage.head.span, base),
                message=f"`{base}` is not the stage `{base.lower()}`: FROM compares names exactly",
                why="stage names are lower case, and BuildKit rejects an image name with capital letters",
                fix=f"write `FROM {base.lower()}`",
                stage=index,
            )
        if stage.head.name:
            earlier.add(stage.head.name)


STAGE_CASE = Rule(
    code="stage-case",
    severity=Severity.ERROR,
    summary="A FROM with the name of a stage in a different letter case, which BuildKit rejects.",
    check=lambda subject: case_mistakes(subject.file),
)
