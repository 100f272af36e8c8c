"""How long a rebuild takes by the recorded times of its steps, and the chain of steps that it waits for."""

from __future__ import annotations

from collections.abc import Mapping

import networkx
from msgspec import Struct

from stagegraph.graph.critical_path import schedule
from stagegraph.rebuild.impact import StepStatus
from stagegraph.rebuild.targets import AffectedTarget


class RebuildTime(Struct, frozen=True, kw_only=True):
    """The recorded time, in seconds, of the steps of one build after a change.

    ``again`` is that of the steps that run again, ``may`` that of those that may, ``total`` that of all.
    ``unknown`` are the steps that run again or may, and have no recorded time. ``path`` is the critical path
    of the rebuild, first step first, if what may run again does; ``length`` is its time.
    """

    again: float
    may: float
    total: float
    unknown: tuple[int, ...]
    path: tuple[int, ...]
    length: float


def rebuild_time(target: AffectedTarget, seconds: Mapping[int, float]) -> RebuildTime:
    """The time of what a change runs again in ``target``; ``seconds`` has durations of steps by position.

    A cached step takes no time, but what reads it waits for the steps above it: BuildKit compares its files
    only when they exist (moby/buildkit solver/edge.go, slow cache keys).
    """
    waits = [step for step in target.shown if step.status is not StepStatus.CACHED]
    weights = [0.0] * len(target.steps)
    for step in waits:
        weights[step.id] = seconds.get(step.id, 0.0)
    graph: networkx.DiGraph[int] = networkx.DiGraph()
    graph.add_nodes_from(range(len(target.steps)))
    graph.add_edges_from((read, step.id) for step in target.steps for read in step.inputs)
    found = schedule(graph, weights)
    ids = {step.id for step in waits}
    return RebuildTime(
        again=sum(weights[step.id] for step in waits if step.status is StepStatus.RUNS_AGAIN),
        may=sum(weights[step.id] for step in waits if step.status is StepStatus.MAY_RUN),
        total=sum(seconds.get(step.id, 0.0) for step in target.shown),
        unknown=tuple(step.id for step in waits if step.id not in seconds),
        path=tuple(step for step in found.path if step in ids),
        length=found.length,
    )
