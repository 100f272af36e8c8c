"""The order that dagre, the layout engine of Mermaid, gives to the nodes of each rank of a graph.

Depth first, then by barycenters, as in Gansner, Koutsofios, North and Vo, "A Technique for Drawing Directed
Graphs" (1993), with ties broken as dagre does it. Sizes do not matter to it.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from math import inf

from stagegraph.formats.dagre_ranks import Links

_SWEEPS = 4  # without fewer crossings, as dagre


class Layered:
    """The nodes of a graph in layers, with a dummy wherever a link passes a layer."""

    def __init__(self, ranks: Sequence[int], links: Links) -> None:
        self.ranks = list(ranks)
        self.real = len(ranks)
        self.before: list[list[int]] = [[] for _ in ranks]
        self.after: list[list[int]] = [[] for _ in ranks]
        self.chains = [self._chain(source, target) for source, target, _ in links]
        self.layers: list[list[int]] = [[] for _ in range(max(self.ranks, default=-1) + 1)]
        self.place = [0] * len(self.ranks)
        self.crossings = self._sort()

    def _chain(self, source: int, target: int) -> list[int]:
        """The dummies of a link, which they replace."""
        first = len(self.ranks)
        for rank in range(self.ranks[source] + 1, self.ranks[target]):
            dummy = len(self.ranks)
            self.ranks.append(rank)
            self.before.append([source])
            self.after.append([])
            self.after[source].append(dummy)
            source = dummy
        self.after[source].append(target)
        self.before[target].append(source)
        return list(range(first, len(self.ranks)))

    def _sort(self) -> int:
        """Order the layers, depth first and then by barycenters; how many crossings are left."""
        self._depth_first()
        best, fewest, turn, without = self.layers, inf, 0, 0
        while without < _SWEEPS:
            self._sweep(down=bool(turn % 2), right=turn % 4 >= 2)
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest, without = [list(layer) for layer in self.layers], crossings, 0
            turn, without = turn + 1, without + 1
        for layer in best:
            self._set(layer)
        self.layers = best
        return int(fewest)

    def _depth_first(self) -> None:
        seen: set[int] = set()
        for start in sorted(range(self.real), key=self.ranks.__getitem__):
            stack = [start]
            while stack:
                node = stack.pop()
                if node not in seen:
                    seen.add(node)
                    self.layers[self.ranks[node]].append(node)
                    stack += reversed(self.after[node])
        for layer in self.layers:
            self._set(layer)

    def _set(self, layer: Sequence[int]) -> None:
        for at, node in enumerate(layer):
            self.place[node] = at

    def _sweep(self, *, down: bool, right: bool) -> None:
        neighbours = self.before if down else self.after
        for number in range(1, len(self.layers)) if down else range(len(self.layers) - 2, -1, -1):
            layer = self.layers[number]
            means = {
                node: sum(self.place[other] for other in neighbours[node]) / len(neighbours[node])
                for node in layer
                if neighbours[node]
            }
            self.layers[number] = _merged(layer, means, right=right)
            self._set(self.layers[number])

    def _crossings(self) -> int:
        total = 0
        for layer in self.layers:
            seen: list[int] = []
            for node in layer:
                places = sorted(self.place[other] for other in self.after[node])
                total += sum(len(seen) - bisect_left(seen, place + 1) for place in places)
                for place in places:
                    insort(seen, place)
        return total


def _merged(layer: Sequence[int], means: Mapping[int, float], *, right: bool) -> list[int]:
    """``layer`` by the means of neighbours; nodes without any keep the places of their numbers.

    Of equal means, nodes are in the order of their numbers, or from ``right`` to left.
    """
    number = {node: at for at, node in enumerate(sorted(layer))}
    rest = sorted(set(layer) - set(means), reverse=True)
    order: list[int] = []
    for node in [*sorted(means, key=lambda node: (means[node], -node if right else node)), -1]:
        while rest and number[rest[-1]] <= len(order):
            order.append(rest.pop())
        if node >= 0:
            order.append(node)
    return order
