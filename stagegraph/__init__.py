"""The build graph of a Dockerfile, exactly as BuildKit will run it.

The public names load what they need when they are first used, so that importing stagegraph is
cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stagegraph.version import __version__

if TYPE_CHECKING:
    from stagegraph.api import affected, read, render, stage_graph, step_graph
    from stagegraph.check.check import CheckedFile
    from stagegraph.check.many import Run as CheckResult
    from stagegraph.check.run import check_paths as check
    from stagegraph.comparison.changes import Comparison
    from stagegraph.comparison.compare import compare
    from stagegraph.errors import (
        BakeError,
        DockerfileError,
        InputError,
        OptionsError,
        RenderError,
        StagegraphError,
    )
    from stagegraph.graph.build import Build
    from stagegraph.graph.report import analyse
    from stagegraph.graph.request import Request
    from stagegraph.graph.stage_graph import pruned as prune
    from stagegraph.model import (
        BakeTarget,
        Edge,
        EdgeKind,
        Finding,
        Node,
        NodeKind,
        Reach,
        Report,
        Role,
        Severity,
        Step,
    )
    from stagegraph.options import Options
    from stagegraph.picture.view import View
    from stagegraph.rebuild.context import Context, FileEntry, LinkEntry
    from stagegraph.rebuild.impact import Impact, Reason, ReasonKind, StepImpact, StepStatus
    from stagegraph.rebuild.state import BuildState
    from stagegraph.records.reading import read_records
    from stagegraph.records.record import Record
    from stagegraph.request.read import read_request
    from stagegraph.source import Source
    from stagegraph.timings.measure import measure
    from stagegraph.timings.timed_report import timed, weights
    from stagegraph.timings.timings import (
        PathPart,
        Phase,
        Saving,
        SavingKind,
        TimedStage,
        TimedStep,
        Timings,
    )

_PUBLIC = {
    "BakeError": "errors",
    "BakeTarget": "model",
    "Build": "graph.build",
    "CheckResult": "check.many:Run",
    "CheckedFile": "check.check",
    "BuildState": "rebuild.state",
    "Comparison": "comparison.changes",
    "Context": "rebuild.context",
    "DockerfileError": "errors",
    "Edge": "model",
    "EdgeKind": "model",
    "FileEntry": "rebuild.context",
    "Finding": "model",
    "Impact": "rebuild.impact",
    "InputError": "errors",
    "LinkEntry": "rebuild.context",
    "Node": "model",
    "NodeKind": "model",
    "Options": "options",
    "OptionsError": "errors",
    "PathPart": "timings.timings",
    "Phase": "timings.timings",
    "Reach": "model",
    "Reason": "rebuild.impact",
    "ReasonKind": "rebuild.impact",
    "Record": "records.record",
    "RenderError": "errors",
    "Report": "model",
    "Request": "graph.request",
    "Role": "model",
    "Saving": "timings.timings",
    "SavingKind": "timings.timings",
    "Severity": "model",
    "Source": "source",
    "StagegraphError": "errors",
    "Step": "model",
    "StepImpact": "rebuild.impact",
    "StepStatus": "rebuild.impact",
    "TimedStage": "timings.timings",
    "TimedStep": "timings.timings",
    "Timings": "timings.timings",
    "View": "picture.view",
    "affected": "api",
    "analyse": "graph.report",
    "check": "check:",  # the package itself can be called
    "compare": "comparison.compare",
    "measure": "timings.measure",
    "prune": "graph.stage_graph:pruned",
    "read": "api",
    "read_records": "records.reading",
    "read_request": "request.read",
    "render": "api",
    "stage_graph": "api",
    "step_graph": "api",
    "timed": "timings.timed_report",
    "weights": "timings.timed_report",
}

__all__ = [
    "BakeError",
    "BakeTarget",
    "Build",
    "BuildState",
    "CheckResult",
    "CheckedFile",
    "Comparison",
    "Context",
    "DockerfileError",
    "Edge",
    "EdgeKind",
    "FileEntry",
    "Finding",
    "Impact",
    "InputError",
    "LinkEntry",
    "Node",
    "NodeKind",
    "Options",
    "OptionsError",
    "PathPart",
    "Phase",
    "Reach",
    "Reason",
    "ReasonKind",
    "Record",
    "RenderError",
    "Report",
    "Request",
    "Role",
    "Saving",
    "SavingKind",
    "Severity",
    "Source",
    "StagegraphError",
    "Step",
    "StepImpact",
    "StepStatus",
    "TimedStage",
    "TimedStep",
    "Timings",
    "View",
    "__version__",
    "affected",
    "analyse",
    "check",
    "compare",
    "measure",
    "prune",
    "read",
    "read_records",
    "read_request",
    "render",
    "stage_graph",
    "step_graph",
    "timed",
    "weights",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'stagegraph' has no attribute {name!r}")
    from importlib import import_module

    path, colon, attribute = _PUBLIC[name].partition(":")
    module = import_module(f"stagegraph.{path}")
    value = module if colon and not attribute else getattr(module, attribute or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
