"""The HTML page of a graph that follows its Dockerfile: it listens to the server that it came from."""

from __future__ import annotations

from hashlib import sha256

from msgspec.structs import replace

from stagegraph.formats.html.assembly import Page, assembled
from stagegraph.formats.html.graph_page import SCRIPTS, graph_page
from stagegraph.model import Report
from stagegraph.picture.view import View

_NO_GRAPH = {"link": "", "targets": [], "nodes": [], "edges": [], "steps": [], "overview": []}


def live_page(report: Report, view: View) -> tuple[bytes, str]:
    """The page of ``report``, and its version: pages with equal versions are equal."""
    return _following(graph_page(report, view, served=True))


def empty_page(name: str, view: View) -> tuple[bytes, str]:
    """The page of a Dockerfile ``name`` that has never been drawn, and its version."""
    title = view.title or name
    return _following(
        Page(
            title=title,
            heading=title,
            subheading="",
            theme=view.theme,
            fills=True,
            sections=(),
            scripts=SCRIPTS,
            data=_NO_GRAPH,
        )
    )


def _following(page: Page) -> tuple[bytes, str]:
    version = sha256(assembled(page).encode()).hexdigest()[:16]
    scripts = (*page.scripts[:-1], "live", page.scripts[-1])
    live = replace(page, connects=True, scripts=scripts, data={**page.data, "live": version})
    return assembled(live).encode(), version
