"""The stage graph: a networkx DiGraph of stages and sources, the one model of a build's structure.

Edges run in the direction of the build: from what is read to the stage that reads it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import networkx
from msgspec.structs import replace

from stagegraph.dockerfile.instructions import Run
from stagegraph.dockerfile.stages import SCRATCH, Resolved, distinct_stages, needs
from stagegraph.graph.edges import base_node, edges_of
from stagegraph.graph.naming import Naming
from stagegraph.model import CONTEXT_ID, Edge, EdgeKind, NodeKind, stage_id
from stagegraph.source import printable

_NOT_A_STAGE: dict[str, object] = {"needed": False, "runs": False}
_STRONGEST = (EdgeKind.FROM, EdgeKind.COPY, EdgeKind.ADD, EdgeKind.MOUNT)

if TYPE_CHECKING:
    _DiGraph = networkx.DiGraph[str]
else:
    _DiGraph = networkx.DiGraph


class StageGraph(_DiGraph):
    """A DiGraph of stages and sources whose attributes are text, numbers and booleans.

    So every writer of networkx takes it. ``references`` has the typed values beside it: for each edge one
    Edge for every instruction; none where BuildKit builds a stage named scratch because of a mount
    without from.
    """

    references: Mapping[tuple[str, str], tuple[Edge, ...]] = MappingProxyType({})

    def copy(self, as_view: bool = False) -> StageGraph:
        """A copy with the same references."""
        copied: StageGraph = super().copy(as_view=as_view)
        copied.references = self.references
        return copied


def stage_graph(builds: Sequence[Resolved], targets: Iterable[str]) -> StageGraph:
    """The graph of every stage and source, needed for ``targets`` (node ids) or not.

    Node attributes: ``kind`` (the text of a NodeKind), ``label``, ``needed`` (bool), ``runs`` (whether a
    stage has a RUN), and of a stage ``line`` (of its FROM) and ``index``. Edge attributes: ``kind`` (the
    text of the closest EdgeKind), ``line`` (of the first), ``paths`` (all of them, one a line).
    """
    builds = distinct_stages(builds)
    graph = StageGraph()
    _add_stages_and_images(graph, builds)
    parallel = _parallel(_all_edges(builds))
    graph.references = parallel
    for (source, target), references in parallel.items():
        if source not in graph:
            graph.add_node(source, **_other_source(source))
        graph.add_edge(source, target, **_attributes(references))
    for resolved in builds:
        if SCRATCH in resolved.by_name:
            _add_scratch_stage(graph, resolved)
    mark_needed(graph, targets)
    return graph


def mark_needed(graph: StageGraph, targets: Iterable[str]) -> None:
    """Mark ``targets`` and everything that they need as needed."""
    for node in ancestors(graph, targets):
        graph.nodes[node]["needed"] = True


def joined(graph: StageGraph, parts: Iterable[tuple[StageGraph, Naming]]) -> None:
    """Add to ``graph`` the graph of each Dockerfile of a request, with the names that it has there.

    A source of several Dockerfiles is one node. Nothing is marked as needed.
    """
    references = dict(graph.references)
    for part, naming in parts:
        names = {node: naming.node_id(node) for node in part}
        for node, data in part.nodes.items():
            if names[node] not in graph:
                graph.add_node(
                    names[node], **{**data, "label": naming.label(node, data["label"]), "needed": False}
                )
        for source, target, data in part.edges(data=True):
            pair = names[source], names[target]
            own = part.references.get((source, target), ())
            moved = tuple(replace(edge, source=pair[0], target=pair[1]) for edge in own)
            references[pair] = (*references.get(pair, ()), *moved)
            graph.add_edge(*pair, **(_attributes(references[pair]) if references[pair] else data))
    graph.references = references


def _add_stages_and_images(graph: StageGraph, builds: Iterable[Resolved]) -> None:
    """Add the nodes of all stages and their bases, then of the images that instructions name."""
    for resolved in builds:
        for source in resolved.counted_sources:
            if source.text and source.span:
                node = stage_id(source.index)
                runs = any(isinstance(command.instruction, Run) for command in source.commands)
                graph.add_node(
                    node,
                    kind=NodeKind.STAGE.value,
                    label=printable(source.title),
                    line=source.span.line,
                    index=source.index,
                    needed=False,
                    runs=runs or (node in graph and graph.nodes[node]["runs"]),
                )
            base = base_node(source)
            if base and base[0] not in graph:
                graph.add_node(base[0], kind=base[1].value, label=printable(base[2]), **_NOT_A_STAGE)


def _other_source(node: str) -> dict[str, object]:
    if node == CONTEXT_ID:
        return {"kind": NodeKind.CONTEXT.value, "label": "build context", **_NOT_A_STAGE}
    label = printable(node.removeprefix(f"{NodeKind.REMOTE}:"))
    return {"kind": NodeKind.REMOTE.value, "label": label, **_NOT_A_STAGE}


def _all_edges(builds: Sequence[Resolved]) -> list[Edge]:
    """The edges of all builds, each as often as in the build that has it most often."""
    if len(builds) == 1:
        return list(edges_of(builds[0]))
    edges: Counter[Edge] = Counter()
    for resolved in builds:
        edges |= Counter(edges_of(resolved))
    return list(edges.elements())


def _parallel(edges: Iterable[Edge]) -> dict[tuple[str, str], tuple[Edge, ...]]:
    """The edges by source and target, in the order of the first of each pair."""
    pairs: dict[tuple[str, str], list[Edge]] = {}
    for edge in edges:
        pairs.setdefault((edge.source, edge.target), []).append(edge)
    return {pair: tuple(parallel) for pair, parallel in pairs.items()}


def _attributes(references: Sequence[Edge]) -> dict[str, object]:
    first = references[0]
    kind, paths = first.kind, first.paths
    if len(references) > 1:
        kind = min((edge.kind for edge in references), key=_STRONGEST.index)
        paths = tuple(dict.fromkeys(path for edge in references for path in edge.paths))
    return {"kind": kind.value, "line": first.line, "paths": "\n".join(map(printable, paths))}


def _add_scratch_stage(graph: StageGraph, resolved: Resolved) -> None:
    """Add the edges from a stage named scratch to the stages with a mount without from.

    BuildKit builds it for them, whatever the type of the mount (convert_runmount.go, detectRunMount).
    """
    stages = resolved.stages
    for stage in stages:
        for read in needs(stage):
            pair = (stage_id(read), stage_id(stage.index))
            if read < len(stages) and not graph.has_edge(*pair):
                line = stage.span.line if stage.span else 1  # every stage of the file has a span
                graph.add_edge(*pair, kind=EdgeKind.MOUNT.value, line=line, paths="")


def ancestors(graph: networkx.DiGraph[str], targets: Iterable[str]) -> set[str]:
    """``targets`` and everything that they need, directly or not."""
    needed: set[str] = set()
    for target in targets:
        if target not in needed:
            needed |= networkx.ancestors(graph, target) | {target}
    return needed


def pruned(graph: networkx.DiGraph[str], targets: Iterable[str]) -> StageGraph:
    """A new graph with only ``targets`` and what they need, directly or not.

    Raises networkx.NetworkXError for a target that is not a node of ``graph``.
    """
    needed = ancestors(graph, targets)
    kept = StageGraph()  # a subgraph view of networkx has no stable order
    kept.add_nodes_from((node, data) for node, data in graph.nodes.items() if node in needed)
    kept.add_edges_from(edge for edge in graph.edges(data=True) if edge[1] in needed)
    if isinstance(graph, StageGraph):
        kept.references = graph.references
    return kept


def image_part(graph: StageGraph, target: str, position: Mapping[str, int]) -> StageGraph:
    """As ``pruned`` for one target, in time that grows only with what it needs.

    ``position`` is the number of each node in ``graph``.
    """
    kept = StageGraph()
    needed = sorted(ancestors(graph, [target]), key=position.__getitem__)
    kept.add_nodes_from((node, graph.nodes[node]) for node in needed)
    kept.add_edges_from((source, node, data) for node in needed for source, data in graph.pred[node].items())
    kept.references = graph.references
    return kept


def incoming(graph: StageGraph, node: str) -> Iterator[Edge]:
    """The edges into ``node``, one for every instruction that reads something."""
    references = graph.references
    return (edge for source in graph.pred[node] for edge in references.get((source, node), ()))
