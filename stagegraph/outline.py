"""The nodes of a build and the edges between them, as plain values.

This is what reports and pictures read, so that a picture costs no import of networkx; ``graph``
makes networkx graphs of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from stagegraph.edges import CONTEXT, edges_of, node_of, source_of
from stagegraph.model import Edge, NodeKind

if TYPE_CHECKING:
    from stagegraph.build import Build


@dataclass(frozen=True, slots=True)
class OutlineNode:
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
    for variant in build.variants:
        for place in variant.resolved.places:
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
    if len(build.variants) == 1:
        return list(edges_of(build.variants[0]))
    found: Counter[Edge] = Counter()
    for variant in build.variants:
        found |= Counter(edges_of(variant))
    return list(found.elements())
