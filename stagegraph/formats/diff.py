"""The formats of a comparison of two builds; docs/diff.schema.json describes the JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import asdict, replace

from stagegraph.comparison.changes import Change, Comparison
from stagegraph.formats.diff_sections import (
    SIGNS,
    ChangeRow,
    change_headline,
    change_sections,
    change_summary,
)
from stagegraph.formats.json import to_json
from stagegraph.formats.markdown import escaped
from stagegraph.formats.mermaid import mermaid_of
from stagegraph.formats.terminal_text import UNBROKEN, Text, to_text, two_columns
from stagegraph.picture.change_picture import change_picture
from stagegraph.picture.short_names import cut
from stagegraph.picture.view import Picture, View
from stagegraph.source import printable

_PLAIN = View()
MOST_ROWS_OF_TEXT = 40  # of a section
_LONGEST_TEXT = 4_000  # characters of an instruction
MOST_LINES_OF_TEXT = 6  # removed or added, of a row
_STYLES = {Change.ADDED: "green", Change.REMOVED: "red", Change.CHANGED: "blue", Change.RENAMED: "blue"}
SCHEMA_VERSION = 1  # counts changes that break readers
MOST_ROWS = 60  # of a table; a comment on GitHub holds 65,536 characters
_MOST_LINES_OF_TABLE = 8  # of a stage in a table


def as_text(
    comparison: Comparison, view: View = _PLAIN, *, colour: bool = False, width: int = UNBROKEN
) -> str:
    """One line for each difference; removed and added instructions follow below their stage."""
    return to_text(_text_parts(comparison, view, width), colour=colour, width=width)


def _text_parts(comparison: Comparison, view: View, width: int) -> Iterator[Text]:
    yield Text(printable(view.title) or change_headline(comparison), style="bold")
    yield Text(change_summary(comparison))
    for section in change_sections(comparison):
        yield Text("")
        yield Text(section.heading, style="bold cyan")
        shown = section.rows[:MOST_ROWS_OF_TEXT]
        room = min(max(len(row.what) for row in shown), width // 2)
        for row in shown:
            yield from _text_row(row, room, width)
        if len(section.rows) > len(shown):
            yield Text(f"  ... and {len(section.rows) - len(shown)} more", style="dim")


def _text_row(row: ChangeRow, room: int, width: int) -> Iterator[Text]:
    what = Text(f"  {SIGNS[row.change]} {row.what}", style=_STYLES[row.change])
    yield from two_columns([(what, Text(row.detail))], width, first=room + 4)
    for sign, style, texts in (("-", "red", row.removed), ("+", "green", row.added)):
        for text in texts[:MOST_LINES_OF_TEXT]:
            yield Text(f"      {sign} {cut(text, min(width, _LONGEST_TEXT) - 8)}", style=style)
        if len(texts) > MOST_LINES_OF_TEXT:
            yield Text(f"      {sign} ... and {len(texts) - MOST_LINES_OF_TEXT} more", style=style)


def as_svg(comparison: Comparison, view: View) -> str:
    """Both graphs in one picture, always with a legend: without it the borders cannot be understood."""
    from stagegraph.formats.svg import svg_of

    return svg_of(_pictures(comparison, view), replace(view, legend=True))


def as_mermaid(comparison: Comparison, view: View) -> str:
    """Both graphs in one flowchart, the differences marked; simplified until GitHub shows it."""
    return mermaid_of(_pictures(comparison, view), view)


def _pictures(comparison: Comparison, view: View) -> Iterator[Picture]:
    yield change_picture(comparison, view)
    yield change_picture(comparison, replace(view, labels=False))


def as_json(comparison: Comparison) -> str:
    """One JSON object with one change a line, so that two outputs can be compared line by line."""
    labels = comparison.labels
    head = {
        "schema_version": SCHEMA_VERSION,
        "old": comparison.old.source,
        "new": comparison.new.source,
        "same": comparison.same,
    }
    lists = {
        "nodes": [asdict(change) | {"label": change.label} for change in comparison.nodes],
        "edges": [
            asdict(change) | {"source_label": labels[change.source], "target_label": labels[change.target]}
            for change in comparison.edges
        ],
        "needed": [asdict(change) for change in comparison.needed],
    }
    parts = [f"{_json(name)}: {_json(value)}" for name, value in head.items()]
    parts += [f"{_json(name)}: {_rows(rows)}" for name, rows in lists.items()]
    return "{\n  " + ",\n  ".join(parts) + "\n}\n"


def _rows(rows: Sequence[dict[str, Any]]) -> str:
    return "[\n    " + ",\n    ".join(map(_json, rows)) + "\n  ]" if rows else "[]"


def _json(value: object) -> str:
    return to_json(value, indent=None).rstrip("\n")


def as_markdown(comparison: Comparison, view: View) -> str:
    """``comparison`` for a pull request; every text from files is escaped."""
    return "\n".join(_markdown_lines(comparison, view)) + "\n"


def _markdown_lines(comparison: Comparison, view: View) -> Iterator[str]:
    yield f"### {escaped(view.title or change_headline(comparison))}"
    yield ""
    yield escaped(change_summary(comparison))
    if comparison.same:
        return
    yield ""
    yield "```mermaid"
    yield as_mermaid(comparison, replace(view, title="")).rstrip("\n")
    yield "```"
    for section in change_sections(comparison):
        yield ""
        yield f"| | {section.heading} | |"
        yield "|---|---|---|"
        yield from (_table_row(row) for row in section.rows[:MOST_ROWS])
        if len(section.rows) > MOST_ROWS:
            yield f"| | and {len(section.rows) - MOST_ROWS} more | |"


def _table_row(row: ChangeRow) -> str:
    texts = [f"− {text}" for text in row.removed[:_MOST_LINES_OF_TABLE]]
    texts += [f"+ {text}" for text in row.added[:_MOST_LINES_OF_TABLE]]
    cells = [escaped(row.detail), *(escaped(cut(text, 90)) for text in texts)]
    return f"| `{SIGNS[row.change]}` | {escaped(row.what)} | {'<br>'.join(filter(None, cells))} |"
