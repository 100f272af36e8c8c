"""Builds that ask for a target that their Dockerfile does not have, so that they always fail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stagegraph.check.rule import Problem, Rule
from stagegraph.discovery.found_build import FoundBuild
from stagegraph.dockerfile.file import Dockerfile
from stagegraph.dockerfile.spelling import edit_distance
from stagegraph.model import Severity
from stagegraph.source import Span, quoted

_MOST_NAMED = 8  # stages that a message lists
_TOO_FAR = 3  # letters


def unknown_targets(file: Dockerfile, builds: Iterable[FoundBuild]) -> Iterator[tuple[FoundBuild, Problem]]:
    """Every build that certainly uses ``file`` and names a target that it lacks, with a Problem at its line.

    BuildKit looks for the name in lower case (convert.go, toDispatchState). A target that is a number is
    left out, because some builders take it for the number of a stage.
    """
    names = list(dict.fromkeys(stage.head.name for stage in file.stages if stage.head.name))
    for build in builds:
        target = (build.target or "").lower()
        if target and is_certain(build) and target not in names and not target.isdecimal():
            yield build, _problem(file, build, names)


def is_certain(build: FoundBuild) -> bool:
    """Whether a build certainly asks for its target, and of a Dockerfile as it is in the repository."""
    return build.certain and not build.may_differ and not {"target", "dockerfile"} & build.unknown


def _problem(file: Dockerfile, build: FoundBuild, names: list[str]) -> Problem:
    near = suggested_target((build.target or "").lower(), names)
    hint = f" (did you mean {quoted(near)}?)" if near else ""
    line = build.target_line or build.line
    return Problem(
        code="unknown-target",
        severity=Severity.ERROR,
        span=Span(line=line, end_line=line),
        message=f"{file.source.name} has no stage {quoted(build.target or '')}{hint}, so this build fails",
        why=_why(names),
        fix=f"write `{near}`" if near else "name a stage of the Dockerfile, or add the stage",
    )


def suggested_target(target: str, names: Iterable[str]) -> str:
    """The name that BuildKit suggests instead of ``target`` (util/suggest/error.go); empty for none."""
    near = ((edit_distance(target, name), name) for name in names if abs(len(name) - len(target)) < _TOO_FAR)
    far, name = min(near, key=lambda one: one[0], default=(_TOO_FAR, ""))
    return name if far < _TOO_FAR else ""


def _why(names: list[str]) -> str:
    if not names:
        return "BuildKit finds a target by its name, and no stage of the file has a name"
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    shown = ", ".join(map(quoted, names[:_MOST_NAMED]))
    return f"BuildKit finds a target by its name; the stages are {shown}{more}"


UNKNOWN_TARGET = Rule(
    code="unknown-target",
    severity=Severity.ERROR,
    summary="A build of the repository that asks for a stage that its Dockerfile does not have.",
    check=lambda _subject: iter(()),  # its findings are in the files of the builds
)
