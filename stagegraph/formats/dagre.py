"""The order and the places that dagre, the layout engine of Mermaid, gives to the nodes of a layered graph.

Ranks as tight as its network simplex makes them, as far as moving single nodes goes; order by barycenters;
places by Brandes and Köpf, "Fast and Simple Horizontal Coordinate Assignment" (2001).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import inf

NODE_SEPARATION, LINE_SEPARATION = 20.0, 20.0  # pixels between nodes (as configured), and between lines
_SWEEPS = 4  # without fewer crossings, as dagre
_TIGHTENINGS = 8
Links = Sequence[tuple[int, int, int]]  # source, target and least number of ranks between them


def width_of(sizes: Sequence[float], ranks: Sequence[int], links: Links) -> tuple[float, int]:
    """The width of the drawing of nodes of these widths, in these ranks, and how many links cross in it."""
    layered = _Layered(sizes, ranks, links)
    crossings = layered.sort()
    return layered.width(), crossings


def tight_ranks(count: int, links: Links) -> list[int]:
    """The rank of each node: its longest path, then each moved to where its links are shortest."""
    before: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    after: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for source, target, length in links:
        before[target].append((source, length))
        after[source].append((target, length))
    ranks = _longest_paths(before, after)
    order = sorted(range(count), key=ranks.__getitem__)
    for turn in reversed(range(_TIGHTENINGS)):
        for node in order if turn % 2 else order[::-1]:
            more = len(after[node]) - len(before[node]) + (0 if turn % 2 else 0.5)
            if more > 0 and after[node]:
                ranks[node] = max(ranks[node], min(ranks[other] - length for other, length in after[node]))
            elif more <= 0 and before[node]:
                ranks[node] = min(ranks[node], max(ranks[other] + length for other, length in before[node]))
    lowest = min(ranks, default=0)
    return [rank - lowest for rank in ranks]


def _longest_paths(
    before: Sequence[list[tuple[int, int]]], after: Sequence[list[tuple[int, int]]]
) -> list[int]:
    ranks = [0] * len(before)
    waits = [len(each) for each in before]
    ready = [node for node, wait in enumerate(waits) if not wait]
    while ready:
        node = ready.pop()
        for other, length in after[node]:
            ranks[other] = max(ranks[other], ranks[node] + length)
            waits[other] -= 1
            if not waits[other]:
                ready.append(other)
    return ranks


class _Layered:
    """The nodes of a graph in layers, with a dummy wherever a link passes a layer."""

    def __init__(self, sizes: Sequence[float], ranks: Sequence[int], links: Links) -> None:
        self.sizes = list(sizes)
        self.ranks = list(ranks)
        self.real = len(sizes)
        self.before: list[list[int]] = [[] for _ in sizes]
        self.after: list[list[int]] = [[] for _ in sizes]
        for source, target, _ in links:
            self._link(source, target)
        self.layers: list[list[int]] = [[] for _ in range(max(self.ranks, default=-1) + 1)]
        self.place = [0] * len(self.sizes)

    def _link(self, source: int, target: int) -> None:
        for rank in range(self.ranks[source] + 1, self.ranks[target]):
            dummy = len(self.sizes)
            self.sizes.append(0.0)
            self.ranks.append(rank)
            self.before.append([source])
            self.after.append([])
            self.after[source].append(dummy)
            source = dummy
        self.after[source].append(target)
        self.before[target].append(source)

    def sort(self) -> int:
        """Order the layers, depth first and then by barycenters; how many crossings are left."""
        self._depth_first()
        best, fewest, turn, without = [list(layer) for layer in self.layers], self._crossings(), 0, 0
        while without < _SWEEPS and fewest:
            self._sweep(down=bool(turn % 2), right=turn % 4 >= 2)
            crossings = self._crossings()
            turn, without = turn + 1, without + 1
            if crossings < fewest:
                best, fewest, without = [list(layer) for layer in self.layers], crossings, 0
        for layer in best:
            self._set(layer)
        self.layers = best
        return fewest

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
            moving = sorted(
                means, key=lambda node: (means[node], -self.place[node] if right else self.place[node])
            )
            rest = iter(moving)
            self.layers[number] = [next(rest) if node in means else node for node in layer]
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

    def width(self) -> float:
        """The width of the drawing."""
        conflicts = self._conflicts()
        found = [self._aligned(conflicts, up=up, left=left) for up in (True, False) for left in (True, False)]
        narrow = min(found, key=self._span)
        low, high = min(narrow), max(narrow)
        moved = []
        for number, places in enumerate(found):
            shift = high - max(places) if number % 2 else low - min(places)
            moved.append([place + shift for place in places])
        middles = [sorted(each) for each in zip(*moved, strict=True)]
        return self._span([(each[1] + each[2]) / 2 for each in middles])

    def _span(self, places: Sequence[float]) -> float:
        halves = [(place, size / 2) for place, size in zip(places, self.sizes, strict=True)]
        return max(place + half for place, half in halves) - min(place - half for place, half in halves)

    def _conflicts(self) -> set[tuple[int, int]]:
        """Links that cross a part of a long one, which stays straight."""
        conflicts = set()
        for layer in self.layers[1:]:
            inner = [
                (at, self.place[self.before[node][0]])
                for at, node in enumerate(layer)
                if node >= self.real and self.before[node][0] >= self.real
            ]
            for at, node in enumerate(layer):
                for other in self.before[node]:
                    if node >= self.real and other >= self.real:
                        continue
                    place = self.place[other]
                    if any((at - lower) * (place - upper) < 0 for lower, upper in inner):
                        conflicts.add((other, node))
        return conflicts

    def _aligned(self, conflicts: set[tuple[int, int]], *, up: bool, left: bool) -> list[float]:
        layers = self.layers if up else self.layers[::-1]
        layers = layers if left else [layer[::-1] for layer in layers]
        place = {node: at for layer in layers for at, node in enumerate(layer)}
        root = self._blocks(layers, place, conflicts, self.before if up else self.after)
        places = self._compacted(layers, root)
        return places if left else [-each for each in places]

    def _blocks(
        self,
        layers: Sequence[Sequence[int]],
        place: Mapping[int, int],
        conflicts: set[tuple[int, int]],
        neighbours: Sequence[Sequence[int]],
    ) -> list[int]:
        """The first node of the block of each node: nodes of one block are in one column."""
        root = list(range(len(self.sizes)))
        align = list(range(len(self.sizes)))
        for layer in layers:
            last = -1
            for node in layer:
                near = sorted(neighbours[node], key=place.__getitem__)
                for at in {(len(near) - 1) // 2, len(near) // 2} if near else ():
                    other = near[at]
                    crossed = (other, node) in conflicts or (node, other) in conflicts
                    if align[node] == node and last < place[other] and not crossed:
                        align[other] = node
                        align[node] = root[node] = root[other]
                        last = place[other]
        return root

    def _compacted(self, layers: Sequence[Sequence[int]], root: Sequence[int]) -> list[float]:
        gaps: dict[int, dict[int, float]] = {node: {} for node in root}
        for layer in layers:
            for one, other in pairwise(layer):
                gap = gaps[root[one]].get(root[other], 0.0)
                gaps[root[one]][root[other]] = max(gap, self._gap(one, other))
        order = _topological(gaps)
        places = dict.fromkeys(gaps, 0.0)
        for block in order:
            for other, gap in gaps[block].items():
                places[other] = max(places[other], places[block] + gap)
        for block in reversed(order):
            nearest = min((places[other] - gap for other, gap in gaps[block].items()), default=inf)
            if nearest != inf:
                places[block] = max(places[block], nearest)
        return [places[each] for each in root]

    def _gap(self, one: int, other: int) -> float:
        apart = sum(LINE_SEPARATION if node >= self.real else NODE_SEPARATION for node in (one, other))
        return (self.sizes[one] + self.sizes[other] + apart) / 2


def _topological(gaps: Mapping[int, Mapping[int, float]]) -> list[int]:
    waits = dict.fromkeys(gaps, 0)
    for others in gaps.values():
        for other in others:
            waits[other] += 1
    order = [block for block, wait in waits.items() if not wait]
    for block in order:
        for other in gaps[block]:
            waits[other] -= 1
            if not waits[other]:
                order.append(other)
    return order
