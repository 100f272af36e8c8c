"""Timings for a terminal: what to change first, savings, stages as bars, the critical path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from stagegraph.formats.terminal_text import UNBROKEN, Text, indented, to_text
from stagegraph.formats.timings_sections import (
    TARGET_HEADS,
    StageRow,
    advice,
    cache_end_rows,
    facts,
    headline,
    lines_and_stage,
    notes,
    path_rows,
    plain_name,
    plan_headline,
    plan_rows,
    savings,
    stage_rows,
    target_rows,
    unknown_dependencies,
    warnings,
)
from stagegraph.picture.short_names import cut
from stagegraph.source import printable
from stagegraph.timings.timings import Timings
from stagegraph.units import duration, share

PATH, RUNS, FREE = "█", "▒", "·"
_LEVELS = " ▁▂▃▄▅▆▇█"
WIDTH = 80
_NAME = 14  # columns of the name of a stage
_FIGURES = 8  # columns of a length of time
_MOST_ROWS = 40


def bar(timings: Timings, steps: Iterable[int], width: int) -> str:
    """A bar of ``width`` cells for the time of the build: when ``steps`` ran; the critical path is solid."""
    cells = [FREE] * width
    own = set(steps)
    for step in own:
        for start, end in timings.steps[step].intervals:
            _fill(cells, start, end, timings.known_wall, RUNS)
    for part in timings.path:
        if part.step in own and part.time:
            for start, end in timings.steps[part.step].intervals:
                _fill(cells, start, end, timings.known_wall, PATH)
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
    """The average number of running steps in each of ``width`` cells; a full block is the maximum."""
    if not wall:
        return ""
    work = [0] * width  # nanoseconds of steps in each cell, times ``width``
    ends = [*(time for time, _ in concurrency[1:]), wall]
    for (start, count), end in zip(concurrency, ends, strict=True):
        for cell in range(start * width // wall, min(width, -(-end * width // wall))):
            covered = min(end * width, (cell + 1) * wall) - max(start * width, cell * wall)
            work[cell] += max(0, covered) * count
    most = max((count for _, count in concurrency), default=0)
    return "".join(_LEVELS[-(-value * 8 // (wall * most))] if most else " " for value in work)


def render(timings: Timings, *, colour: bool = False, width: int = 0) -> str:
    """``timings`` as lines of at most ``width`` columns; without it no line is broken."""
    parts = _parts(timings, max(60, width or WIDTH))
    return to_text(parts, colour=colour, width=max(60, width or UNBROKEN))


def _parts(timings: Timings, width: int) -> Iterator[Text]:
    if unknown := unknown_dependencies(timings):
        yield Text(f"warning: {unknown}", style="bold red")
    yield Text(headline(timings), style="bold")
    for sentence in warnings(timings):
        yield Text(sentence, style="bold red")
    first, what = advice(timings)
    if first:
        yield Text(first, style="bold yellow")
    if what:
        yield Text(f"  {cut(what, width - 3)}")
    for sentence in facts(timings):
        yield Text(sentence)
    yield from _savings(timings, width)
    yield from _targets(timings, width)
    yield from _stages(timings, width)
    yield from cache_end_lines(timings, width)
    yield from _path(timings, width)
    yield from _plan(timings, width)
    for note in notes(timings):
        yield Text(f"note: {note}", style="dim")


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold cyan")


def _targets(timings: Timings, width: int) -> Iterator[Text]:
    rows = list(target_rows(timings))
    if not rows:
        return
    yield _heading("Targets")
    widths = [len(head) for head in TARGET_HEADS[1:]]
    name = min(max(len(row[0]) for row in (TARGET_HEADS, *rows)), width - sum(widths) - 2 * len(widths) - 2)
    for row in (TARGET_HEADS, *rows):
        cells = (f"{cell:>{size}}" for cell, size in zip(row[1:], widths, strict=True))
        yield Text(f"  {cut(row[0], name):<{name}}  {'  '.join(cells)}")


def _savings(timings: Timings, width: int) -> Iterator[Text]:
    rows = savings(timings)
    if not rows:
        return
    yield _heading("Time saved if this step took no time")
    for saving in rows:
        lines, stage = lines_and_stage(timings, saving)
        first = f"  {duration(saving.saves):>8} {share(saving.saves, timings.known_wall):>4}  "
        text = Text(first, style="bold")
        text.append(f"{lines:<12.12} ", style="yellow")
        text.append(f"{cut(stage, _NAME):<{_NAME}} " if stage else "", style="cyan")
        text.append(cut(plain_name(saving.name), max(10, width - len(text) - 1)))
        yield text


def _stages(timings: Timings, width: int) -> Iterator[Text]:
    rows = stage_rows(timings)
    room = max(10, width - 2 - _NAME - 1 - 8 - 2 * (_FIGURES + 1) - 1)
    yield _heading("Stages")
    scale = "" if timings.wall is None else f"0{duration(timings.wall):>{room - 1}}"
    saves = "saves" if timings.dependencies_known else ""
    head = f"  {'':<{_NAME}} {'lines':<8}{'ran':>{_FIGURES}} {saves:>{_FIGURES}}  {scale}"
    yield Text(head.rstrip(), style="dim")
    for row in rows[:_MOST_ROWS]:
        yield _stage(timings, row, room)
    if len(rows) > _MOST_ROWS:
        yield Text(f"  and {len(rows) - _MOST_ROWS} more", style="dim")
    if timings.wall is None:
        return
    most = max((count for _, count in timings.concurrency), default=0)
    parallel = f"up to {most}" if most > 1 else "one at a time"
    blank = f"  {'running steps':<{_NAME}} {'':<8}{parallel:>{2 * _FIGURES + 1}}  "
    yield Text(blank + curve(timings.concurrency, timings.known_wall, room), style="dim")


def _stage(timings: Timings, row: StageRow, room: int) -> Text:
    saves = duration(row.saves) if row.saves else ""
    text = Text("  ")
    text.append(
        f"{cut(row.name, _NAME):<{_NAME}} ", style="bold red" if row.error else "bold" if row.on_path else ""
    )
    text.append(f"{cut(row.where, 7):<8}", style="dim")
    took = "cached" if row.cached == len(row.steps) and not row.work else duration(row.work)
    if timings.wall is None:
        text.append(f"{took:>{_FIGURES}}")
        return text
    text.append(f"{took:>{_FIGURES}} {saves:>{_FIGURES}}  ")
    for mark in bar(timings, row.steps, room):
        text.append(mark, style="yellow" if mark == PATH else "cyan" if mark != FREE else "dim")
    return text


def cache_end_lines(timings: Timings, width: int) -> Iterator[Text]:
    """Where the cache ended, and why."""
    rows = list(cache_end_rows(timings))
    if rows:
        yield _heading("Where the cache ended")
    for stage, lines, name, why in rows[:_MOST_ROWS]:
        text = Text("  ")
        text.append(f"{cut(stage, _NAME):<{_NAME}} ")
        text.append(f"{lines:<12.12} ", style="yellow")
        text.append(cut(name, max(10, width - len(text) - 1)))
        yield text
        yield from indented(Text(why, style="dim"), 4 + _NAME, width)


def _plan(timings: Timings, width: int) -> Iterator[Text]:
    if timings.plan:
        yield _heading(plan_headline(timings))
    for number, (wall, lines, name) in enumerate(plan_rows(timings), 1):
        text = Text(f"  {number}. then {wall:>8}  ", style="bold")
        text.append(f"{lines:<12.12} ", style="yellow")
        text.append(cut(name, max(10, width - len(text) - 1)))
        yield text


def _path(timings: Timings, width: int) -> Iterator[Text]:
    if not timings.dependencies_known:
        return
    yield _heading(f"Critical path: {duration(timings.path_time)} of {duration(timings.known_wall)}")
    for row in path_rows(timings):
        text = Text(f"  {duration(row.time):>8}  ", style="dim" if row.waited else "bold")
        text.append(f"{row.where:<12.12} ", style="yellow")
        detail = f" ({row.detail})" if row.detail else ""
        text.append(
            cut(row.what, max(10, width - len(text) - len(detail) - 1)), style="dim" if row.waited else ""
        )
        text.append(printable(detail), style="dim")
        yield text
    tail = timings.known_wall - timings.path[-1].end if timings.path else 0
    if tail * 100 >= timings.known_wall and tail:
        yield Text(f"  {duration(tail):>8}  {'':<12} after the last step", style="dim")
