"""A comparison as picture, text or data: one row of the table a format."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from msgspec.structs import asdict, replace

from stagegraph.comparison.changes import Comparison
from stagegraph.errors import OptionsError
from stagegraph.formats.diff_sections import (
    SIGNS,
    ChangeRow,
    change_headline,
    change_story,
    change_summary,
)
from stagegraph.formats.diff_text import change_text
from stagegraph.formats.markdown import escaped
from stagegraph.formats.mermaid import mermaid_of
from stagegraph.picture.change_picture import change_picture
from stagegraph.picture.shorten import cut
from stagegraph.picture.view import Picture, View

SCHEMA_VERSION = 1  # counts changes that break readers
MOST_ROWS = 60  # of a table; a comment on GitHub holds 65,536 characters
_MOST_LINES = 8  # of a stage in a table
_DEFAULT_VIEW = View()


def render_change(comparison: Comparison, format: str, view: View = _DEFAULT_VIEW) -> bytes:  # noqa: A002
    """``comparison`` in ``format``, a key of CHANGE_FORMATS; OptionsError for any other."""
    if format not in CHANGE_FORMATS:
        raise OptionsError(
            f"{format} is no format of a comparison", hint=f"one of {', '.join(CHANGE_FORMATS)}"
        )
    return CHANGE_FORMATS[format](comparison, view).encode()


def _text(comparison: Comparison, view: View) -> str:
    return change_text(comparison)


def _mermaid(comparison: Comparison, view: View) -> str:
    return mermaid_of(_pictures(comparison, view), view)


def _pictures(comparison: Comparison, view: View) -> Iterator[Picture]:
    yield change_picture(comparison, view)
    yield change_picture(comparison, replace(view, labels=False))


def _svg(comparison: Comparison, view: View) -> str:
    from stagegraph.formats.svg import svg_of

    # a reader of a picture of two builds has to be told what the borders mean
    return svg_of(_pictures(comparison, view), replace(view, legend=True))


def _json(comparison: Comparison, view: View) -> str:
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
    parts = [f"{_text_of(name)}: {_text_of(value)}" for name, value in head.items()]
    parts += [f"{_text_of(name)}: {_rows(rows)}" for name, rows in lists.items()]
    return "{\n  " + ",\n  ".join(parts) + "\n}\n"


def _rows(rows: Sequence[dict[str, Any]]) -> str:
    """A change a line: what was written before and after differs where the builds do."""
    return "[\n    " + ",\n    ".join(map(_text_of, rows)) + "\n  ]" if rows else "[]"


def _text_of(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _markdown(comparison: Comparison, view: View) -> str:
    return "\n".join(_lines(comparison, view)) + "\n"


def _lines(comparison: Comparison, view: View) -> Iterator[str]:
    yield f"### {escaped(view.title or change_headline(comparison))}"
    yield ""
    yield escaped(change_summary(comparison))
    if comparison.same:
        return
    yield ""
    yield "```mermaid"
    yield _mermaid(comparison, replace(view, title="")).rstrip("\n")
    yield "```"
    for section in change_story(comparison):
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


CHANGE_FORMATS: Mapping[str, Callable[[Comparison, View], str]] = MappingProxyType(
    {"text": _text, "mermaid": _mermaid, "svg": _svg, "json": _json, "markdown": _markdown}
)
