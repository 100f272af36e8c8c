"""Builds whose build context or Dockerfile does not exist, so that they always fail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stagegraph.check.rule import Problem, Rule
from stagegraph.discovery.found_build import FoundBuild, MissingFile
from stagegraph.model import Severity
from stagegraph.source import Span, quoted

_PARTS = {"context": "build context", "dockerfile": "Dockerfile"}


def missing_files(builds: Iterable[FoundBuild]) -> Iterator[tuple[FoundBuild, Problem]]:
    """Every build that names something that does not exist, with a Problem at its line."""
    for build in builds:
        if build.missing:
            yield build, _problem(build.missing)


def _problem(missing: MissingFile) -> Problem:
    part = _PARTS[missing.part]
    near = f" (did you mean {quoted(missing.near)}?)" if missing.near else ""
    return Problem(
        code=f"missing-{missing.part}",
        severity=Severity.ERROR,
        span=Span(line=missing.line, end_line=missing.line),
        message=f"the {part} {quoted(missing.path)} does not exist{near}, so this build fails",
        why="no file of the repository says how it is made, and Git does not ignore it",
        fix=f"write a path that exists, or add the {part}",
    )


def _rule(code: str, summary: str) -> Rule:
    # its findings are in the files of the builds
    return Rule(code=code, severity=Severity.ERROR, summary=summary, check=lambda _subject: iter(()))


MISSING_CONTEXT = _rule("missing-context", "A build of the repository whose build context does not exist.")
MISSING_DOCKERFILE = _rule("missing-dockerfile", "A build of the repository whose Dockerfile does not exist.")
