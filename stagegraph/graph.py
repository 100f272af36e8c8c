"""The graphs as networkx has them: stages and sources, and the steps inside.

Edges run in the direction of the build: from what is read to what reads it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import networkx

from stagegraph.edges import CONTEXT, edges_of, node_of, source_of
from stagegraph.model import Edge, EdgeKind, NodeKind
from stagegraph.steps import RawStep, StepBuilder, StepList

if TYPE_CHECKING:
    from stagegraph.build import Build

StageGraph = networkx.DiGraph
_STRONGEST = (EdgeKind.FROM, EdgeKind.COPY, EdgeKind.ADD, EdgeKind.MOUNT)


def stage_graph(build: Build, *, prune: bool = False) -> StageGraph[str]:
    """Every stage and source of ``build``; with ``prune`` only what its targets need.

    Node attributes: ``kind`` (NodeKind), ``label``, ``line`` (of the FROM, or None), ``index`` (of
    a stage, or None), ``needed`` (bool). Edge attributes: ``kind`` (the closest of its kinds),
    ``line`` (of the first), ``paths`` (all of them), ``references`` (a tuple of Edge).
    """
    parallel = _parallel(_all_edges(build))
    reached = _reached(parallel, build.targets)
    graph: StageGraph[str] = StageGraph()
    for node, attributes in _nodes(build, parallel).items():
        if node in reached or not prune:
            graph.add_node(node, **attributes, needed=node in reached)
    for (source, target), references in parallel.items():
        if target in reached or not prune:  # then its source is reached too
            _add_edge(graph, source, target, references)
    return graph


def pruned(graph: StageGraph[str], targets: Iterable[str]) -> StageGraph[str]:
    """A new graph with only ``targets`` and what they need, directly or not."""
    kept = _reached(graph.edges, targets)
    return graph.subgraph([node for node in graph if node in kept]).copy()


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


def _parallel(edges: Iterable[Edge]) -> dict[tuple[str, str], list[Edge]]:
    """The edges by source and target, in the order of the first of each."""
    found: dict[tuple[str, str], list[Edge]] = {}
    for edge in edges:
        found.setdefault((edge.source, edge.target), []).append(edge)
    return found


def _nodes(build: Build, pairs: Iterable[tuple[str, str]]) -> dict[str, dict[str, Any]]:
    """The attributes of every node: the stages of the file with their bases, then other sources."""
    found: dict[str, dict[str, Any]] = {}
    for variant in build.variants:
        for place in variant.resolved.places:
            stage = node_of(variant, place.index) if place.is_stage else None
            if stage and place.span:
                found[stage[0]] = _attributes(*stage[1:], place.span.line, place.index)
            source = source_of(place)
            if source and source[0] not in found:
                found[source[0]] = _attributes(*source[1:])
    for node, _ in pairs:
        if node not in found:
            found[node] = _other_source(node)
    return found


def _other_source(node: str) -> dict[str, Any]:
    if node == CONTEXT:
        return _attributes(NodeKind.CONTEXT, "build context")
    return _attributes(NodeKind.REMOTE, node.removeprefix("remote:"))


def _attributes(
    kind: NodeKind, label: str, line: int | None = None, index: int | None = None
) -> dict[str, Any]:
    return {"kind": kind, "label": label, "line": line, "index": index}


def _add_edge(graph: StageGraph[str], source: str, target: str, references: Sequence[Edge]) -> None:
    graph.add_edge(
        source,
        target,
        kind=min((edge.kind for edge in references), key=_STRONGEST.index),
        line=references[0].line,
        paths=tuple(dict.fromkeys(path for edge in references for path in edge.paths)),
        references=tuple(references),
    )


def _all_edges(build: Build) -> list[Edge]:
    """The edges of all variants, each as often as the variant has it that has it most often."""
    if len(build.variants) == 1:
        return list(edges_of(build.variants[0]))
    found: Counter[Edge] = Counter()
    for variant in build.variants:
        found |= Counter(edges_of(variant))
    return list(found.elements())


def _reached(pairs: Iterable[tuple[str, str]], targets: Iterable[str]) -> set[str]:
    """``targets`` and whatever they read, directly or not."""
    sources: dict[str, list[str]] = {}
    for source, target in pairs:
        sources.setdefault(target, []).append(source)
    reached: set[str] = set()
    waiting = list(targets)
    while waiting:
        node = waiting.pop()
        if node not in reached:
            reached.add(node)
            waiting.extend(sources.get(node, ()))
    return reached
