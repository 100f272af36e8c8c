"""Marks in the report of a build what a change runs again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from stagegraph.model import Node, Rebuild, Report, StepKind
from stagegraph.rebuild.impact import StepImpact, StepStatus
from stagegraph.rebuild.targets import AffectedTarget
from stagegraph.source import printable

_ORDER = (StepStatus.RUNS_AGAIN, StepStatus.MAY_RUN, StepStatus.CACHED)
_NO_STEPS = (StepKind.SOURCE, StepKind.RESULT)


def marked(report: Report, impact: Sequence[StepImpact]) -> Report:
    """``report`` with the status of every step and stage; ``impact`` is about the steps of the same build.

    A stage has the status of its first step that runs again, else of one that may, and the line of it.
    """
    return _marked(report, {step.id: [step] for step in impact})


def marked_request(report: Report, targets: Iterable[AffectedTarget]) -> Report:
    """As ``marked``, for a report of several Dockerfiles and the impact on each of its bake targets.

    What cannot be matched to a step of a target has no status. Notes name the targets that fail.
    """
    by_name: dict[tuple[str, int | None, str], list[int]] = {}
    for step in report.steps:
        for name, line in {(step.name, step.line), *step.others}:
            by_name.setdefault(_key(name, line, report), []).append(step.id)
    impacts: dict[int, list[StepImpact]] = {}
    notes = []
    for target in targets:
        names = _built_alike(target.target.name, report)
        for impact in target.steps:
            for name in names:
                for step_id in by_name.get((name, impact.line, _instruction(impact.name)), ()):
                    impacts.setdefault(step_id, []).append(impact)
        if target.note:
            notes.append(printable(f"target {target.target.name}: {target.note}"))
    return replace(_marked(report, impacts), notes=(*report.notes, *notes))


def _key(name: str, line: int | None, report: Report) -> tuple[str, int | None, str]:
    """The bake target in the name of a step, its line and its instruction."""
    has_target = len(report.bake_targets) > 1 and name.startswith("[")
    return name[1:].split(" ", 1)[0] if has_target else "", line, _instruction(name)


def _instruction(name: str) -> str:
    """The name of a step without its stage and its number, which a named context can change."""
    return name.partition("] ")[2] or name


def _built_alike(name: str, report: Report) -> list[str]:
    """The bake targets whose image is that of ``name``: steps are named after one of them."""
    if len(report.bake_targets) < 2:
        return [""]
    nodes = {one.node for one in report.bake_targets if one.name == name}
    return [one.name for one in report.bake_targets if one.node in nodes]


def _marked(report: Report, impacts: Mapping[int, Sequence[StepImpact]]) -> Report:
    steps_of: dict[str, list[StepImpact]] = {}
    for step in report.steps:
        for node in report.nodes_of(step) if step.kind not in _NO_STEPS else ():
            steps_of.setdefault(node, []).extend(impacts.get(step.id, ()))
    return replace(
        report,
        nodes=tuple(_node(node, steps_of.get(node.id, ())) for node in report.nodes),
        steps=tuple(
            step
            if step.kind in _NO_STEPS or step.id not in impacts
            else replace(step, rebuild=_rebuild(impacts[step.id]))
            for step in report.steps
        ),
    )


def _node(node: Node, steps: Sequence[StepImpact]) -> Node:
    return replace(node, rebuild=_rebuild(steps)) if steps else node


def _rebuild(steps: Iterable[StepImpact]) -> Rebuild:
    first = min(steps, key=lambda step: (_ORDER.index(step.status), step.line or 0, step.id))
    cached = first.status is StepStatus.CACHED
    return Rebuild(status=first.status.value, line=None if cached else first.line)
