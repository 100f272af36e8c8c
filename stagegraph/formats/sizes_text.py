"""The sizes of an image for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.formats.sizes_sections import (
    Table,
    changes,
    comparison_headline,
    comparison_tables,
    contents,
    facts,
    headline,
    tables,
)
from stagegraph.formats.terminal_text import UNBROKEN, Text, indented, to_text
from stagegraph.picture.short_names import cut
from stagegraph.sizes.compare import SizeComparison
from stagegraph.sizes.sizes import Sizes
from stagegraph.source import printable

WIDTH = 100


def render(sizes: Sizes, *, colour: bool = False, width: int = 0) -> str:
    """``sizes`` as lines of at most ``width`` columns; without it no line is broken."""
    return to_text(_parts(sizes, max(60, width or UNBROKEN)), colour=colour, width=max(60, width or UNBROKEN))


def as_comparison(comparison: SizeComparison, *, colour: bool = False, width: int = 0) -> str:
    """``comparison`` as lines of at most ``width`` columns; without it no line is broken."""
    parts = [Text(comparison_headline(comparison), style="bold")]
    for table in comparison_tables(comparison):
        parts.extend(_table(table, max(60, width or UNBROKEN)))
    return to_text(parts, colour=colour, width=max(60, width or UNBROKEN))


def _parts(sizes: Sizes, width: int) -> Iterator[Text]:
    yield Text(headline(sizes), style="bold")
    for sentence in facts(sizes):
        yield Text(sentence)
    yield from _changes(changes(sizes), width)
    for table in tables(sizes):
        yield from _table(table, width)
    sentences = list(contents(sizes))
    if sentences:
        yield Text()
    for sentence in sentences:
        yield from indented(Text(sentence), 0, width)
    for note in sizes.notes:
        yield Text(f"note: {printable(note)}", style="dim")


def _changes(table: Table, width: int) -> Iterator[Text]:
    """Each finding as a paragraph: what it saves and where, then what to do."""
    if not table.rows:
        return
    yield Text(f"\n{table.heading}", style="bold cyan")
    first = max(len(row[0]) for row in table.rows)
    where = max(len(row[1]) for row in table.rows)
    for saves, place, what in table.rows:
        lines = list(indented(Text(what), 0, width - first - where - 6))
        for number, line in enumerate(lines):
            text = Text(f"  {saves if not number else '':>{first}}  ", style="bold yellow")
            text.append(f"{place if not number else '':<{where}}  ", style="yellow")
            yield text + line
    if table.more:
        yield Text(f"  {table.more}", style="dim")


def _table(table: Table, width: int) -> Iterator[Text]:
    if not table.rows:
        return
    yield Text(f"\n{table.heading}", style="bold cyan")
    rows = (table.columns, *table.rows)
    width = WIDTH if width >= UNBROKEN else width
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.columns) - 1)]
    for number, row in enumerate(rows):
        cells = [_aligned(cell, widths[column], column) for column, cell in enumerate(row[:-1])]
        start = "  " + "  ".join(cells) + "  "
        yield Text(start + cut(row[-1], max(10, width - len(start))), style="dim" if not number else "")


def _aligned(cell: str, width: int, column: int) -> str:
    """Numbers end where their column ends; words begin where it begins."""
    return f"{cell:>{width}}" if cell[:1].isdigit() or column == 0 else f"{cell:<{width}}"
