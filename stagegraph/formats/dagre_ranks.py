"""The ranks that dagre, the layout engine of Mermaid, gives to the nodes of a graph.

The network simplex of Gansner, Koutsofios, North and Vo, "A Technique for Drawing Directed Graphs" (1993).
Of several rankings with links as short, it must find the one that dagre finds: so nodes and links are visited
in the order in which dagre does it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Links = Sequence[tuple[int, int, int]]  # source, target and least number of ranks between them
_MOST_EXCHANGES = 400  # a bound of time: so many were never needed


def tight_ranks(count: int, links: Links) -> list[int]:
    """The rank of each of ``count`` nodes, from 0, for which the links are shortest together."""
    if not count:
        return []
    ranks = _Simplex(count, links).ranks[:count]
    return [rank - min(ranks) for rank in ranks]


class _Simplex:
    """A spanning tree of links that are as short as they may be, changed until no other one is better."""

    def __init__(self, count: int, links: Links) -> None:
        self.lengths: dict[tuple[int, int], int] = {}
        self.weights: dict[tuple[int, int], int] = {}
        for source, target, length in links:
            ends = source, target
            self.lengths[ends] = max(self.lengths.get(ends, 1), length)
            self.weights[ends] = self.weights.get(ends, 0) + 1
        for node in range(count):  # a root holds parts together that no link does
            self.lengths[count, node], self.weights[count, node] = 1, 0
        self.incident: list[list[tuple[int, int]]] = [[] for _ in range(count + 1)]
        for side in (1, 0):
            for ends in self.lengths:
                self.incident[ends[side]].append(ends)
        self.ranks = _latest(count, self.lengths)
        self.tree: dict[tuple[int, int], int] = {}  # the cut values of its links
        self._span()
        self._improve()

    def _slack(self, ends: tuple[int, int]) -> int:
        return self.ranks[ends[1]] - self.ranks[ends[0]] - self.lengths[ends]

    def _span(self) -> None:
        """Grow the tree from the first node along links without slack, and shift it where it ends."""
        inside = {0: True}
        while self._grow(inside) < len(self.ranks):
            leaving = [ends for ends in self.lengths if (ends[0] in inside) != (ends[1] in inside)]
            nearest = min(leaving, key=self._slack)
            shift = self._slack(nearest) * (1 if nearest[0] in inside else -1)
            for node in inside:
                self.ranks[node] += shift

    def _grow(self, inside: dict[int, bool]) -> int:
        for start in list(inside):
            stack = [(start, iter(self.incident[start]))]
            while stack:
                node, rest = stack[-1]
                ends = next(rest, None)
                if ends is None:
                    stack.pop()
                    continue
                other = ends[0] + ends[1] - node
                if other not in inside and not self._slack(ends):
                    inside[other] = True
                    self.tree[ends] = 0
                    stack.append((other, iter(self.incident[other])))
        return len(inside)

    def _improve(self) -> None:
        """Exchange links of the tree with negative cut values for others."""
        self._hang()
        for _ in range(_MOST_EXCHANGES):
            self._cut()
            leaving = next((ends for ends, value in self.tree.items() if value < 0), None)
            if leaving is None:
                return
            entering = self._entering(leaving)
            del self.tree[leaving]
            self.tree[entering] = 0
            self._hang()
            self._rank()

    def _hang(self) -> None:
        """The tree as seen from its first node: parents, and the order in which they come before children."""
        near: list[list[tuple[int, tuple[int, int]]]] = [[] for _ in self.ranks]
        for ends in self.tree:
            near[ends[0]].append((ends[1], ends))
            near[ends[1]].append((ends[0], ends))
        self.parent: dict[int, tuple[int, tuple[int, int]]] = {}
        self.order = [0]
        for node in self.order:
            for other, ends in near[node]:
                if other and other not in self.parent:
                    self.parent[other] = node, ends
                    self.order.append(other)

    def _cut(self) -> None:
        """The cut value of each link of the tree: what it would cost to make it longer."""
        for child in reversed(self.order[1:]):
            _, cut = self.parent[child]
            tail = cut[0] == child
            value = self.weights[cut]
            for ends in self.incident[child]:
                if ends != cut:
                    sign = 1 if (ends[0] == child) == tail else -1
                    value += sign * (self.weights[ends] - self.tree.get(ends, 0))
            self.tree[cut] = value

    def _entering(self, leaving: tuple[int, int]) -> tuple[int, int]:
        """The link with the least slack that joins the two parts without ``leaving``, the other way round."""
        child = next(end for end in leaving if end in self.parent and self.parent[end][1] == leaving)
        below = {child}
        for node in self.order:
            if node in self.parent and self.parent[node][0] in below:
                below.add(node)
        tail = leaving[0] == child
        joining = [ends for ends in self.lengths if (ends[0] in below) != tail and (ends[1] in below) == tail]
        return min(joining, key=self._slack)

    def _rank(self) -> None:
        for node in self.order[1:]:
            parent, ends = self.parent[node]
            length = self.lengths[ends]
            self.ranks[node] = self.ranks[parent] + (length if ends[0] == parent else -length)


def _latest(count: int, lengths: Mapping[tuple[int, int], int]) -> list[int]:
    """Each node as late as what follows allows, the last ones at 0."""
    after: list[list[tuple[int, int]]] = [[] for _ in range(count + 1)]
    waits = [0] * (count + 1)
    before: list[list[int]] = [[] for _ in range(count + 1)]
    for (source, target), length in lengths.items():
        after[source].append((target, length))
        before[target].append(source)
        waits[source] += 1
    ranks = [0] * (count + 1)
    ready = [node for node, wait in enumerate(waits) if not wait]
    for node in ready:
        ranks[node] = min((ranks[other] - length for other, length in after[node]), default=0)
        for other in before[node]:
            waits[other] -= 1
            if not waits[other]:
                ready.append(other)
    return ranks
