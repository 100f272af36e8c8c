"""The result of ``check`` as JSON; docs/check.schema.json describes every field."""

from __future__ import annotations

from typing import Any

from stagegraph.check.check import CheckedFile, CheckedStage, ReportedProblem
from stagegraph.check.many import Run
from stagegraph.discovery.found_build import FoundBuild
from stagegraph.formats.json import to_json

SCHEMA_VERSION = 1


def render(run: Run) -> str:
    """The run as one JSON object, keys in a fixed order."""
    data = {
        "schema_version": SCHEMA_VERSION,
        "files": [_file(file) for file in run.files],
        "builds": [_build(build) for build in run.builds],
        "notes": list(run.notes),
        "not_understood": list(run.not_understood),
        "counts": {str(severity): count for severity, count in sorted(run.counts.items())},
    }
    return to_json(data)


def _file(file: CheckedFile) -> dict[str, Any]:
    return {
        "file": file.name,
        "error": {"message": file.error_message, "line": file.error_line} if file.error else None,
        "findings": [_problem(one) for one in file.problems],
        "stages": [_stage(index, stage) for index, stage in enumerate(file.stages)],
        "notes": list(file.notes),
    }


def _problem(one: ReportedProblem) -> dict[str, Any]:
    problem = one.problem
    return {
        "code": problem.code,
        "severity": str(problem.severity),
        "line": problem.span.line,
        "end_line": problem.span.end_line,
        "column": problem.span.column,
        "message": problem.message,
        "why": problem.why,
        "fix": problem.fix,
        "stage": problem.stage,
        "fingerprint": one.fingerprint,
    }


def _stage(index: int, stage: CheckedStage) -> dict[str, Any]:
    return {
        "index": index,
        "name": stage.title,
        "line": stage.line,
        "reach": str(stage.reach),
        "why": stage.why,
        "lines": [stage.extent.first, stage.extent.last],
    }


def _build(build: FoundBuild) -> dict[str, Any]:
    return {
        "file": build.file,
        "line": build.line,
        "kind": build.kind,
        "name": build.name,
        "dockerfile": build.dockerfile,
        "target": build.target,
        "build_args": dict(sorted(build.build_args.items())),
        "platforms": list(build.platforms),
        "contexts": list(build.contexts),
        "unknown": sorted(build.unknown),
        "certain": build.certain,
    }
