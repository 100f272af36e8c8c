"""The report as Markdown: the diagram, then the sections of the text report."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from stagegraph.formats import mermaid
from stagegraph.formats.mermaid_head import fence
from stagegraph.formats.report_sections import headline, report_sections
from stagegraph.formats.section import Row, Section
from stagegraph.model import Report
from stagegraph.picture.view import View
from stagegraph.source import BREAK, printable

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&$])")

_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def render(report: Report, view: View) -> str:
    """``report`` for a document, a pull request or a job summary; texts from files are escaped."""
    return "\n".join(_lines(report, view)) + "\n"


def _lines(report: Report, view: View) -> Iterator[str]:
    yield f"## {escaped(view.title or headline(report))}"
    yield ""
    opening, closing = fence(view.dialect)
    yield opening
    yield mermaid.render(report, replace(view, title="")).rstrip("\n")
    yield closing
    for section in report_sections(report):
        yield ""
        yield f"### {escaped(section.heading)}"
        yield ""
        yield from _body(section)


def _body(section: Section) -> Iterator[str]:
    for sentence in section.sentences:
        yield escaped(sentence)
        yield ""
    if section.rows:
        yield from table(section.rows)


def table(rows: Sequence[Row], *headings: str) -> Iterator[str]:
    """The lines of a table with two columns; ``headings`` are none or two."""
    yield f"| {' | '.join(headings)} |" if headings else "| | |"
    yield "|---|---|"
    for row in rows:
        yield f"| {escaped(row.what)} | {escaped(row.detail)} |"


def escaped(text: str) -> str:
    """``text`` with its Markdown characters escaped, also for table cells; ``@name`` notifies nobody."""
    text = re.sub(r"(?<!\w)@(?=\w)", f"@{BREAK}", printable(text))
    return _SPECIAL.sub(lambda match: _ENTITIES.get(match[1], "\\" + match[1]), text)
