"""A report with what a record measured: times and cached marks, and the path that the build took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from msgspec.structs import replace

from stagegraph.graph.build import Build
from stagegraph.graph.report import analyse
from stagegraph.model import Edge, Measured, Node, NodeKind, Report, Step, StepKind
from stagegraph.records.collector import merged
from stagegraph.timings.static_graph import steps_of, weights
from stagegraph.timings.timings import TimedStep, Timings, seconds


def timed(build: Build, found: Timings) -> Report:
    """The report of ``build``, which ``found`` measured: finish and slack in seconds, the path measured.

    Steps and nodes that the record has nothing of have no times.
    """
    report = analyse(build, weights(found, build))
    known = steps_of(found, build)
    path = {part.step for part in found.path}
    critical = {position for position, step in known.items() if step.id in path}
    steps = tuple(_step(step, known.get(step.id), step.id in critical, found) for step in report.steps)
    own: dict[str, list[TimedStep]] = {}
    for step in steps:
        if step.id in known:
            for node in _nodes(step):
                own.setdefault(node, []).append(known[step.id])
    passed = _passed(steps, known, found)
    return replace(
        report,
        steps=steps,
        nodes=tuple(_node(node, own.get(node.id, ()), path, found) for node in report.nodes),
        edges=tuple(_edge(edge, passed) for edge in report.edges),
        critical_path=tuple(_in_order(critical, known, found)),
    )


def _step(step: Step, measured: TimedStep | None, critical: bool, found: Timings) -> Step:
    return replace(step, critical=critical, measured=_measured([measured] if measured else (), found))


def _node(node: Node, own: Iterable[TimedStep], path: set[int], found: Timings) -> Node:
    steps = list({step.id: step for step in own}.values())
    return replace(node, critical=any(step.id in path for step in steps), measured=_measured(steps, found))


def _measured(steps: Iterable[TimedStep], found: Timings) -> Measured | None:
    ran = [step for step in steps if step.ran]
    if not ran:
        return None
    busy = sum(end - start for start, end in merged(i for step in ran for i in step.intervals))
    return Measured(
        seconds=seconds(busy),
        share=busy / found.wall if found.wall else 0.0,
        cached=all(step.cached for step in ran),
        error=next((step.error for step in ran if step.error), ""),
    )


def _nodes(step: Step) -> list[str]:
    """The nodes that a step belongs to: the source that it loads, or its stages."""
    if step.kind is StepKind.SOURCE:
        return [step.node]
    return [f"{NodeKind.STAGE}:{stage}" for stage in step.stages]


def _in_order(critical: Iterable[int], known: Mapping[int, TimedStep], found: Timings) -> list[int]:
    place = {part.step: number for number, part in enumerate(found.path)}
    return sorted(critical, key=lambda position: (place[known[position].id], position))


def _passed(steps: Iterable[Step], known: Mapping[int, TimedStep], found: Timings) -> set[tuple[str, str]]:
    """The pairs of nodes between which the measured path passes."""
    nodes: dict[int, set[str]] = {}
    for step in steps:
        if step.id in known:
            nodes.setdefault(known[step.id].id, set()).update(_nodes(step))
    parts = [nodes[part.step] for part in found.path if part.step in nodes]
    return {(a, b) for before, after in pairwise(parts) for a in before for b in after}


def _edge(edge: Edge, passed: set[tuple[str, str]]) -> Edge:
    return replace(edge, critical=edge.needed and (edge.source, edge.target) in passed)
