"""The vertices of a record in an order that inputs precede, whatever the record says."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from stagegraph.records.model import Vertex


def in_order(
    vertices: Sequence[Vertex], inputs: Sequence[Sequence[int]], ranks: Sequence[int]
) -> tuple[list[int], list[tuple[int, ...]], int]:
    """An order of positions, the inputs of each in terms of that order, and how many inputs were cut.

    Of the vertices that may come next the one of the lowest rank that began first does. A damaged
    record may have cycles: they are cut.
    """
    users: list[list[int]] = [[] for _ in vertices]
    missing = [len(reads) for reads in inputs]
    for user, reads in enumerate(inputs):
        for read in reads:
            users[read].append(user)
    keys = [(rank, _began(vertex), n) for n, (rank, vertex) in enumerate(zip(ranks, vertices, strict=True))]
    waiting = sorted(keys)
    ready = [key for key in keys if not missing[key[2]]]
    heapify(ready)
    place: dict[int, int] = {}
    kept: list[tuple[int, ...]] = []
    cut = 0
    for key in [(-1, -1, -1), *waiting]:  # of those that are left, the first one breaks a cycle
        if key[2] >= 0 and key[2] not in place:
            heappush(ready, key)
        while ready:
            current = heappop(ready)[2]
            if current in place:
                continue
            kept.append(tuple(sorted(place[read] for read in inputs[current] if read in place)))
            cut += len(inputs[current]) - len(kept[-1])
            place[current] = len(place)
            for user in users[current]:
                missing[user] -= 1
                if not missing[user]:
                    heappush(ready, keys[user])
    return list(place), kept, cut


def _began(vertex: Vertex) -> int:
    return vertex.intervals[0].start if vertex.intervals else 1 << 63
