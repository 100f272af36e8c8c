"""The content of a block or fence: the report that its settings select, as Markdown."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.api import read, render
from stagegraph.embedding.diagram_settings import DiagramSettings
from stagegraph.errors import InputError
from stagegraph.formats.markdown import escaped, table
from stagegraph.formats.mermaid import fence
from stagegraph.formats.report_sections import ImageRows, headline, images
from stagegraph.graph.report import analyse
from stagegraph.model import Report
from stagegraph.picture.picture import description
from stagegraph.picture.view import View
from stagegraph.reading import find, read_source
from stagegraph.source import Source, xml_text

_HERE = Path()


class Content(Struct, frozen=True, kw_only=True):
    """The lines of a block without line ends, and the picture that they link to, if any."""

    lines: tuple[str, ...]
    picture: bytes | None = None


def dockerfile_at(folder: Path, name: str) -> Path:
    """The path of the Dockerfile ``name``, seen from ``folder``; InputError if there is none."""
    path = find(str(folder / name))
    if not path.is_file():
        problem = "is not a file" if path.exists() else "does not exist"
        raise InputError(f"{path} {problem}", hint="use a path relative to the Markdown file")
    return path


def report_for(dockerfile: Path | Source, settings: DiagramSettings, folder: Path = _HERE) -> Report:
    """The report of a Dockerfile; its name is the path as seen from ``folder``."""
    source = dockerfile if isinstance(dockerfile, Source) else read_source(str(dockerfile))
    report = analyse(read(source, settings.options))
    if isinstance(dockerfile, Source):
        return report
    # relative, so that the content is the same on every machine
    return replace(report, source=Path(os.path.relpath(dockerfile, folder)).as_posix())


def content_of(report: Report, settings: DiagramSettings) -> Content:
    """The content of a block; RenderError if its picture cannot be made."""
    picture = render(report, "svg", settings.view) if settings.format == "svg" else None
    return Content(lines=("", *_framed(report, settings), ""), picture=picture)


def _framed(report: Report, settings: DiagramSettings) -> Iterator[str]:
    if not settings.collapsed:
        yield from _diagram(report, settings)
        return
    yield "<details>"
    yield f"<summary>{xml_text(settings.view.title or headline(report))}</summary>"
    yield ""
    # the summary shows the title already
    yield from _diagram(report, replace(settings, view=replace(settings.view, title="")))
    yield ""
    yield "</details>"


def _diagram(report: Report, settings: DiagramSettings) -> Iterator[str]:
    if settings.format == "svg":
        yield f"![{escaped(alternative_text(report, settings))}]({quote(settings.output, safe='/')})"
    else:
        yield from _fenced(report, settings.view)
    if settings.report:
        yield ""
        yield from shipped_table(report)


def _fenced(report: Report, view: View) -> Iterator[str]:
    opening, closing = fence(view.dialect)
    yield opening
    title = view.title.strip()
    if title and view.dialect == "sphinx":
        yield f":caption: {json.dumps(_caption(title), ensure_ascii=False)}"
        view = replace(view, title="")
    yield from render(report, "mermaid", view).decode().rstrip("\n").split("\n")
    yield closing


def _caption(title: str) -> str:
    """``title`` as one paragraph of MyST, and not as a list, a comment, a label or a substitution."""
    text = escaped(title).replace("{", "\\{")
    return re.sub(r"\A(\d*)([-+=:%().])", r"\1\\\2", text)


def alternative_text(report: Report, settings: DiagramSettings) -> str:
    """The picture described in words, for readers who cannot see it."""
    words = description(report)
    return f"{settings.view.title}: {words}" if settings.view.title else words


def shipped_table(report: Report) -> Iterator[str]:
    """What the images hold and what the build leaves behind, as lines of Markdown."""
    # without line numbers, so that a new comment in the Dockerfile does not make the block outdated
    shipped = tuple(replace(item, line=None) for item in report.shipped)
    for number, image in enumerate(images(replace(report, shipped=shipped))):
        if number:
            yield ""
        yield from _image_table(image)


def _image_table(image: ImageRows) -> Iterator[str]:
    of = f" of {image.name}" if image.name else ""
    if image.shipped:
        yield from table(image.shipped, f"In the image{escaped(of)}", "Where from")
    else:
        yield f"The image{escaped(of)} holds only what its own steps make."
    if image.left_behind:
        yield ""
        names = ", ".join(
            f"{row.what} ({row.detail})" if row.detail else row.what for row in image.left_behind
        )
        yield f"Left behind: {escaped(names)}."
