"""The findings of a build that is drawn: what would fail, and which stages nothing can reach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stagegraph.analysis.reachability import Reached
from stagegraph.build import Build
from stagegraph.dockerfile.comments import extents
from stagegraph.findings.problem import Problem, Subject
from stagegraph.findings.registry import run_rules, sorted_problems
from stagegraph.findings.would_fail import faults
from stagegraph.model import Finding
from stagegraph.options import Options

_CODES = frozenset({"dead-stage", "shadowed-stage", "later-stage", "number-is-image"})


def findings(build: Build, reached: Sequence[Reached], questions: Sequence[Options]) -> tuple[Finding, ...]:
    """The findings in order of their lines, each once."""
    problems = sorted_problems(_problems(build, reached, questions))
    return tuple(dict.fromkeys(problem.finding for problem in problems))


def _problems(build: Build, reached: Sequence[Reached], questions: Sequence[Options]) -> Iterator[Problem]:
    of_stages = extents(build.file)
    for variant in build.variants:
        subject = Subject(
            file=build.file,
            resolved=variant.resolved,
            reached=tuple(reached),
            extents=of_stages,
            questions=tuple(questions),
        )
        yield from run_rules(subject, _CODES)
        yield from faults(variant.resolved, variant.actions)
