"""Folds what repeats in the trees of a terminal: siblings that are alike, and long lists."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from stagegraph.model import Edge, Node

FEWEST_ALIKE = 4  # siblings; so many are one line and "+ 3 more like this"
MOST_UNNEEDED = 8  # lines of stages that are not needed for one reason
NAMES = 66  # characters of a list of names

Reads = Mapping[str, Mapping[str, Sequence[Edge]]]  # for each stage what it reads


class Sibling(NamedTuple):
    """A node that is listed below another one, and those that are alike and folded into its line."""

    node: str
    like: tuple[str, ...] = ()


class Shapes:
    """The shape of the tree below every node: nodes with equal shapes differ in names and paths only.

    What several stages read is told apart by its identity, other nodes by their kind, role and shape.
    """

    def __init__(self, nodes: Mapping[str, Node], reads: Reads, critical: bool) -> None:
        self._nodes = nodes
        self._reads = reads
        self._critical = critical
        self._numbers: dict[object, int] = {}
        self._shapes: dict[str, int] = {}
        readers: dict[str, int] = {}
        for target, sources in reads.items():
            for source in sources if nodes[target].needed else ():
                readers[source] = readers.get(source, 0) + 1
        self._shared = {source for source, count in readers.items() if count > 1}

    def siblings(self, parent: str, written: Collection[str]) -> list[Sibling]:
        """What ``parent`` reads, with those that are alike folded into the first of them.

        Those in ``written`` are alike only among themselves: what they read is not written again.
        """
        groups: dict[object, list[str]] = {}
        for source, edges in self._reads.get(parent, {}).items():
            kinds = tuple(dict.fromkeys(edge.kind for edge in edges))
            groups.setdefault((kinds, self._of(source), source in written), []).append(source)
        folded = [
            [Sibling(group[0], tuple(group[1:]))] if len(group) >= FEWEST_ALIKE else list(map(Sibling, group))
            for group in groups.values()
        ]
        order = {source: number for number, source in enumerate(self._reads.get(parent, {}))}
        return sorted((one for group in folded for one in group), key=lambda one: order[one.node])

    def _of(self, root: str) -> int:
        """The number of the shape of ``root``; sources before their readers, without recursion."""
        waiting = [root]
        while waiting:
            name = waiting[-1]
            missing = [source for source in self._reads.get(name, {}) if source not in self._shapes]
            waiting += missing
            if not missing:
                self._shapes[waiting.pop()] = self._number(name)
        return self._shapes[root]

    def _number(self, name: str) -> int:
        node = self._nodes[name]
        below = tuple(
            (
                tuple(dict.fromkeys(edge.kind for edge in edges)),
                source if source in self._shared else self._shapes[source],
            )
            for source, edges in self._reads.get(name, {}).items()
        )
        again = node.rebuild.status if node.rebuild else ""
        key = (node.kind, node.role, node.platform, again, self._critical and node.critical, below)
        return self._numbers.setdefault(key, len(self._numbers))


def few(nodes: Sequence[Node]) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    """Stages that are not needed, each with those of its reach that are not shown after it."""
    by_reach: dict[str, list[Node]] = {}
    for node in nodes:
        by_reach.setdefault(node.reach, []).append(node)
    rest = {
        group[MOST_UNNEEDED - 1].id: tuple(group[MOST_UNNEEDED:])
        for group in by_reach.values()
        if len(group) > MOST_UNNEEDED + 1
    }
    hidden = {node.id for group in rest.values() for node in group}
    yield from ((node, rest.get(node.id, ())) for node in nodes if node.id not in hidden)
