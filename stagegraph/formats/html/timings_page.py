"""The HTML page of a measured build: its graph with measured times, its timeline and its table of steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from msgspec.structs import replace

from stagegraph.formats.html.assembly import Page, assembled, asset
from stagegraph.formats.html.drawing import drawing
from stagegraph.formats.html.facts import graph_facts
from stagegraph.formats.html.graph_page import SCRIPTS
from stagegraph.formats.html.timed_facts import stage_keys, timed_nodes, timed_steps, timeline
from stagegraph.formats.html.timed_sections import figures, timed_overview
from stagegraph.formats.html.variants import other_drawings
from stagegraph.model import Report
from stagegraph.picture.picture import numbered
from stagegraph.picture.view import Box, Picture, View, checked_link_base
from stagegraph.timings.timings import Timings
from stagegraph.units import duration

_DEFAULT = View()
_NO_GRAPH: dict[str, Any] = {"targets": [], "nodes": [], "edges": []}
_SCRIPTS = (
    *SCRIPTS[:-1],
    *("scale", "bars", "timeline", "concurrency", "table", "main"),
)


def render(timings: Timings, report: Report | None = None, view: View = _DEFAULT) -> str:
    """``timings`` as one HTML page that fetches nothing; with the graph where ``report`` gives one.

    ``report`` is that of the Dockerfile and the options that the build was made from.
    """
    checked_link_base(view.link_base)
    facts = graph_facts(report, view.link_base) if report else _NO_GRAPH
    keys = stage_keys(timings, [node["key"] for node in facts["nodes"]])
    sections = [figures(timings)]
    if timings.wall is not None:
        sections.append(asset("timeline.html"))
    graph: dict[str, Any] = {"graph": None}
    if report:
        timed = _with_times(timings)
        drawn = drawing(report, view, timed)
        sections.append(drawn.section)
        graph = {"graph": drawn.parts, "drawings": other_drawings(report, view, drawn, timed)}
    return assembled(
        Page(
            title=view.title or f"{_name(timings)}: timings",
            heading=view.title or _name(timings),
            subheading=_subheading(timings, report),
            theme=view.theme,
            fills=False,
            sections=(*sections, asset("table.html")),
            scripts=_SCRIPTS,
            data={
                "link": view.link_base.partition("#")[0],
                "showPath": True,
                **graph,
                "timeline": None if timings.wall is None else timeline(timings, keys),
                "overview": timed_overview(timings),
                **facts,
                "nodes": timed_nodes(timings, keys, facts["nodes"]),
                "steps": timed_steps(timings, keys),
            },
        )
    )


def _name(timings: Timings) -> str:
    """The file of the record, and which of its builds it is."""
    file = timings.source.replace("\\", "/").rpartition("/")[2]
    return f"{file}, {timings.name}" if timings.name else file


def _subheading(timings: Timings, report: Report | None) -> str:
    file = timings.dockerfile.name if timings.dockerfile else "no Dockerfile"
    targets = ", ".join(node.label for node in report.nodes if node.id in report.targets) if report else ""
    words = [file, f"target {targets}" if targets else "", ", ".join(report.platforms) if report else ""]
    return " · ".join(word for word in words if word)


def _with_times(timings: Timings) -> Callable[[Picture], Picture]:
    """A function that puts the times of ``timings`` into a picture of stages."""
    stages = {f"stage:{stage.index}": stage for stage in timings.stages if stage.index is not None}
    steps = [_nodes(step, timings) for step in (part.step for part in timings.path)]
    on_path = {node for nodes in steps for node in nodes}

    def timed(box: Box) -> Box:
        critical = box.id in on_path or not on_path.isdisjoint(box.members)
        stage = None if len(box.members) > 1 else stages.get(box.id)
        if stage is None or stage.start is None:
            return replace(box, critical=critical)
        words = duration(stage.busy) if stage.executed else "from the cache"
        first, *rest = box.sublabel.split("\n") if box.sublabel else ("",)
        lines = (f"{first} · {words}" if first else words, *rest)
        return replace(box, critical=critical, sublabel="\n".join(lines))

    def change(picture: Picture) -> Picture:
        passed = _passed(picture, steps)
        between = {box for pair in passed for box in pair}
        boxes = (timed(box) for box in picture.boxes)
        boxes = (replace(box, critical=box.critical or box.id in between) for box in boxes)
        arrows = tuple(replace(a, critical=(a.source, a.target) in passed) for a in picture.arrows)
        return replace(picture, boxes=numbered(tuple(boxes), arrows), arrows=arrows)

    return change


def _passed(picture: Picture, steps: Sequence[Sequence[str]]) -> set[tuple[str, str]]:
    """The pairs of boxes that the path passes, with the boxes between stages that do not read each other.

    ``steps`` has the stages of each step of the path; a box may stand for several stages.
    """
    import networkx

    owner = {member: box.id for box in picture.boxes for member in box.members}
    drawn = [list(dict.fromkeys(owner.get(node, node) for node in nodes)) for nodes in steps]
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_edges_from((a.source, a.target) for a in picture.arrows if a.needed and not a.selectable)
    passed = set[tuple[str, str]]()
    for before, after in pairwise(drawn):
        pairs = [(a, b) for a in before for b in after if a in graph and b in graph and a != b]
        direct = [pair for pair in pairs if graph.has_edge(*pair)]
        ways = direct or [way for way in pairs[:1] if networkx.has_path(graph, *way)]
        passed.update(pair for way in ways for pair in pairwise(networkx.shortest_path(graph, *way)))
    return passed


def _nodes(step: int, timings: Timings) -> list[str]:
    return [f"stage:{timings.stages[stage].index}" for stage in timings.steps[step].stages]
