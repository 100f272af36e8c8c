"""The graphs as networkx has them: stages and sources, and the steps inside.

Edges run in the direction of the build: from what is read to what reads it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import networkx
from msgspec import Struct

from stagegraph.graph.edges import CONTEXT, edges_of, node_of, source_of
from stagegraph.graph.steps import raw_steps as raw_steps
from stagegraph.model import Edge, EdgeKind, NodeKind

if TYPE_CHECKING:
    from stagegraph.graph.build import Build


class OutlineNode(Struct, frozen=True):
    """A stage or a source; ``line`` and ``index`` are those of a stage."""

    kind: NodeKind
    label: str
    line: int | None = None
    index: int | None = None


class Outline(NamedTuple):
    """Every stage and source of a build, needed or not.

    ``edges`` are keyed by what is read and what reads it; ``needed`` are the ids of nodes that the
    targets read, directly or not, and the targets.
    """

    nodes: Mapping[str, OutlineNode]
    edges: Mapping[tuple[str, str], tuple[Edge, ...]]
    needed: frozenset[str]


def outline_of(build: Build) -> Outline:
    """The outline of all variants of ``build`` together."""
    edges = _parallel(_all_edges(build))
    return Outline(nodes=_nodes(build, edges), edges=edges, needed=reached(edges, build.targets))


def reached(pairs: Iterable[tuple[str, str]], targets: Iterable[str]) -> frozenset[str]:
    """``targets`` and whatever they read, directly or not."""
    sources: dict[str, list[str]] = {}
    for source, target in pairs:
        sources.setdefault(target, []).append(source)
    found: set[str] = set()
    waiting = list(targets)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(sources.get(node, ()))
    return frozenset(found)


def _parallel(edges: Iterable[Edge]) -> dict[tuple[str, str], tuple[Edge, ...]]:
    """The edges by source and target, in the order of the first of each."""
    found: dict[tuple[str, str], list[Edge]] = {}
    for edge in edges:
        found.setdefault((edge.source, edge.target), []).append(edge)
    return {pair: tuple(parallel) for pair, parallel in found.items()}


def _nodes(build: Build, pairs: Iterable[tuple[str, str]]) -> dict[str, OutlineNode]:
    """Every node: the stages of the file with their bases, then other sources."""
    found: dict[str, OutlineNode] = {}
    for variant in build.target_builds:
        for place in variant.resolved.sources:
            stage = node_of(variant, place.index) if place.is_stage else None
            if stage and place.span:
                found[stage[0]] = OutlineNode(*stage[1:], place.span.line, place.index)
            source = source_of(place)
            if source and source[0] not in found:
                found[source[0]] = OutlineNode(*source[1:])
    for node, _ in pairs:
        if node not in found:
            found[node] = _other_source(node)
    return found


def _other_source(node: str) -> OutlineNode:
    if node == CONTEXT:
        return OutlineNode(NodeKind.CONTEXT, "build context")
    return OutlineNode(NodeKind.REMOTE, node.removeprefix("remote:"))


def _all_edges(build: Build) -> list[Edge]:
    """The edges of all variants, each as often as the variant has it that has it most often."""
    if len(build.target_builds) == 1:
        return list(edges_of(build.target_builds[0]))
    found: Counter[Edge] = Counter()
    for variant in build.target_builds:
        found |= Counter(edges_of(variant))
    return list(found.elements())


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
