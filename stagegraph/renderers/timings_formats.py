"""A measured build to text or data: one row of the table a format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType

from stagegraph.errors import OptionsError
from stagegraph.measured.model import Timings
from stagegraph.model import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingsFormat:
    """One format: where the function is that makes it, and whether it draws the graph too."""

    module: str
    description: str
    with_report: bool = False

    def make(self, found: Timings, report: Report | None) -> bytes:
        """The bytes of ``found``; ``report`` is the graph of its Dockerfile, where that is known."""
        function = getattr(import_module(f"stagegraph.renderers.{self.module}"), self.module)
        made = function(found, report) if self.with_report else function(found)
        return str(made).encode("utf-8", "replace")


TIMINGS_FORMATS: Mapping[str, TimingsFormat] = MappingProxyType(
    {
        "text": TimingsFormat(module="timings_text", description="for the terminal"),
        "json": TimingsFormat(module="timings_json", description="all of it as data, with a schema"),
        "html": TimingsFormat(
            module="timings_html", description="a page with the graph and a timeline", with_report=True
        ),
        "markdown": TimingsFormat(module="timings_markdown", description="for job summaries and reviews"),
    }
)


def render_timings(found: Timings, format: str = "text", report: Report | None = None) -> bytes:  # noqa: A002
    """``found`` in ``format``, a key of TIMINGS_FORMATS; OptionsError for any other."""
    if format not in TIMINGS_FORMATS:
        raise OptionsError(f"{format} is no format", hint=f"one of {', '.join(TIMINGS_FORMATS)}")
    return TIMINGS_FORMATS[format].make(found, report)
