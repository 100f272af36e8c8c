"""Puts the timings of a record into the report of its Dockerfile: times, cached marks, the path taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from stagegraph.graph.build import Build
from stagegraph.graph.nodes import nodes_of_step
from stagegraph.graph.report import analyse
from stagegraph.model import Edge, Measured, Node, Report, Step
from stagegraph.records.collector import merged
from stagegraph.timings.candidates import StepIndex
from stagegraph.timings.step_names import VertexKind
from stagegraph.timings.timings import TimedStep, Timings, seconds


def weights(timings: Timings, build: Build) -> dict[int, float]:
    """The recorded duration in seconds of each step of ``build.step_graph()`` that the record has.

    ``stagegraph.analyse(build, weights(timings, build))`` is the report of the build with these durations.
    """
    return _weights(timings, StepIndex(build.steps))


def _weights(timings: Timings, index: StepIndex) -> dict[int, float]:
    result: dict[int, float] = {}
    for step in timings.steps:
        if step.kind not in (VertexKind.FRONTEND, VertexKind.EXPORT) and step.ran:
            for position in index.find(step.name, step.lines)[:1]:
                result[position] = result.get(position, 0.0) + seconds(step.duration)
    return result


def timed(build: Build, timings: Timings) -> Report:
    """The report of ``build`` with what ``timings`` has of it: durations and the critical path of the record.

    ``finish`` and ``slack`` are in seconds; steps and nodes that the record does not have have no times.
    """
    index = StepIndex(build.steps)
    report = analyse(build, _weights(timings, index))
    recorded = _recorded_steps(timings, index)
    path = {part.step: number for number, part in enumerate(timings.path)}
    critical = {position for position, step in recorded.items() if step.id in path}
    stages = [node.id for node in report.nodes]
    steps_of = _steps_of_nodes(report.steps, recorded, stages)
    edges = _EdgesOfPath(timings, report.steps, recorded, stages)
    return replace(
        report,
        steps=tuple(_step(s, recorded.get(s.id), s.id in critical, timings) for s in report.steps),
        nodes=tuple(_node(node, steps_of.get(node.id, {}).values(), path, timings) for node in report.nodes),
        edges=tuple(_edge(edge, edges) for edge in report.edges),
        critical_path=tuple(sorted(critical, key=lambda step: (path[recorded[step].id], step))),
    )


def _recorded_steps(timings: Timings, index: StepIndex) -> dict[int, TimedStep]:
    """The recorded step of each step of the build that the record has, by its position."""
    recorded: dict[int, TimedStep] = {}
    for step in timings.steps:
        for position in index.find(step.name, step.lines):
            recorded.setdefault(position, step)
    return recorded


def _steps_of_nodes(
    steps: Iterable[Step], recorded: Mapping[int, TimedStep], stages: Sequence[str]
) -> dict[str, dict[int, TimedStep]]:
    """The recorded steps of each node, by their ids."""
    result: dict[str, dict[int, TimedStep]] = {}
    for step in steps:
        own = recorded.get(step.id)
        if own:
            for node in nodes_of_step(step, stages):
                result.setdefault(node, {})[own.id] = own
    return result


def _step(step: Step, recorded: TimedStep | None, critical: bool, timings: Timings) -> Step:
    return replace(step, critical=critical, measured=_measured([recorded] if recorded else [], timings))


def _node(node: Node, steps: Iterable[TimedStep], path: Mapping[int, int], timings: Timings) -> Node:
    own = list(steps)
    return replace(node, critical=any(step.id in path for step in own), measured=_measured(own, timings))


def _measured(steps: Iterable[TimedStep], timings: Timings) -> Measured | None:
    ran = [step for step in steps if step.ran]
    if not ran:
        return None
    busy = sum(end - start for start, end in merged(i for step in ran for i in step.intervals))
    return Measured(
        seconds=seconds(busy),
        share=busy / timings.known_wall if timings.wall else 0.0,
        cached=all(step.cached for step in ran),
        error=next((step.error for step in ran if step.error), ""),
    )


class _EdgesOfPath:
    """Tells which pairs of nodes the critical path passes one after the other."""

    def __init__(
        self,
        timings: Timings,
        steps: Sequence[Step],
        recorded: Mapping[int, TimedStep],
        stages: Sequence[str],
    ) -> None:
        nodes: dict[int, set[str]] = {}
        for step in steps:
            if step.id in recorded:
                nodes.setdefault(recorded[step.id].id, set()).update(nodes_of_step(step, stages))
        passed = (nodes[part.step] for part in timings.path if part.step in nodes)
        # A step can belong to many stages, so pairs are not listed but looked up by their positions.
        self._positions: dict[str, set[int]] = {}
        for position, own in enumerate(passed):
            for node in own:
                self._positions.setdefault(node, set()).add(position)

    def __contains__(self, pair: tuple[str, str]) -> bool:
        before, after = (self._positions.get(node, set()) for node in pair)
        if len(before) < len(after):
            return any(position + 1 in after for position in before)
        return any(position - 1 in before for position in after)


def _edge(edge: Edge, path: _EdgesOfPath) -> Edge:
    return replace(edge, critical=edge.needed and (edge.source, edge.target) in path)
