"""The largest antichain of a DAG: the most nodes of which none has to wait for another.

By Dilworth's theorem it is as large as the least number of paths that cover the DAG, where paths
may share nodes. That is a minimum flow in which every node passes at least one unit: it starts from
a greedy cover and gives units back while it can, along shortest ways first (Dinic's algorithm).
Memory is linear; so is each round, and rounds are few.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

# A place in the flow network: 2 * node where a unit leaves the node, 2 * node + 1 where it enters.
_Place = int


def largest_antichain(inputs: Sequence[Sequence[int]]) -> list[int]:
    """The positions of one largest antichain, sorted.

    ``inputs`` has for each node the nodes that it waits for, all of them before it.
    """
    flow = _Flow(inputs)
    while flow.give_back():
        pass
    return flow.cut()


class _Flow:
    """Units on the arcs, how many pass each node, and how many begin and end there."""

    def __init__(self, inputs: Sequence[Sequence[int]]) -> None:
        count = len(inputs)
        self.users: list[list[int]] = [[] for _ in range(count)]
        for node, reads in enumerate(inputs):
            for read in reads:
                self.users[read].append(node)
        self.passing = [1] * count
        self.begins = [1] * count
        self.ends = [1] * count
        self.units: list[dict[int, int]] = [{} for _ in range(count)]  # node -> input -> units
        for node, reads in enumerate(inputs):
            self._extend_path(node, reads)

    def _extend_path(self, node: int, reads: Sequence[int]) -> None:
        """Let the path that ends at an input of ``node``, if there is one, go on to it."""
        for read in reads:
            if self.ends[read]:
                self.ends[read] = self.begins[node] = 0
                self.units[node][read] = 1
                return

    def give_back(self) -> bool:
        """Give back units along ways that share no place, all of the least length; False: none left."""
        levels = self._levels()
        used: set[_Place] = set()
        found = False
        for node, ends in enumerate(self.ends):
            if ends and 2 * node not in used:
                way = self._way(2 * node, levels, used)
                if way:
                    self._apply(way)
                    found = True
        return found

    def _levels(self) -> dict[_Place, int]:
        """How far each place is from the end of a path, up to the nearest beginning of one."""
        wave = [2 * node for node, ends in enumerate(self.ends) if ends]
        levels = dict.fromkeys(wave, 0)
        distance = 0
        while wave and not any(place % 2 and self.begins[place // 2] for place in wave):
            distance += 1
            reached = {after for place in wave for after in self._moves(place) if after not in levels}
            wave = sorted(reached)
            levels.update(dict.fromkeys(wave, distance))
        return levels

    def _moves(self, place: _Place) -> Iterator[_Place]:
        """Where a unit that is given back at ``place`` can be taken from next."""
        node = place // 2
        if place % 2:
            yield 2 * node
            for read, units in self.units[node].items():
                if units:
                    yield 2 * read
        else:
            if self.passing[node] > 1:
                yield 2 * node + 1
            for user in self.users[node]:
                yield 2 * user + 1

    def _way(self, start: _Place, levels: dict[_Place, int], used: set[_Place]) -> list[_Place]:
        """A way from ``start`` to the beginning of a path, one level a move; empty if there is none."""
        used.add(start)
        way = [start]
        options = [self._moves(start)]
        while way:
            place = way[-1]
            if place % 2 and self.begins[place // 2]:
                return way
            for after in options[-1]:
                if after not in used and levels.get(after, -1) == levels[place] + 1:
                    used.add(after)
                    way.append(after)
                    options.append(self._moves(after))
                    break
            else:
                way.pop()
                options.pop()
        return []

    def _apply(self, way: Sequence[_Place]) -> None:
        self.ends[way[0] // 2] -= 1
        self.begins[way[-1] // 2] -= 1
        for place, after in pairwise(way):
            self._shift(place, after)

    def _shift(self, place: _Place, after: _Place) -> None:
        node, other = place // 2, after // 2
        if node == other:
            self.passing[node] += 1 if place % 2 else -1
        elif place % 2:
            self.units[node][other] -= 1
        else:
            self.units[other][node] = self.units[other].get(node, 0) + 1

    def cut(self) -> list[int]:
        """The nodes whose leaving side is within reach of an end and whose entering side is not."""
        reached = {2 * node for node, ends in enumerate(self.ends) if ends}
        waiting = list(reached)
        while waiting:
            for after in self._moves(waiting.pop()):
                if after not in reached:
                    reached.add(after)
                    waiting.append(after)
        return [node for node in range(len(self.ends)) if 2 * node in reached and 2 * node + 1 not in reached]
