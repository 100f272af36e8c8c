"""Times as bars of characters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stagegraph.measured.model import Timings

PATH, RUNS, FREE = "█", "▒", "·"
_LEVELS = " ▁▂▃▄▅▆▇█"


def bar(found: Timings, steps: Iterable[int], width: int) -> str:
    """When ``steps`` ran, from the start of the build to its end; the critical path is solid."""
    cells = [FREE] * width
    own = set(steps)
    for step in own:
        for start, end in found.steps[step].intervals:
            _fill(cells, start, end, found.wall, RUNS)
    for part in found.path:
        if part.step in own and part.time:
            for start, end in found.steps[part.step].intervals:
                _fill(cells, start, end, found.wall, PATH)
    return "".join(cells)


def _fill(cells: list[str], start: int, end: int, wall: int, mark: str) -> None:
    """Mark the cells of which at least half is covered, and always the one in which it begins."""
    if not wall or end <= start:
        return
    count = len(cells)
    first = min(start * count // wall, count - 1)
    last = max((2 * end * count + wall) // (2 * wall) - 1, first)
    for cell in range(max(first, 0), min(last + 1, count)):
        if cells[cell] != PATH:
            cells[cell] = mark


def curve(concurrency: Sequence[tuple[int, int]], wall: int, width: int) -> str:
    """How many steps ran in each cell in the mean, as a line of blocks; the highest is the most that ran."""
    if not wall:
        return ""
    held = [0] * width
    ends = [*(time for time, _ in concurrency[1:]), wall]
    for (start, count), end in zip(concurrency, ends, strict=True):
        for cell in range(start * width // wall, min(width, -(-end * width // wall))):
            covered = min(end * width, (cell + 1) * wall) - max(start * width, cell * wall)
            held[cell] += max(0, covered) * count
    most = max((count for _, count in concurrency), default=0)
    return "".join(_LEVELS[-(-value * 8 // (wall * most))] if most else " " for value in held)
