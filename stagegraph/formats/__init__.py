"""Report to picture, text or data: one row of the table a format."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from msgspec import Struct

from stagegraph.errors import OptionsError
from stagegraph.model import Report
from stagegraph.picture.view import View
from stagegraph.timings.timings import Timings


class TimingsFormat(Struct, frozen=True, kw_only=True):
    """One output format of timings: where its function is, and whether it needs the report of the graph."""

    module: str
    description: str
    with_report: bool = False

    def make(self, timings: Timings, report: Report | None) -> bytes:
        """The bytes of ``timings``; ``report`` is that of its Dockerfile, if there is one."""
        function = getattr(
            import_module(f"stagegraph.formats.{self.module}"),
            self.module if "." not in self.module else "timings_html",
        )
        made = function(timings, report) if self.with_report else function(timings)
        return str(made).encode("utf-8", "replace")


TIMINGS_FORMATS: Mapping[str, TimingsFormat] = MappingProxyType(
    {
        "text": TimingsFormat(module="timings_text", description="for the terminal"),
        "json": TimingsFormat(module="timings_json", description="all of it as data, with a schema"),
        "html": TimingsFormat(
            module="html.timings_page", description="a page with the graph and a timeline", with_report=True
        ),
        "markdown": TimingsFormat(module="timings_markdown", description="for job summaries and reviews"),
    }
)


def render_timings(timings: Timings, format: str = "text", report: Report | None = None) -> bytes:  # noqa: A002
    """``timings`` in ``format``, a key of TIMINGS_FORMATS; OptionsError for any other."""
    if format not in TIMINGS_FORMATS:
        raise OptionsError(f"{format} is no format", hint=f"one of {', '.join(TIMINGS_FORMATS)}")
    return TIMINGS_FORMATS[format].make(timings, report)


_DEFAULT_VIEW = View()


class Format(Struct, frozen=True, kw_only=True):
    """One output format: how it is asked for, and where the function is that makes it."""

    name: str
    suffixes: tuple[str, ...]
    description: str
    module: str
    function: str
    binary: bool = False

    def make(self, report: Report, view: View) -> bytes:
        """The bytes of ``report`` in this format."""
        made = getattr(import_module(f"stagegraph.formats.{self.module}"), self.function)(report, view)
        return made if isinstance(made, bytes) else str(made).encode()


def _format(name: str, suffixes: str, description: str, module: str = "", *, binary: bool = False) -> Format:
    return Format(
        name=name,
        suffixes=tuple(suffixes.split()),
        description=description,
        module=(module or name).partition(":")[0],
        function=(module or name).rpartition(":")[2],
        binary=binary,
    )


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        row.name: row
        for row in (
            _format("svg", ".svg", "a picture for web pages and READMEs, light and dark in one"),
            _format("png", ".png", "a picture for slides and chats", binary=True),
            _format("pdf", ".pdf", "a picture for print", binary=True),
            _format(
                "html", ".html .htm", "a page to explore: pan, zoom, search, click", "html.graph_page:html"
            ),
            _format("dot", ".dot .gv", "the language of Graphviz"),
            _format("mermaid", ".mmd .mermaid", "a diagram as text, which GitHub and GitLab draw"),
            _format("json", ".json", "the whole report as data, with a schema", "json:json_report"),
            _format("text", ".txt", "a view for the terminal", "tree:terminal"),
            _format(
                "markdown", ".md", "the report with its diagram for a document", "markdown:markdown_report"
            ),
        )
    }
)


def render(report: Report, format: str, view: View = _DEFAULT_VIEW) -> bytes:  # noqa: A002
    """``report`` in ``format``, a key of FORMATS; OptionsError for any other."""
    if format not in FORMATS:
        raise OptionsError(f"{format} is no format", hint=f"one of {', '.join(FORMATS)}")
    return FORMATS[format].make(report, view)
