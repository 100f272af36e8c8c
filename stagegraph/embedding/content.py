"""The content of a block or fence: the report that its settings select, in the language of its page."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.api import read, render
from stagegraph.embedding.diagram_settings import DiagramSettings
from stagegraph.embedding.markdown import MARKDOWN
from stagegraph.embedding.page import PageLanguage, PageText
from stagegraph.errors import InputError
from stagegraph.formats.report_sections import ImageRows, headline, images, weights
from stagegraph.graph.build import Build
from stagegraph.graph.report import analyse
from stagegraph.model import Report
from stagegraph.options import Options
from stagegraph.picture.picture import description
from stagegraph.picture.view import View
from stagegraph.reading import find, read_source
from stagegraph.request.names import names_request
from stagegraph.request.read import read_request
from stagegraph.source import Source

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
        raise InputError(f"{path} {problem}", hint="use a path relative to the page")
    return path


def report_for(dockerfile: Path | Source, settings: DiagramSettings, folder: Path = _HERE) -> Report:
    """The report of a Dockerfile, or of a bake or compose file; its name is its path from ``folder``."""
    if isinstance(dockerfile, Path) and names_request(str(dockerfile)):
        report = _request_report(dockerfile, settings)
        return replace(report, source=Path(os.path.relpath(dockerfile, folder)).as_posix())
    source = dockerfile if isinstance(dockerfile, Source) else read_source(str(dockerfile))
    build = read(source, settings.options)
    report = _weighed(build, settings, folder) if settings.image or settings.usage else analyse(build)
    if isinstance(dockerfile, Source):
        return report
    # relative, so that the content is the same on every machine
    return replace(report, source=Path(os.path.relpath(dockerfile, folder)).as_posix())


def _request_report(path: Path, settings: DiagramSettings) -> Report:
    """The report of a bake or compose file: without the environment, which differs between machines."""
    if replace(settings.options, targets=()) != Options() or settings.image or settings.usage:
        raise InputError(
            f"{path.name} has the options of its builds", hint="only target=NAME chooses what it builds"
        )
    return analyse(read_request(str(path), settings.options.all_targets))


def _weighed(build: Build, settings: DiagramSettings, folder: Path) -> Report:
    from stagegraph.sizes.weighed import weighed_from_files

    image, usage = (str(folder / name) if name else "" for name in (settings.image, settings.usage))
    return weighed_from_files(build, image, usage, lambda _: None)


def content_of(report: Report, settings: DiagramSettings, page: PageText) -> Content:
    """The content of a block of ``page``; RenderError if its picture cannot be made."""
    picture = render(report, settings.format, settings.view) if settings.format != "mermaid" else None
    return Content(lines=("", *_framed(report, settings, page), ""), picture=picture)


def _framed(report: Report, settings: DiagramSettings, page: PageText) -> Iterator[str]:
    if not settings.collapsed:
        yield from _diagram(report, settings, page)
        return
    collapsed = page.language.collapsed
    if collapsed is None:
        raise InputError(f"{page.language.name} cannot hide a diagram", hint="remove collapsed=true")
    # the summary shows the title already
    untitled = replace(settings, view=replace(settings.view, title=""))
    summary = settings.view.title or headline(report)
    yield from collapsed(summary, _diagram(report, untitled, page))


def _diagram(report: Report, settings: DiagramSettings, page: PageText) -> Iterator[str]:
    language = page.language
    if settings.format == "mermaid":
        yield from _mermaid(report, settings.view, language)
    else:
        yield from language.image(settings.output, alternative_text(report, settings), page.source.text)
    if settings.report:
        yield ""
        yield from shipped_table(report, language)


def _mermaid(report: Report, view: View, language: PageLanguage) -> Iterator[str]:
    dialect = language.dialects.get(view.dialect, view.dialect)
    title = view.title.strip() if dialect == "sphinx" else ""
    drawn = replace(view, dialect=dialect, title="" if title else view.title)
    lines = render(report, "mermaid", drawn).decode().rstrip("\n").split("\n")
    yield from language.mermaid(lines, dialect, title)


def alternative_text(report: Report, settings: DiagramSettings) -> str:
    """The picture described in words, for readers who cannot see it."""
    words = description(report)
    return f"{settings.view.title}: {words}" if settings.view.title else words


def shipped_table(report: Report, language: PageLanguage = MARKDOWN) -> Iterator[str]:
    """What the images hold and what the build leaves behind, as lines of a page."""
    # without line numbers, so that a new comment in the Dockerfile does not make the block outdated
    shipped = tuple(replace(item, line=None) for item in report.shipped)
    for sentence in weights(report):
        yield language.escaped(sentence)
        yield ""
    for number, image in enumerate(images(replace(report, shipped=shipped))):
        if number:
            yield ""
        yield from _image_table(image, language)


def _image_table(image: ImageRows, language: PageLanguage) -> Iterator[str]:
    of = f" of {image.name}" if image.name else ""
    if image.shipped:
        rows = [(row.what, row.detail) for row in image.shipped]
        yield from language.table([(f"In the image{of}", "Where from"), *rows])
    else:
        yield language.escaped(f"The image{of} holds only what its own steps make.")
    if image.left_behind:
        yield ""
        names = (f"{row.what} ({row.detail})" if row.detail else row.what for row in image.left_behind)
        yield f"Left behind: {language.escaped(', '.join(names))}."
