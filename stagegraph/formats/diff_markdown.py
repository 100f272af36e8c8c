"""A comparison as Markdown: the diagram, then a table for each kind of difference."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from stagegraph.comparison.changes import Comparison
from stagegraph.formats import diff_mermaid
from stagegraph.formats.diff_sections import (
    SIGNS,
    ChangeRow,
    change_headline,
    change_sections,
    change_summary,
)
from stagegraph.formats.markdown import escaped
from stagegraph.picture.shorten import cut
from stagegraph.picture.view import View

MOST_ROWS = 60  # of a table; a comment on GitHub holds 65,536 characters
_MOST_LINES = 8  # of a stage in a table


def render(comparison: Comparison, view: View) -> str:
    """``comparison`` for a pull request; every text from files is escaped."""
    return "\n".join(_lines(comparison, view)) + "\n"


def _lines(comparison: Comparison, view: View) -> Iterator[str]:
    yield f"### {escaped(view.title or change_headline(comparison))}"
    yield ""
    yield escaped(change_summary(comparison))
    if comparison.same:
        return
    yield ""
    yield "```mermaid"
    yield diff_mermaid.render(comparison, replace(view, title="")).rstrip("\n")
    yield "```"
    for section in change_sections(comparison):
        yield ""
        yield f"| | {section.heading} | |"
        yield "|---|---|---|"
        yield from (_row(row) for row in section.rows[:MOST_ROWS])
        if len(section.rows) > MOST_ROWS:
            yield f"| | and {len(section.rows) - MOST_ROWS} more | |"


def _row(row: ChangeRow) -> str:
    texts = [f"− {text}" for text in row.removed[:_MOST_LINES]]
    texts += [f"+ {text}" for text in row.added[:_MOST_LINES]]
    cells = [escaped(row.detail), *(escaped(cut(text, 90)) for text in texts)]
    return f"| `{SIGNS[row.change]}` | {escaped(row.what)} | {'<br>'.join(filter(None, cells))} |"
