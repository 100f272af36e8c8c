"""The report as text for a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stagegraph.formats.report_sections import Section, headline, story
from stagegraph.formats.tree import WIDTH, to_text
from stagegraph.model import Report

if TYPE_CHECKING:
    from rich.console import RenderableType


def render(report: Report, *, colour: bool = False, width: int = WIDTH) -> str:
    """What ships, what is left behind, parallelism, critical path and findings."""
    return to_text(_parts(report), colour=colour, width=width)


def _parts(report: Report) -> Iterator[RenderableType]:
    from rich.text import Text

    yield Text(headline(report), style="bold")
    for section in story(report):
        yield Text("")
        yield Text(section.heading, style="bold cyan")
        yield from _body(section)


def _body(section: Section) -> Iterator[RenderableType]:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    for sentence in section.sentences:
        yield Padding(Text(sentence), (0, 0, 0, 2))
    if section.rows:
        table = Table.grid(padding=(0, 2))
        table.add_column(overflow="fold")
        table.add_column(style="dim", overflow="fold")
        for row in section.rows:
            table.add_row(Text("  " + row.what), Text(row.detail))
        yield table
