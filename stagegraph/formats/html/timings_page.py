"""HTML: a measured build as one page with its graph, its timeline and its table of steps."""

from __future__ import annotations

from typing import Any

from stagegraph.formats.html.assembly import Page, assembled, asset
from stagegraph.formats.html.drawing import drawing
from stagegraph.formats.html.facts import graph_facts
from stagegraph.formats.html.measured_path import with_times
from stagegraph.formats.html.timed_facts import stage_keys, timed_nodes, timed_steps
from stagegraph.formats.html.timed_sections import figures, timed_story
from stagegraph.formats.html.timeline import timeline
from stagegraph.formats.quoting import checked_link_base
from stagegraph.model import Report
from stagegraph.picture.view import View
from stagegraph.timings.timings import Timings

_DEFAULT = View()
_NO_GRAPH: dict[str, Any] = {"targets": [], "nodes": [], "edges": []}
_SCRIPTS = (
    *("dom", "selection", "ways", "panning", "graph", "panel", "search", "theme", "shortcuts"),
    *("scale", "bars", "timeline", "concurrency", "table", "main"),
)


def render(found: Timings, report: Report | None = None, view: View = _DEFAULT) -> str:
    """``found`` as one HTML page that fetches nothing; with the graph where ``report`` gives one.

    ``report`` is that of the Dockerfile and the options that the build was made from.
    """
    checked_link_base(view.link_base)
    facts = graph_facts(report) if report else _NO_GRAPH
    keys = stage_keys(found, [node["key"] for node in facts["nodes"]])
    sections = [figures(found), asset("timeline.html")]
    graph = None
    if report:
        drawn = drawing(report, view, with_times(found))
        sections.append(drawn.section)
        graph = drawn.parts
    return assembled(
        Page(
            title=view.title or f"{_name(found)}: timings",
            heading=view.title or _name(found),
            subheading=_subheading(found, report),
            theme=view.theme,
            fills=False,
            sections=(*sections, asset("table.html")),
            scripts=_SCRIPTS,
            data={
                "link": view.link_base.partition("#")[0],
                "showPath": True,
                "graph": graph,
                "timeline": timeline(found, keys),
                "overview": timed_story(found),
                **facts,
                "nodes": timed_nodes(found, keys, facts["nodes"]),
                "steps": timed_steps(found, keys),
            },
        )
    )


def _name(found: Timings) -> str:
    """The file of the record, and which of its builds it is."""
    file = found.source.replace("\\", "/").rpartition("/")[2]
    return f"{file}, {found.name}" if found.name else file


def _subheading(found: Timings, report: Report | None) -> str:
    file = found.dockerfile.name if found.dockerfile else "no Dockerfile"
    targets = ", ".join(node.label for node in report.nodes if node.id in report.targets) if report else ""
    words = [file, f"target {targets}" if targets else "", ", ".join(report.platforms) if report else ""]
    return " · ".join(word for word in words if word)
