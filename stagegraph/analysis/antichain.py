"""The largest antichain of a DAG: the most nodes of which none has to wait for another.

By Dilworth's theorem it is as large as the least number of paths that cover the DAG, where paths
may share nodes. That is a minimum flow in which every node passes at least one unit: it starts from
a greedy cover and gives units back while it can. Memory is linear; so is each round.
"""

from __future__ import annotations

from collections.abc import Sequence


def largest_antichain(inputs: Sequence[Sequence[int]]) -> list[int]:
    """The positions of one largest antichain, sorted.

    ``inputs`` has for each node the nodes that it waits for, all of them before it.
    """
    if not inputs:
        return []
    flow = _Flow(inputs)
    while flow.give_back():
        pass
    return flow.cut()


class _Flow:
    """Units on the arcs and how many pass each node, begin there and end there."""

    def __init__(self, inputs: Sequence[Sequence[int]]) -> None:
        self.inputs = inputs
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
            for read in reads:
                if self.ends[read]:
                    self.ends[read] = self.begins[node] = 0
                    self.units[node][read] = 1
                    break

    def give_back(self) -> bool:
        """Find as many disjoint ways to give a unit back as one search does; whether there was one."""
        seen_out: set[int] = set()
        seen_in: set[int] = set()
        found = False
        for node in range(len(self.inputs)):
            if self.ends[node] and node not in seen_out:
                way = self._way(node, seen_out, seen_in)
                if way:
                    self._apply(node, way)
                    found = True
        return found

    def _way(self, start: int, seen_out: set[int], seen_in: set[int]) -> list[tuple[str, int, int]]:
        """A way from the end of ``start`` back to a beginning, as the moves that it makes."""
        seen_out.add(start)
        stack = [(start, True, self._moves(start, True))]
        moves: list[tuple[str, int, int]] = []
        while stack:
            node, _at_out, options = stack[-1]
            if not _at_out and self.begins[node]:
                return [*moves, ("begin", node, node)]
            for kind, other, at_out in options:
                seen = seen_out if at_out else seen_in
                if other not in seen:
                    seen.add(other)
                    moves.append((kind, node, other))
                    stack.append((other, at_out, self._moves(other, at_out)))
                    break
            else:
                stack.pop()
                if moves:
                    moves.pop()
        return []

    def _moves(self, node: int, at_out: bool):  # type: ignore[no-untyped-def]
        if at_out:
            if self.passing[node] > 1:
                yield "less", node, False
            for user in self.users[node]:
                yield "more-arc", user, False
        else:
            yield "more", node, True
            for read, units in tuple(self.units[node].items()):
                if units:
                    yield "less-arc", read, True

    def _apply(self, start: int, way: list[tuple[str, int, int]]) -> None:
        self.ends[start] -= 1
        for kind, node, other in way:
            if kind == "less":
                self.passing[node] -= 1
            elif kind == "more":
                self.passing[node] += 1
            elif kind == "more-arc":
                self.units[other][node] = self.units[other].get(node, 0) + 1
            elif kind == "less-arc":
                self.units[node][other] -= 1
            else:
                self.begins[node] -= 1

    def cut(self) -> list[int]:
        """The nodes whose end is within reach and whose beginning is not."""
        seen_out = {node for node, ends in enumerate(self.ends) if ends}
        seen_in: set[int] = set()
        waiting = [(node, True) for node in seen_out]
        while waiting:
            node, at_out = waiting.pop()
            for _kind, other, other_at_out in self._moves(node, at_out):
                seen = seen_out if other_at_out else seen_in
                if other not in seen:
                    seen.add(other)
                    waiting.append((other, other_at_out))
        return sorted(seen_out - seen_in)
