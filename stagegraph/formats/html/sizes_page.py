"""The HTML page of the sizes of an image: what to change, a treemap of its bytes, and tables."""

from __future__ import annotations

from typing import Any

from stagegraph.formats.html.assembly import Page, assembled, asset
from stagegraph.formats.sizes_sections import Table, changes, contents, facts, headline, instruction, tables
from stagegraph.sizes.sizes import Sizes
from stagegraph.sizes.tree import SizeNode
from stagegraph.source import xml_text
from stagegraph.units import sentence, size

_SCRIPTS = ("dom", "selection", "theme", "shortcuts", "squarify", "treemap", "size_panel", "sizes_main")


def render(sizes: Sizes) -> str:
    """``sizes`` as one HTML page that fetches nothing."""
    sentences = "".join(f"<p>{xml_text(text[:1].upper() + text[1:])}</p>\n" for text in facts(sizes))
    rest = (*contents(sizes), *map(sentence, sizes.notes))
    programs = "".join(f"<p>{xml_text(text)}</p>\n" for text in rest)
    return assembled(
        Page(
            title=headline(sizes),
            heading=headline(sizes),
            subheading=f"{sizes.archive} · {sizes.dockerfile or 'no Dockerfile'}",
            theme="auto",
            fills=False,
            sections=(
                f'<section class="facts" aria-label="Summary">\n{sentences}</section>\n',
                _section(changes(sizes)),
                asset("treemap.html"),
                *map(_section, tables(sizes)),
                f'<section class="facts" aria-label="Contents">\n{programs}</section>\n' if programs else "",
            ),
            scripts=_SCRIPTS,
            data={"link": "", "tree": _data(sizes.tree)},
        )
    )


def _section(table: Table) -> str:
    """A table with its heading; nothing if it has no rows."""
    if not table.rows:
        return ""
    heads = "".join(f'<th scope="col">{xml_text(name)}</th>' for name in table.columns)
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>\n" for row in table.rows)
    more = f"<p>{xml_text(table.more)}</p>\n" if table.more else ""
    inner = f"<thead><tr>{heads}</tr></thead>\n<tbody>{rows}</tbody>"
    heading = f"<h2>{xml_text(table.heading)}</h2>"
    return f'<section>\n{heading}\n<table class="sizes">{inner}</table>\n{more}</section>\n'


def _cell(text: str) -> str:
    """A cell; what is in backticks is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return f"<td>{xml_text(text)}</td>"
    inner = (
        f"<code>{xml_text(part)}</code>" if number % 2 else xml_text(part)
        for number, part in enumerate(parts)
    )
    return f"<td>{''.join(inner)}</td>"


def _data(node: SizeNode) -> dict[str, Any]:
    """A node for the script: its children are in ``children`` if it has any."""
    data: dict[str, Any] = {
        "name": instruction(node.name) if node.kind == "line" else node.name,
        "kind": node.kind,
        "bytes": node.bytes,
        "size": size(node.bytes),
        "files": node.files,
    }
    if node.line is not None:
        data["line"] = node.line
    if node.children:
        data["children"] = [_data(child) for child in node.children]
    return data
