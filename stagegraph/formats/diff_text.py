"""A comparison as text for a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.comparison.changes import Change, Comparison
from stagegraph.formats.diff_sections import (
    SIGNS,
    ChangeRow,
    change_headline,
    change_sections,
    change_summary,
)
from stagegraph.formats.terminal_text import WIDTH, Text, to_text, two_columns
from stagegraph.picture.shorten import cut

MOST_ROWS = 40  # of a section
MOST_LINES = 6  # removed or added, of a row
_STYLES = {Change.ADDED: "green", Change.REMOVED: "red", Change.CHANGED: "blue", Change.RENAMED: "blue"}


def render(comparison: Comparison, *, colour: bool = False, width: int = WIDTH) -> str:
    """One line for each difference; removed and added instructions follow below their stage."""
    return to_text(_parts(comparison, width), colour=colour, width=width)


def _parts(comparison: Comparison, width: int) -> Iterator[Text]:
    yield Text(change_headline(comparison), style="bold")
    yield Text(change_summary(comparison))
    for section in change_sections(comparison):
        yield Text("")
        yield Text(section.heading, style="bold cyan")
        shown = section.rows[:MOST_ROWS]
        room = min(max(len(row.what) for row in shown), width // 2)
        for row in shown:
            yield from _row(row, room, width)
        if len(section.rows) > len(shown):
            yield Text(f"  ... and {len(section.rows) - len(shown)} more", style="dim")


def _row(row: ChangeRow, room: int, width: int) -> Iterator[Text]:
    what = Text(f"  {SIGNS[row.change]} {row.what}", style=_STYLES[row.change])
    yield from two_columns([(what, Text(row.detail))], width, first=room + 4)
    for sign, style, texts in (("-", "red", row.removed), ("+", "green", row.added)):
        for text in texts[:MOST_LINES]:
            yield Text(f"      {sign} {cut(text, width - 8)}", style=style)
        if len(texts) > MOST_LINES:
            yield Text(f"      {sign} ... and {len(texts) - MOST_LINES} more", style=style)
