"""FROM with the name of a stage in another case: stages are lower case, and FROM compares exactly.

BuildKit refuses the whole file, so this is looked for where the file cannot be resolved.
"""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.check.rule import Problem
from stagegraph.dockerfile.file import Dockerfile, pointing_at
from stagegraph.model import Severity

CODE = "stage-case"
SUMMARY = "A FROM that names a stage in another case, which BuildKit refuses."


def case_mistakes(file: Dockerfile) -> Iterator[Problem]:
    """Every FROM of ``file`` that is an earlier stage but for its case."""
    earlier: set[str] = set()
    for index, stage in enumerate(file.stages):
        base = stage.head.base
        if base not in earlier and base.lower() in earlier and base != base.lower():
            yield Problem(
                code=CODE,
                severity=Severity.ERROR,
                span=pointing_at(file.source, stage.head.span, base),
                message=f"`{base}` is not the stage `{base.lower()}`: FROM compares names exactly",
                why="the names of stages are lower case, and BuildKit refuses an image name with capitals",
                fix=f"write `FROM {base.lower()}`",
                stage=index,
            )
        if stage.head.name:
            earlier.add(stage.head.name)
