"""Where dagre, the layout engine of Mermaid, draws the nodes and links of a graph.

Ranks and order come from ``dagre_ranks`` and ``dagre_order``; places by Brandes and Köpf, "Fast and Simple
Horizontal Coordinate Assignment" (2001).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import inf

from msgspec import Struct

from stagegraph.formats.dagre_order import Layered

NODE_SEPARATION, LINE_SEPARATION = 20.0, 20.0  # pixels between nodes (as configured), and between lines


class Layout(Struct, frozen=True, kw_only=True):
    """Where a graph is drawn: x runs along the ranks, y across them, both in pixels."""

    middles: list[tuple[float, float]]  # of each node
    bends: list[list[tuple[float, float]]]  # of each link: where it passes the ranks between its ends
    width: float
    height: float


def laid_out(layered: Layered, sizes: Sequence[tuple[float, float]], rank_separation: float) -> Layout:
    """Where nodes of these widths and heights are drawn, with this distance between ranks in pixels."""
    placing = _Placing(layered, [width for width, _ in sizes])
    across = placing.places()
    along, height = _along([height for _, height in sizes], layered.ranks, rank_separation)
    points = [(x, along[rank]) for x, rank in zip(across, layered.ranks, strict=True)]
    return Layout(
        middles=points[: layered.real],
        bends=[[points[dummy] for dummy in chain] for chain in layered.chains],
        width=placing.span(across),
        height=height,
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


class _Placing:
    """The places of the nodes of a layered graph, each in its rank."""

    def __init__(self, layered: Layered, widths: Sequence[float]) -> None:
        self.layered = layered
        self.sizes = [*widths, *[0.0] * (len(layered.ranks) - len(widths))]

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
        for above, layer in pairwise(self.layered.layers):
            left, start = 0, 0
            for at, node in enumerate(layer):
                inner = self._inner(node)
                right = len(above) if inner is None else self.layered.place[inner]
                if inner is None and at < len(layer) - 1:
                    continue
                for other in layer[start : at + 1]:
                    conflicts |= {
                        (one, other)
                        for one in self.layered.before[other]
                        if self._crosses(one, other, left, right)
                    }
                left, start = right, at + 1
        return conflicts

    def _inner(self, node: int) -> int | None:
        """The dummy before a dummy."""
        before = self.layered.before[node]
        return before[0] if node >= self.layered.real and before[0] >= self.layered.real else None

    def _crosses(self, one: int, other: int, left: int, right: int) -> bool:
        inner = one >= self.layered.real and other >= self.layered.real
        return not inner and not left <= self.layered.place[one] <= right

    def _aligned(self, conflicts: set[tuple[int, int]], *, up: bool, left: bool) -> list[float]:
        layers = self.layered.layers if up else self.layered.layers[::-1]
        layers = layers if left else [layer[::-1] for layer in layers]
        place = {node: at for layer in layers for at, node in enumerate(layer)}
        root = self._blocks(layers, place, conflicts, self.layered.before if up else self.layered.after)
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
        apart = sum(
            LINE_SEPARATION if node >= self.layered.real else NODE_SEPARATION for node in (one, other)
        )
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
