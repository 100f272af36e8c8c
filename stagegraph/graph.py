"""The graphs as networkx has them: stages and sources, and the steps inside.

Edges run in the direction of the build: from what is read to what reads it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import networkx

from stagegraph.edges import CONTEXT, edges_of, node_of, source_of
from stagegraph.model import Edge, EdgeKind, NodeKind
from stagegraph.steps import RawStep, StepBuilder, StepList

if TYPE_CHECKING:
    from stagegraph.build import Build, Variant

StageGraph = networkx.DiGraph
_STRONGEST = (EdgeKind.FROM, EdgeKind.COPY, EdgeKind.ADD, EdgeKind.MOUNT)


def stage_graph(build: Build) -> StageGraph[str]:
    """Every stage and source of ``build``.

    Node attributes: ``kind`` (NodeKind), ``label``, ``line`` (of the FROM, or None), ``index`` (of
    a stage, or None), ``needed`` (bool). Edge attributes: ``kind`` (the closest of its kinds),
    ``line`` (of the first), ``paths`` (all of them), ``references`` (a tuple of Edge).
    """
    graph: StageGraph[str] = StageGraph()
    for variant in build.variants:
        _add_nodes(graph, variant)
    _add_edges(graph, _all_edges(build))
    reached = _ancestors(graph, build.targets)
    for node, attributes in graph.nodes(data=True):
        attributes["needed"] = node in reached
    return graph


def pruned(graph: StageGraph[str], targets: Iterable[str]) -> StageGraph[str]:
    """A new graph with only ``targets`` and what they need, directly or not."""
    kept = _ancestors(graph, targets)
    smaller: StageGraph[str] = StageGraph()
    for node, data in graph.nodes(data=True):
        if node in kept:
            smaller.add_node(node, **data)
    for source, target, data in graph.edges(data=True):
        if target in kept:  # then its source is kept too
            smaller.add_edge(source, target, **data)
    return smaller


def raw_steps(build: Build) -> list[RawStep]:
    """The steps of all variants of ``build``, equal ones merged, inputs before users."""
    steps = StepList()
    several = len(build.options.all_platforms) > 1
    for variant in build.variants:
        StepBuilder(variant.resolved, variant.actions, steps, several).build()
    return steps.steps


def step_graph(build: Build) -> networkx.DiGraph[int]:
    """The DAG of steps; node attributes ``name``, ``kind``, ``line``, ``stages``."""
    graph: networkx.DiGraph[int] = networkx.DiGraph()
    steps = raw_steps(build)
    for position, step in enumerate(steps):
        line = step.span.line if step.span else None
        graph.add_node(position, name=step.name, kind=step.kind, line=line, stages=tuple(step.stages))
    graph.add_edges_from((read, position) for position, step in enumerate(steps) for read in step.inputs)
    return graph


def _add_nodes(graph: StageGraph[str], variant: Variant) -> None:
    for place in variant.resolved.places:
        found = node_of(variant, place.index)
        if place.is_stage and found and place.span:
            graph.add_node(found[0], kind=found[1], label=found[2], line=place.span.line, index=place.index)
        for other in (source_of(place),):
            if other and other[0] not in graph:
                graph.add_node(other[0], kind=other[1], label=other[2], line=None, index=None)


def _add_edges(graph: StageGraph[str], edges: Sequence[Edge]) -> None:
    parallel: dict[tuple[str, str], list[Edge]] = {}
    for edge in edges:
        parallel.setdefault((edge.source, edge.target), []).append(edge)
    for (source, target), references in parallel.items():
        if source not in graph:
            _add_source(graph, source)
        graph.add_edge(
            source,
            target,
            kind=min((edge.kind for edge in references), key=_STRONGEST.index),
            line=references[0].line,
            paths=tuple(dict.fromkeys(path for edge in references for path in edge.paths)),
            references=tuple(references),
        )


def _add_source(graph: StageGraph[str], node: str) -> None:
    if node == CONTEXT:
        graph.add_node(node, kind=NodeKind.CONTEXT, label="build context", line=None, index=None)
    else:
        label = node.removeprefix("remote:")
        graph.add_node(node, kind=NodeKind.REMOTE, label=label, line=None, index=None)


def _all_edges(build: Build) -> list[Edge]:
    """The edges of all variants, each as often as the variant has it that has it most often."""
    if len(build.variants) == 1:
        return list(edges_of(build.variants[0]))
    found: Counter[Edge] = Counter()
    for variant in build.variants:
        found |= Counter(edges_of(variant))
    return list(found.elements())


def _ancestors(graph: StageGraph[str], targets: Iterable[str]) -> set[str]:
    reached: set[str] = set()
    waiting = list(targets)
    while waiting:
        node = waiting.pop()
        if node not in reached:
            reached.add(node)
            waiting.extend(graph.predecessors(node))
    return reached
