"""An install of packages after a COPY of the whole context: each changed file makes it run again.

Off by default: whether it costs time depends on what changes. `stagegraph affected --history` shows that.
"""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.check.install_order import late_installs
from stagegraph.check.rule import Problem, Rule, Subject
from stagegraph.model import Severity
from stagegraph.source import quoted


def _check(subject: Subject) -> Iterator[Problem]:
    for index, stage in enumerate(subject.file.stages):
        if not subject.is_needed(index):
            continue
        for late in late_installs(stage.body):
            command = late.run.text.partition(" ")[2].strip()
            name = late.manager.name
            yield Problem(
                code="cache-order",
                severity=Severity.INFO,
                span=late.run.span,
                message=f"{quoted(command)} runs again whenever any file of the build context changes",
                why=f"line {late.copy.span.line} copies all files before it, and {name} reads a few of them",
                fix=f"copy the files that {name} reads, install, and copy the rest after that",
                stage=index,
            )


CACHE_ORDER = Rule(
    code="cache-order",
    severity=Severity.INFO,
    summary="An install of packages after a copy of all files, so that each changed file installs again.",
    check=_check,
)
