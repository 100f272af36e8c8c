"""Which targets need other nodes than before: every stage can be a target."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from operator import or_

from stagegraph.comparison.changes import REMOVED_PREFIX, NeededChange
from stagegraph.model import NodeKind, Report


def needed_changes(before: Report, after: Report, pairs: Mapping[str, str]) -> tuple[NeededChange, ...]:
    """The targets whose needed nodes differ, those that were asked for first.

    Sets of nodes are integers with a bit for each node, so that thousands of stages stay cheap.
    """
    old_names = {node.id: pairs.get(node.id, f"{REMOVED_PREFIX}{node.id}") for node in before.nodes}
    names = list(dict.fromkeys([node.id for node in after.nodes] + list(old_names.values())))
    bits = {name: 1 << position for position, name in enumerate(names)}
    old_labels = {node.id: node.label for node in before.nodes}
    labels = {old_names[node]: label for node, label in old_labels.items()}
    labels |= {node.id: node.label for node in after.nodes}
    old = _needs(before, {node: bits[name] for node, name in old_names.items()})
    new = _needs(after, {node.id: bits[node.id] for node in after.nodes})
    found = []
    for one, two in _targets(before, after, pairs):
        gone, come = old[one] & ~new[two], new[two] & ~old[one]
        # the stages themselves are no news, and a target that was replaced is in neither list
        own = bits[old_names[one]] | bits[two]
        if (gone | come) & ~own:
            found.append(
                NeededChange(
                    old=old_labels[one],
                    new=labels[two],
                    asked=two in after.targets,
                    removed=tuple(labels[name] for name in _names(gone & ~own, names)),
                    added=tuple(labels[name] for name in _names(come & ~own, names)),
                )
            )
    return tuple(sorted(found, key=lambda change: not change.asked))


def _targets(before: Report, after: Report, pairs: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The stages that both have, and the target that was asked for where it is another one now."""
    back = {two: one for one, two in pairs.items()}
    for node in after.nodes:
        if node.kind is NodeKind.STAGE and node.id in back:
            yield back[node.id], node.id
    if len(before.targets) == len(after.targets) == 1:
        one, two = before.targets[0], after.targets[0]
        if pairs.get(one) != two:
            yield one, two


def _names(found: int, names: list[str]) -> Iterator[str]:
    """The names whose bits are set, in order."""
    while found:
        lowest = found & -found
        yield names[lowest.bit_length() - 1]
        found ^= lowest


def _needs(report: Report, bits: Mapping[str, int]) -> dict[str, int]:
    """The nodes that each node needs, itself included, as bits."""
    import networkx

    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_nodes_from(node.id for node in report.nodes)
    graph.add_edges_from((edge.source, edge.target) for edge in report.edges if not edge.selectable)
    # stages can wait for each other: BuildKit refuses that only when it builds them
    rounds = networkx.condensation(graph)
    found: dict[int, int] = {}
    for number in networkx.topological_sort(rounds):
        found[number] = _all(bits[node] for node in rounds.nodes[number]["members"])
        found[number] |= _all(found[read] for read in rounds.predecessors(number))
    stages = (node.id for node in report.nodes if node.kind is NodeKind.STAGE)
    return {node: found[rounds.graph["mapping"][node]] for node in stages}


def _all(sets: Iterable[int]) -> int:
    """The union of sets that are written as bits."""
    return reduce(or_, sets, 0)
