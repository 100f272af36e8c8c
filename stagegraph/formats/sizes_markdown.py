"""The sizes of an image as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.formats.markdown import escaped
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
from stagegraph.sizes.compare import SizeComparison
from stagegraph.sizes.sizes import Sizes
from stagegraph.source import printable


def render(sizes: Sizes) -> str:
    """``sizes`` as Markdown; all text from the image is escaped."""
    return "\n".join(_lines(sizes)) + "\n"


def as_comparison(comparison: SizeComparison) -> str:
    """``comparison`` as Markdown."""
    lines = [f"## {escaped(comparison_headline(comparison))}"]
    for table in comparison_tables(comparison):
        lines.extend(_table(table))
    return "\n".join(lines) + "\n"


def _lines(sizes: Sizes) -> Iterator[str]:
    yield f"## {escaped(headline(sizes))}"
    for sentence in facts(sizes):
        yield ""
        yield escaped(sentence)
    for table in (changes(sizes), *tables(sizes)):
        yield from _table(table)
    for sentence in contents(sizes):
        yield ""
        yield escaped(sentence)
    for note in sizes.notes:
        yield ""
        yield f"*{escaped(note)}*"


def _table(table: Table) -> Iterator[str]:
    if not table.rows:
        return
    yield from ("", f"### {table.heading}", "")
    yield f"| {' | '.join(table.columns)} |"
    yield f"|{'---:|' * (len(table.columns) - 2)}---|---|"
    for row in table.rows:
        yield f"| {' | '.join(_cell(cell) for cell in row)} |"
    if table.more:
        yield from ("", escaped(table.more))


def _cell(text: str) -> str:
    """``text`` escaped; what is in backticks stays code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escaped(text)
    return "".join(_code(part) if number % 2 else escaped(part) for number, part in enumerate(parts))


def _code(text: str) -> str:
    return "`{}`".format(printable(text).replace("|", "\\|")) if text else ""
