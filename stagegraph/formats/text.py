"""The report as text for a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.formats.report_sections import headline, report_sections
from stagegraph.formats.section import Section
from stagegraph.formats.terminal_text import UNBROKEN, Text, indented, to_text, two_columns
from stagegraph.model import Report


def render(report: Report, *, colour: bool = False, width: int = UNBROKEN) -> str:
    """What ships, what is left behind, parallelism, critical path and findings."""
    return to_text(_texts(report, width), colour=colour, width=width)


def _texts(report: Report, width: int) -> Iterator[Text]:
    yield Text(headline(report), style="bold")
    for section in report_sections(report):
        yield Text()
        yield Text(section.heading, style="bold cyan")
        yield from _body(section, width)


def _body(section: Section, width: int) -> Iterator[Text]:
    for sentence in section.sentences:
        yield from indented(Text(sentence), 2, width)
    if section.rows:
        rows = [(Text("  " + row.what), Text(row.detail, style="dim")) for row in section.rows]
        yield from two_columns(rows, width)
