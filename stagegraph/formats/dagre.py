"""The order and the places that dagre, the layout engine of Mermaid, gives to the nodes of a layered graph.

Ranks as tight as its network simplex makes them, as far as moving single nodes goes; order by barycenters;
places by Brandes and Köpf, "Fast and Simple Horizontal Coordinate Assignment" (2001).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import inf

from msgspec import Struct

from stagegraph.formats.dagre_ranks import Links, tight_ranks

NODE_SEPARATION, LINE_SEPARATION = 20.0, 20.0  # pixels between nodes (as configured), and between lines
_SWEEPS = 4  # without fewer crossings, as dagre


class Layout(Struct, frozen=True, kw_only=True):
    """Where dagre draws a graph: x runs along the ranks, y across them, both in pixels."""

    middles: list[tuple[float, float]]  # of each node
    bends: list[list[tuple[float, float]]]  # of each link: where it passes the ranks between its ends
    width: float
    height: float
    crossings: int


def laid_out(sizes: Sequence[tuple[float, float]], links: Links, rank_separation: float) -> Layout:
    """Where dagre draws nodes of these widths and heights, in ranks with this distance in pixels.

    It halves the ranks, to have room for labels in the middle of links.
    """
    links = [(source, target, 2 * length) for source, target, length in links]
    layered = _Layered([width for width, _ in sizes], tight_ranks(len(sizes), links), links)
    crossings = layered.sort()
    across = layered.places()
    along, height = _along([height for _, height in sizes], layered.ranks, rank_separation / 2)
    points = [(x, along[rank]) for x, rank in zip(across, layered.ranks, strict=True)]
    return Layout(
        middles=points[: len(sizes)],
        bends=[[points[dummy] for dummy in chain] for chain in layered.chains],
        width=layered.span(across),
        height=height,
        crossings=crossings,
    )


def _along(heights: Sequence[float], ranks: Sequence[int], separation: float) -> tuple[list[float], float]:
    """The middle of each rank, and where the last one ends."""
    depths = [0.0] * (max(ranks, default=0) + 1)
    for rank, height in zip(ranks, heights, strict=False):
        depths[rank] = max(depths[rank], height)
    middles, top = [], 0.0
    for depth in depths:
        middles.append(top + depth / 2)
        top += depth + separation
    return middles, top - separation


class _Layered:
    """The nodes of a graph in layers, with a dummy wherever a link passes a layer."""

    def __init__(self, sizes: Sequence[float], ranks: Sequence[int], links: Links) -> None:
        self.sizes = list(sizes)
        self.ranks = list(ranks)
        self.real = len(sizes)
        self.before: list[list[int]] = [[] for _ in sizes]
        self.after: list[list[int]] = [[] for _ in sizes]
        self.chains = [self._chain(source, target) for source, target, _ in links]
        self.layers: list[list[int]] = [[] for _ in range(max(self.ranks, default=-1) + 1)]
        self.place = [0] * len(self.sizes)

    def _chain(self, source: int, target: int) -> list[int]:
        """The dummies of a link, which they replace."""
        first = len(self.sizes)
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
        return list(range(first, len(self.sizes)))

    def sort(self) -> int:
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

    def places(self) -> list[float]:
        """The place of each node in its layer: the mean of the middle two of four drawings."""
        conflicts = self._conflicts()
        found = [self._aligned(conflicts, up=up, left=left) for up in (True, False) for left in (True, False)]
        narrow = min(found, key=self.span)
        low, high = min(narrow), max(narrow)
        moved = []
        for number, places in enumerate(found):
            shift = high - max(places) if number % 2 else low - min(places)
            moved.append([place + shift for place in places])
        middles = [sorted(each) for each in zip(*moved, strict=True)]
        return [(each[1] + each[2]) / 2 for each in middles]

    def span(self, places: Sequence[float]) -> float:
        """The width of a drawing."""
        halves = [(place, size / 2) for place, size in zip(places, self.sizes, strict=True)]
        return max(place + half for place, half in halves) - min(place - half for place, half in halves)

    def _conflicts(self) -> set[tuple[int, int]]:
        """Links that cross a part of a long one, which stays straight."""
        conflicts = set()
        for above, layer in pairwise(self.layers):
            left, start = 0, 0
            for at, node in enumerate(layer):
                inner = self._inner(node)
                right = len(above) if inner is None else self.place[inner]
                if inner is None and at < len(layer) - 1:
                    continue
                for other in layer[start : at + 1]:
                    conflicts |= {(one, other) for one in self.before[other] if self._crosses(one, other, left, right)}
                left, start = right, at + 1
        return conflicts

    def _inner(self, node: int) -> int | None:
        """The dummy before a dummy."""
        before = self.before[node]
        return before[0] if node >= self.real and before[0] >= self.real else None

    def _crosses(self, one: int, other: int, left: int, right: int) -> bool:
        inner = one >= self.real and other >= self.real
        return not inner and not left <= self.place[one] <= right

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
                for at in range((len(near) - 1) // 2, len(near) // 2 + 1) if near else ():
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
