"""Explains why the targets need a node: the shortest paths from it to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from stagegraph.model import BakeTarget, Edge, EdgeKind, Node, Report

MOST_WAYS = 8


class Explanation(Struct, frozen=True, kw_only=True):
    """``ways`` are paths from ``node`` to a target, shortest first; ``more`` if there are others."""

    node: Node
    ways: tuple[tuple[Edge, ...], ...]
    more: bool
    readers: tuple[Edge, ...]  # what reads it directly, needed or not
    waiting: tuple[BakeTarget, ...] = ()  # other bake targets whose builds wait for it


def explain(report: Report, node: Node) -> Explanation:
    """Why the targets of ``report`` need ``node``; no ways if they do not."""
    users: dict[str, list[Edge]] = {}
    for edge in report.edges:
        if not edge.selectable and edge.kind is not EdgeKind.TAG:
            users.setdefault(edge.source, []).append(edge)
    ways = _ways(node.id, users, report.targets) if node.needed else []
    return Explanation(
        node=node,
        ways=tuple(ways[:MOST_WAYS]),
        more=len(ways) > MOST_WAYS,
        readers=tuple(edge for edge in report.edges if edge.source == node.id),
        waiting=_waiting(report, node.id, users) if node.needed else (),
    )


def _waiting(report: Report, start: str, users: Mapping[str, Sequence[Edge]]) -> tuple[BakeTarget, ...]:
    """The bake targets whose images need ``start``, but those whose image it is."""
    reached = {start}
    waiting = [start]
    for node in waiting:
        after = {edge.target for edge in users.get(node, ()) if edge.needed} - reached
        reached |= after
        waiting.extend(after)
    return tuple(one for one in report.bake_targets if one.node in reached and one.node != start)


def _ways(start: str, users: Mapping[str, Sequence[Edge]], targets: Sequence[str]) -> list[tuple[Edge, ...]]:
    """The shortest paths from ``start`` to ``targets``, at most one more than is shown.

    A breadth-first search in which each node passes on at most as many paths as are shown, so that the
    cost is linear; networkx.all_simple_paths is exponential. Of parallel edges only the first counts.
    """
    ways: list[tuple[Edge, ...]] = []
    passed: dict[str, int] = {}
    waiting: list[tuple[Edge, ...]] = [()]
    for way in waiting:
        node = way[-1].target if way else start
        if node in targets and way:
            ways.append(way)
            if len(ways) > MOST_WAYS:
                break
            continue
        passed[node] = passed.get(node, 0) + 1
        if passed[node] <= MOST_WAYS:
            nearest = {edge.target: edge for edge in reversed(users.get(node, ())) if edge.needed}
            waiting.extend((*way, edge) for edge in sorted(nearest.values(), key=lambda edge: edge.line))
    return ways
