"""Puts the timings of a record into the report of its Dockerfile: times, cached marks, the path taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from stagegraph.graph.build import Build
from stagegraph.graph.critical_nodes import with_critical_nodes
from stagegraph.graph.report import analyse
from stagegraph.graph.request import Request
from stagegraph.model import Measured, Node, Report, Step
from stagegraph.records.collector import merged
from stagegraph.timings.candidates import StepIndex
from stagegraph.timings.step_names import VertexKind
from stagegraph.timings.timings import TimedStep, Timings, seconds


def weights(timings: Timings, build: Build) -> dict[int, float]:
    """The recorded duration in seconds of each step of ``build.step_graph()`` that the record has.

    ``stagegraph.analyse(build, weights(timings, build))`` is the report of the build with these durations.
    """
    return _weights(timings, _positions(timings, build))


def timed(build: Build, timings: Timings) -> Report:
    """The report of ``build`` with what ``timings`` has of it: durations and the critical path of the record.

    ``finish`` and ``slack`` are in seconds; steps and nodes that the record does not have have no times.
    """
    return with_times(build, timings, _positions(timings, build))


def with_times(value: Build | Request, timings: Timings, positions: Mapping[int, Sequence[int]]) -> Report:
    """As ``timed``; ``positions`` has the steps of ``value`` for each recorded step, by its id."""
    report = analyse(value, _weights(timings, positions))
    recorded: dict[int, TimedStep] = {}
    for step in timings.steps:
        for position in positions[step.id]:
            recorded.setdefault(position, step)
    path = {part.step: number for number, part in enumerate(timings.path)}
    critical = {position for position, step in recorded.items() if step.id in path}
    steps_of = _steps_of_nodes(report, recorded)
    timed_report = replace(
        report,
        steps=tuple(_step(s, recorded.get(s.id), s.id in critical, timings) for s in report.steps),
        nodes=tuple(_node(node, steps_of.get(node.id, {}).values(), timings) for node in report.nodes),
        critical_path=tuple(sorted(critical, key=lambda step: (path[recorded[step].id], step))),
    )
    return with_critical_nodes(timed_report)


def _positions(timings: Timings, build: Build) -> dict[int, tuple[int, ...]]:
    """The positions in ``build.steps`` of each recorded step, by its id."""
    index = StepIndex(build.steps)
    return {step.id: index.find(step.name, step.lines) for step in timings.steps}


def _weights(timings: Timings, positions: Mapping[int, Sequence[int]]) -> dict[int, float]:
    result: dict[int, float] = {}
    for step in timings.steps:
        if step.kind not in (VertexKind.FRONTEND, VertexKind.EXPORT) and step.ran:
            for position in positions[step.id][:1]:
                result[position] = result.get(position, 0.0) + seconds(step.duration)
    return result


def _steps_of_nodes(report: Report, recorded: Mapping[int, TimedStep]) -> dict[str, dict[int, TimedStep]]:
    """The recorded steps of each node, by their ids."""
    result: dict[str, dict[int, TimedStep]] = {}
    for step in report.steps:
        own = recorded.get(step.id)
        if own:
            for node in report.nodes_of(step):
                result.setdefault(node, {})[own.id] = own
    return result


def _step(step: Step, recorded: TimedStep | None, critical: bool, timings: Timings) -> Step:
    return replace(step, critical=critical, measured=_measured([recorded] if recorded else [], timings))


def _node(node: Node, steps: Iterable[TimedStep], timings: Timings) -> Node:
    return replace(node, measured=_measured(steps, timings))


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
