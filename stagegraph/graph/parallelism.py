"""The maximum antichain of a DAG: the most nodes none of which has to wait for another.

By Dilworth's theorem it is as large as the least number of paths that cover the DAG, where paths may
share nodes. That is a minimum flow in which every node passes at least one unit: it starts from a
greedy cover and returns units while it can, along shortest augmenting paths (Dinic's algorithm).
Memory is linear; so is each round, and rounds are few. ``networkx.antichains`` enumerates all
antichains, and its flow algorithms take 200 times as long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

import networkx

_NodeT = TypeVar("_NodeT")
# A vertex of the flow network: 2 * node where a unit leaves the node, 2 * node + 1 where it enters.
_Port = int


def largest_antichain(graph: networkx.DiGraph[_NodeT]) -> list[_NodeT]:
    """The nodes of one maximum antichain, in the order of ``graph``.

    The nodes of ``graph`` are in topological order.
    """
    nodes = list(graph)
    position = {node: index for index, node in enumerate(nodes)}
    flow = _Flow([[position[read] for read in graph.pred[node]] for node in nodes])
    while flow.give_back():
        pass
    return [nodes[index] for index in flow.cut()]


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
        """Return units along shortest augmenting paths that share no port; False if there is none."""
        levels = self._levels()
        used: set[_Port] = set()
        returned = False
        for node, ends in enumerate(self.ends):
            if ends and 2 * node not in used:
                path = self._augmenting_path(2 * node, levels, used)
                if path:
                    self._apply(path)
                    returned = True
        return returned

    def _levels(self) -> dict[_Port, int]:
        """The distance of each port from the end of a path, up to the nearest beginning of one."""
        wave = [2 * node for node, ends in enumerate(self.ends) if ends]
        levels = dict.fromkeys(wave, 0)
        distance = 0
        while wave and not any(port % 2 and self.begins[port // 2] for port in wave):
            distance += 1
            reached = {after for port in wave for after in self._moves(port) if after not in levels}
            wave = sorted(reached)
            levels.update(dict.fromkeys(wave, distance))
        return levels

    def _moves(self, port: _Port) -> Iterator[_Port]:
        """Where a unit that is given back at ``port`` can be taken from next."""
        node = port // 2
        if port % 2:
            yield 2 * node
            for read, units in self.units[node].items():
                if units:
                    yield 2 * read
        else:
            if self.passing[node] > 1:
                yield 2 * node + 1
            for user in self.users[node]:
                yield 2 * user + 1

    def _augmenting_path(self, start: _Port, levels: dict[_Port, int], used: set[_Port]) -> list[_Port]:
        """A path from ``start`` to the beginning of a path, one level a move; empty if there is none."""
        used.add(start)
        path = [start]
        options = [self._moves(start)]
        while path:
            port = path[-1]
            if port % 2 and self.begins[port // 2]:
                return path
            for after in options[-1]:
                if after not in used and levels.get(after, -1) == levels[port] + 1:
                    used.add(after)
                    path.append(after)
                    options.append(self._moves(after))
                    break
            else:
                path.pop()
                options.pop()
        return []

    def _apply(self, path: Sequence[_Port]) -> None:
        self.ends[path[0] // 2] -= 1
        self.begins[path[-1] // 2] -= 1
        for port, after in pairwise(path):
            self._shift(port, after)

    def _shift(self, port: _Port, after: _Port) -> None:
        node, other = port // 2, after // 2
        if node == other:
            self.passing[node] += 1 if port % 2 else -1
        elif port % 2:
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
