"""The ``stagegraph`` fence for pymdownx.superfences, which shows a Dockerfile as a picture."""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Mapping
from contextvars import ContextVar
from html import escape
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from stagegraph.embedding.content import alternative_text, dockerfile_at, report_for, shipped_table
from stagegraph.embedding.diagram_settings import DiagramSettings, SettingsError, parse_settings
from stagegraph.errors import StagegraphError
from stagegraph.formats.svg import size_of
from stagegraph.model import Report
from stagegraph.source import Source, xml_text

# A warning of this logger makes `mkdocs build --strict` fail.
_log = logging.getLogger("mkdocs.plugins.stagegraph")
_UNAVAILABLE = ("format", "output", "dialect")


class FencePage(Struct):
    """The page that is being rendered."""

    name: str = ""  # for messages
    folder: Path = field(default_factory=Path)  # that paths are relative to
    dockerfiles: set[Path] = field(default_factory=set)  # that fences have shown so far


CURRENT_PAGE: ContextVar[FencePage] = ContextVar("CURRENT_PAGE")


def validator(
    language: str, inputs: Mapping[str, str], options: dict[str, str], attrs: object, md: object
) -> bool:
    """Accept every option of the fence, so that ``fence`` can show which one is invalid."""
    options.update({name.replace("_", "-"): value for name, value in inputs.items()})
    return True


def fence(
    source: str, language: str, css_class: str, options: Mapping[str, str], md: Any, **kwargs: Any
) -> str:
    """The HTML of one fence: a picture, or an error message, which is also logged as a warning."""
    page = CURRENT_PAGE.get(None) or FencePage()
    try:
        return _drawn(source, options, page)
    except (StagegraphError, SettingsError, OSError, ValueError) as error:
        hint = f"\nhint: {error.hint}" if isinstance(error, SettingsError) and error.hint else ""
        where = f"{page.name}: " if page.name else ""
        _log.warning("%scannot draw a stagegraph fence: %s%s", where, error, hint)
        return f'<pre class="stagegraph-error"><code>{escape(f"{error}{hint}")}</code></pre>'


def _drawn(source: str, options: Mapping[str, str], page: FencePage) -> str:
    given = " ".join(f'{name}="{value}"' for name, value in options.items())
    if re.search(r"^\s*FROM\s", source, re.IGNORECASE | re.MULTILINE):
        settings = _settings(given)
        report = report_for(Source(name="Dockerfile", text=source), settings)
    else:
        settings = _settings(f"{source} {given}")
        path = dockerfile_at(page.folder, settings.dockerfile)
        page.dockerfiles.add(path.resolve())
        report = report_for(path, settings, page.folder)
    return _html(report, settings)


def _settings(words: str) -> DiagramSettings:
    for name in _UNAVAILABLE:
        if re.search(rf"(^|\s){name}=", words):
            raise SettingsError(
                f"a fence does not take `{name}`", hint="remove it: a fence always becomes an SVG in its page"
            )
    return parse_settings(words, inline=True)


def _html(report: Report, settings: DiagramSettings) -> str:
    from stagegraph.api import render

    picture = render(report, "svg", settings.view).decode()
    parts = [_object(picture, alternative_text(report, settings))]
    if settings.report:
        parts.append(_table(report))
    inside = "".join(parts)
    if settings.collapsed:
        summary = xml_text(settings.view.title or report.source)
        return f'<details class="stagegraph"><summary>{summary}</summary>{inside}</details>'
    return f'<figure class="stagegraph">{inside}</figure>'


def _object(picture: str, words: str) -> str:
    """The picture as a separate document, so that its styles and those of the page stay apart."""
    width, height = size_of(picture)
    data = base64.b64encode(picture.encode()).decode()
    return (
        f'<object type="image/svg+xml" data="data:image/svg+xml;base64,{data}" role="img"'
        f' aria-label="{xml_text(words)}" width="{width}"'
        f' style="max-width:100%;height:auto;aspect-ratio:{width}/{height}"></object>'
    )


def _table(report: Report) -> str:
    from markdown import markdown

    return str(markdown("\n".join(shipped_table(report)), extensions=["tables"]))
