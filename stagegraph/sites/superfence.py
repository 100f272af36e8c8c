"""The ``stagegraph`` fence for pymdownx.superfences: a Dockerfile in, its picture in the page out."""

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

from stagegraph.embedding.pages import alternative, dockerfile_at, report_for, what_ships
from stagegraph.embedding.settings import Settings, SettingsError, settings_of
from stagegraph.errors import StagegraphError
from stagegraph.formats.quoting import xml_text
from stagegraph.model import Report
from stagegraph.source import Source

# A warning of this logger makes `mkdocs build --strict` fail.
_log = logging.getLogger("mkdocs.plugins.stagegraph")
_INLINE = re.compile(r"^\s*FROM\s", re.IGNORECASE | re.MULTILINE)
_NOT_HERE = ("format", "output")
_SIZE = re.compile(r'<svg width="(\d+)" height="(\d+)"')


class Place(Struct):
    """The page that is being made: its name for messages, and where its paths begin."""

    name: str = ""
    folder: Path = field(default_factory=Path)
    read: set[Path] = field(default_factory=set)  # the Dockerfiles that its fences have shown


PLACE: ContextVar[Place] = ContextVar("PLACE")


def validator(
    language: str, inputs: Mapping[str, str], options: dict[str, str], attrs: object, md: object
) -> bool:
    """Take every option of the fence: what cannot be asked for is said where the picture would be."""
    options.update({name.replace("_", "-"): value for name, value in inputs.items()})
    return True


def fence(
    source: str, language: str, css_class: str, options: Mapping[str, str], md: Any, **kwargs: Any
) -> str:
    """The HTML of one fence: a picture, or what is wrong with it, which is logged as a warning too."""
    place = PLACE.get(None) or Place()
    try:
        return _drawn(source, options, place)
    except (StagegraphError, SettingsError, OSError, ValueError) as error:
        hint = f"\nhint: {error.hint}" if isinstance(error, SettingsError) and error.hint else ""
        where = f"{place.name}: " if place.name else ""
        _log.warning("%sa stagegraph fence cannot be drawn: %s%s", where, error, hint)
        return f'<pre class="stagegraph-error"><code>{escape(f"{error}{hint}")}</code></pre>'


def _drawn(source: str, options: Mapping[str, str], place: Place) -> str:
    given = " ".join(f'{name}="{value}"' for name, value in options.items())
    if _INLINE.search(source):
        settings = _settings(given)
        report = report_for(Source(name="Dockerfile", text=source), settings)
    else:
        settings = _settings(f"{source} {given}")
        path = dockerfile_at(place.folder, settings.dockerfile)
        place.read.add(path.resolve())
        report = report_for(path, settings, place.folder)
    return _html(report, settings)


def _settings(words: str) -> Settings:
    for name in _NOT_HERE:
        if re.search(rf"(^|\s){name}=", words):
            raise SettingsError(f"{name} has no meaning here", hint="a fence becomes an SVG in its page")
    return settings_of(words)


def _html(report: Report, settings: Settings) -> str:
    from stagegraph.api import render

    picture = render(report, "svg", settings.view).decode()
    parts = [_object(picture, alternative(report, settings))]
    if settings.report:
        parts.append(_table(report))
    inside = "".join(parts)
    if settings.collapsed:
        summary = xml_text(settings.view.title or report.source)
        return f'<details class="stagegraph"><summary>{summary}</summary>{inside}</details>'
    return f'<figure class="stagegraph">{inside}</figure>'


def _object(picture: str, words: str) -> str:
    """A document of its own: neither its styles nor those of the page reach the other."""
    size = _SIZE.search(picture)
    width, height = size.groups() if size else ("100%", "")
    data = base64.b64encode(picture.encode()).decode()
    return (
        f'<object type="image/svg+xml" data="data:image/svg+xml;base64,{data}" role="img"'
        f' aria-label="{xml_text(words)}" width="{width}"'
        f' style="max-width:100%;height:auto;aspect-ratio:{width}/{height}"></object>'
    )


def _table(report: Report) -> str:
    from markdown import markdown

    return str(markdown("\n".join(what_ships(report)), extensions=["tables"]))
