"""HTML: the graph as one page that opens from a file, to pan, zoom, search and click."""

from __future__ import annotations

from stagegraph.formats.html.assembly import Page, assembled
from stagegraph.formats.html.drawing import drawing
from stagegraph.formats.html.facts import graph_facts, overview
from stagegraph.formats.html.variants import other_drawings, served_drawings
from stagegraph.formats.report_sections import targets_words
from stagegraph.model import Report
from stagegraph.picture.view import View, checked_link_base

SCRIPTS = (
    *(
        "dom",
        "selection",
        "paths",
        "targets",
        "address",
        "panning",
        "drawing",
        "highlight",
        "edges",
        "graph",
        "switches",
    ),
    *("panel", "search", "theme", "shortcuts", "main"),
)


def render(report: Report, view: View) -> str:
    """``report`` as one HTML page that fetches nothing and runs only the script it carries.

    Every text from the Dockerfile is data to that script: a policy forbids the browser all else.
    """
    return assembled(graph_page(report, view))


def graph_page(report: Report, view: View, *, served: bool = False) -> Page:
    """The page of ``report``; other drawings are in it, unless it is ``served`` and can ask for them."""
    checked_link_base(view.link_base)
    drawn = drawing(report, view)
    others = served_drawings(report, view, drawn) if served else other_drawings(report, view, drawn)
    return Page(
        title=view.title or drawn.title,
        heading=view.title or report.source,
        subheading=targets_words(report),
        theme=view.theme,
        fills=True,
        sections=(drawn.section,),
        scripts=SCRIPTS,
        data={
            "showPath": view.critical_path,
            "graph": drawn.parts,
            "drawings": others,
            "overview": overview(report),
            **graph_facts(report, view.link_base),
        },
    )
