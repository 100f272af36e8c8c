"""The graphs as networkx has them: stages and sources, and the steps inside.

Edges run in the direction of the build: from what is read to what reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import networkx

from stagegraph.model import Edge, EdgeKind
from stagegraph.outline import reached
from stagegraph.steps import raw_steps as raw_steps

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
    nodes, edges, needed = build.outline
    graph: StageGraph[str] = StageGraph()
    for name, node in nodes.items():
        if name in needed or not prune:
            graph.add_node(
                name,
                kind=node.kind,
                label=node.label,
                line=node.line,
                index=node.index,
                needed=name in needed,
            )
    for (source, target), references in edges.items():
        if target in needed or not prune:  # then its source is needed too
            first = references[0]
            kind, paths = (first.kind, first.paths) if len(references) == 1 else _together(references)
            graph.add_edge(source, target, kind=kind, line=first.line, paths=paths, references=references)
    return graph


def _together(references: Sequence[Edge]) -> tuple[EdgeKind, tuple[str, ...]]:
    """The closest kind of several edges, and the paths of all."""
    kind = min((edge.kind for edge in references), key=_STRONGEST.index)
    return kind, tuple(dict.fromkeys(path for edge in references for path in edge.paths))


def pruned(graph: StageGraph[str], targets: Iterable[str]) -> StageGraph[str]:
    """A new graph with only ``targets`` and what they need, directly or not."""
    kept = reached(graph.edges, targets)
    return graph.subgraph([node for node in graph if node in kept]).copy()


def step_graph(build: Build) -> networkx.DiGraph[int]:
    """The DAG of steps; node attributes ``name``, ``kind``, ``line``, ``stages``."""
    graph: networkx.DiGraph[int] = networkx.DiGraph()
    steps = raw_steps(build)
    for position, step in enumerate(steps):
        line = step.span.line if step.span else None
        graph.add_node(position, name=step.name, kind=step.kind, line=line, stages=tuple(step.stages))
    graph.add_edges_from((read, position) for position, step in enumerate(steps) for read in step.inputs)
    return graph
