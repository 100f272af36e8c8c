"""What stands between the markers: the diagram or the link to its picture, and what ships."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote

from stagegraph.api import render
from stagegraph.embedding.settings import Settings
from stagegraph.model import Report
from stagegraph.renderers.markdown_report import escaped, table
from stagegraph.renderers.picture import description
from stagegraph.renderers.quoting import xml_text
from stagegraph.renderers.story import headline, left_rows, shipped_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The lines of a block, without line ends, and the picture that they link to, if any."""

    lines: tuple[str, ...]
    picture: bytes | None = None


def content_of(report: Report, settings: Settings) -> Content:
    """``report`` as ``settings`` ask for it; RenderError where a picture cannot be made."""
    picture = render(report, "svg", settings.view) if settings.format == "svg" else None
    return Content(lines=("", *_framed(report, settings), ""), picture=picture)


def _framed(report: Report, settings: Settings) -> Iterator[str]:
    if not settings.collapsed:
        yield from _inside(report, settings)
        return
    yield "<details>"
    yield f"<summary>{xml_text(settings.view.title or headline(report))}</summary>"
    yield ""
    # the summary says the title already
    yield from _inside(report, replace(settings, view=replace(settings.view, title="")))
    yield ""
    yield "</details>"


def _inside(report: Report, settings: Settings) -> Iterator[str]:
    if settings.format == "svg":
        yield f"![{escaped(alternative(report, settings))}]({quote(settings.output, safe='/')})"
    else:
        yield "```mermaid"
        yield from render(report, "mermaid", settings.view).decode().rstrip("\n").split("\n")
        yield "```"
    if settings.report:
        yield ""
        yield from what_ships(report)


def alternative(report: Report, settings: Settings) -> str:
    """The picture in words, for those who do not see it."""
    words = description(report)
    return f"{settings.view.title}: {words}" if settings.view.title else words


def what_ships(report: Report) -> Iterator[str]:
    """What is in the image and what is left behind, as lines of Markdown."""
    # without lines: a comment in the Dockerfile would make every page old
    lineless = tuple(replace(item, line=None) for item in report.shipped)
    rows = shipped_rows(replace(report, shipped=lineless))
    if rows:
        yield from table(rows, "In the image", "Where from")
    else:
        yield "In the image is only what its own steps make."
    left = left_rows(report)
    if left:
        yield ""
        names = ", ".join(f"{row.what} ({row.detail})" if row.detail else row.what for row in left)
        yield f"Left behind: {escaped(names)}."
