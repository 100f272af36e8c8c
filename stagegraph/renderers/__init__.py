"""Report to picture, text or data: one row of the table a format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType

from stagegraph.errors import OptionsError
from stagegraph.model import Report
from stagegraph.renderers.view import View

_DEFAULT_VIEW = View()


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One output format: how it is asked for, and where the function is that makes it."""

    name: str
    suffixes: tuple[str, ...]
    description: str
    module: str
    function: str
    binary: bool = False

    def make(self, report: Report, view: View) -> bytes:
        """The bytes of ``report`` in this format."""
        made = getattr(import_module(f"stagegraph.renderers.{self.module}"), self.function)(report, view)
        return made if isinstance(made, bytes) else str(made).encode()


def _format(name: str, suffixes: str, description: str, module: str = "", *, binary: bool = False) -> Format:
    return Format(
        name=name,
        suffixes=tuple(suffixes.split()),
        description=description,
        module=module or name,
        function=module or name,
        binary=binary,
    )


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        row.name: row
        for row in (
            _format("svg", ".svg", "a picture for web pages and READMEs, light and dark in one"),
            _format("png", ".png", "a picture for slides and chats", binary=True),
            _format("pdf", ".pdf", "a picture for print", binary=True),
            _format("html", ".html .htm", "a page to explore: pan, zoom, search, click"),
            _format("dot", ".dot .gv", "the language of Graphviz"),
            _format("mermaid", ".mmd .mermaid", "a diagram as text, which GitHub and GitLab draw"),
            _format("json", ".json", "the whole report as data, with a schema", "json_report"),
            _format("text", ".txt", "a view for the terminal", "terminal"),
            _format("markdown", ".md", "the report with its diagram for a document", "markdown_report"),
        )
    }
)


def render(report: Report, format: str, view: View = _DEFAULT_VIEW) -> bytes:  # noqa: A002
    """``report`` in ``format``, a key of FORMATS; OptionsError for any other."""
    if format not in FORMATS:
        raise OptionsError(f"{format} is no format", hint=f"one of {', '.join(FORMATS)}")
    return FORMATS[format].make(report, view)
