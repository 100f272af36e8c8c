"""Marks in the report of a build what a change runs again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from stagegraph.model import Node, Rebuild, Report, StepKind
from stagegraph.rebuild.impact import StepImpact, StepStatus

_ORDER = (StepStatus.RUNS_AGAIN, StepStatus.MAY_RUN, StepStatus.CACHED)
_NO_STEPS = (StepKind.SOURCE, StepKind.RESULT)


def marked(report: Report, impact: Sequence[StepImpact]) -> Report:
    """``report`` with the status of every step and stage; ``impact`` is about the steps of the same build.

    A stage has the status of its first step that runs again, else of one that may, and the line of it.
    """
    steps_of: dict[str, list[StepImpact]] = {}
    for step in report.steps:
        for node in report.nodes_of(step) if step.kind not in _NO_STEPS else ():
            steps_of.setdefault(node, []).append(impact[step.id])
    return replace(
        report,
        nodes=tuple(_node(node, steps_of.get(node.id, ())) for node in report.nodes),
        steps=tuple(
            step if step.kind in _NO_STEPS else replace(step, rebuild=_rebuild([impact[step.id]]))
            for step in report.steps
        ),
    )


def _node(node: Node, steps: Sequence[StepImpact]) -> Node:
    return replace(node, rebuild=_rebuild(steps)) if steps else node


def _rebuild(steps: Iterable[StepImpact]) -> Rebuild:
    first = min(steps, key=lambda step: (_ORDER.index(step.status), step.line or 0, step.id))
    cached = first.status is StepStatus.CACHED
    return Rebuild(status=first.status.value, line=None if cached else first.line)
