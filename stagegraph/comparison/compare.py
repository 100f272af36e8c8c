"""Compares two builds: their nodes, their edges, and what their targets need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from stagegraph.comparison.bodies import bodies
from stagegraph.comparison.changes import REMOVED_PREFIX, Change, Comparison, EdgeChange, NodeChange
from stagegraph.comparison.match_stages import match_stages
from stagegraph.comparison.needed import needed_changes
from stagegraph.comparison.stage_changes import ComparedBuild, stage_changes
from stagegraph.graph.build import Build
from stagegraph.graph.report import analyse
from stagegraph.model import Edge, EdgeKind, Node, NodeKind, Report, stage_id

_EdgeKey = tuple[str, str, EdgeKind, bool]  # source, target, kind, selectable


def compare(old: Build, new: Build) -> Comparison:
    """How ``new`` differs from ``old``, each with its own options."""
    before = ComparedBuild(analyse(old), bodies(old))
    after = ComparedBuild(analyse(new), bodies(new))
    stages = match_stages(before.bodies, after.bodies)
    pairs = {stage_id(one): stage_id(two) for one, two in stages.items()}
    others = {node.id for node in after.report.nodes if node.kind is not NodeKind.STAGE}
    pairs |= {node.id: node.id for node in before.report.nodes if node.id in others}
    new_ids = {node.id: pairs.get(node.id, f"{REMOVED_PREFIX}{node.id}") for node in before.report.nodes}
    return Comparison(
        old=before.report,
        new=after.report,
        pairs=pairs,
        nodes=(
            *stage_changes(before, after, stages),
            *_added_and_removed(before.report, after.report, pairs),
        ),
        edges=tuple(_edge_changes(before.report.edges, after.report.edges, new_ids)),
        needed=needed_changes(old, new, new_ids),
    )


def _added_and_removed(old: Report, new: Report, pairs: Mapping[str, str]) -> Iterator[NodeChange]:
    kept = set(pairs.values())
    for node in new.nodes:
        if node.id not in kept:
            yield NodeChange(
                id=node.id, change=Change.ADDED, kind=node.kind, new=node.label, line=node.line,
                details=_base(node),
            )  # fmt: skip
    for node in old.nodes:
        if node.id not in pairs:
            yield NodeChange(
                id=f"{REMOVED_PREFIX}{node.id}", change=Change.REMOVED, kind=node.kind, old=node.label,
                line=node.line, details=_base(node),
            )  # fmt: skip


def _base(node: Node) -> tuple[str, ...]:
    return (f"FROM {node.base}",) if node.base else ()


def _edge_changes(
    old: Iterable[Edge], new: Iterable[Edge], new_ids: Mapping[str, str]
) -> Iterator[EdgeChange]:
    """The differing edges, parallel edges of one kind together, in the order of the new build."""
    old_by_key, new_by_key = _by_key(old, new_ids), _by_key(new)
    for key in dict.fromkeys([*new_by_key, *old_by_key]):
        before, after = old_by_key.get(key, []), new_by_key.get(key, [])
        removed, added = _surplus(before, after), _surplus(after, before)
        if removed or added:
            source, target, kind, selectable = key
            yield EdgeChange(
                source=source, target=target, kind=kind, selectable=selectable,
                change=Change.CHANGED if before and after else Change.ADDED if after else Change.REMOVED,
                removed=removed, added=added,
            )  # fmt: skip


def _by_key(edges: Iterable[Edge], new_ids: Mapping[str, str] | None = None) -> dict[_EdgeKey, list[Edge]]:
    """The edges by what makes them the same edge in both builds."""
    groups: dict[_EdgeKey, list[Edge]] = {}
    for edge in edges:
        source, target = edge.source, edge.target
        if new_ids:
            source, target = new_ids[source], new_ids[target]
        groups.setdefault((source, target, edge.kind, edge.selectable), []).append(edge)
    return groups


def _surplus(edges: Sequence[Edge], others: Iterable[Edge]) -> tuple[str, ...]:
    """The edges that ``others`` does not have, counting repetitions, as text."""
    left = Counter(_content(edge) for edge in others)
    surplus = []
    for edge in edges:
        if left[_content(edge)] > 0:
            left[_content(edge)] -= 1
        else:
            surplus.append(_text(edge))
    return tuple(surplus)


def _content(edge: Edge) -> tuple[object, ...]:
    """What counts for equality: not the line, which moves with any edit above it."""
    return edge.paths, edge.destination, edge.link, edge.onbuild, edge.why


def _text(edge: Edge) -> str:
    paths = ", ".join(edge.paths) + (f" → {edge.destination}" if edge.destination else "")
    parts = (paths, edge.why, "--link" if edge.link else "", f"line {edge.line}")
    return ", ".join(part for part in parts if part)
