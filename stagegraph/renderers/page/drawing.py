"""The graph of a page: the picture laid out, each part with a name that the script finds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from stagegraph.model import EdgeKind, Report
from stagegraph.renderers.dot import dot_of
from stagegraph.renderers.layout import laid_out
from stagegraph.renderers.legend import ROLE_WORDS
from stagegraph.renderers.page.assembly import asset, filled
from stagegraph.renderers.picture import picture
from stagegraph.renderers.quoting import xml_text
from stagegraph.renderers.theme import LIGHT, look_name
from stagegraph.renderers.view import Picture, View

_PART = re.compile(r'<g id="([^"]*)" class="([^"]*)">\n<title>(n\d+|cluster\d+|n\d+&#45;&gt;n\d+)</title>\n')
_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_HEAD = re.compile(r'<svg width="[^"]*" height="[^"]*"\s+viewBox="([^"]*)"[^>]*>')
_EDGE_WORDS = {
    EdgeKind.FROM: "FROM",
    EdgeKind.COPY: "COPY",
    EdgeKind.ADD: "ADD",
    EdgeKind.MOUNT: "RUN --mount",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """The graph as a section of HTML, and as data what its elements stand for."""

    title: str
    section: str
    parts: dict[str, Any]  # boxes: [element, key, label]; arrows: [source, target, needed] by element


def drawing(report: Report, view: View, change: Callable[[Picture], Picture] | None = None) -> Drawing:
    """``report`` drawn in the light palette; the style of the page gives it the colours of the reader.

    ``change`` may put into the picture what the report does not know.
    """
    # The page can show and hide the critical path, so that it is always in the drawing.
    shown = picture(report, replace(view, critical_path=True))
    shown = change(shown) if change else shown
    raw = laid_out(dot_of(shown, View(), LIGHT, tooltips=False), "svg", view.engine).decode()
    section = filled(
        asset("graph.html"),
        graph=_svg(raw, shown),
        legend="".join(_legend(shown)),
        notes="".join(f"<p>{xml_text(note)}.</p>\n" for note in shown.notes),
    )
    return Drawing(title=shown.title, section=section, parts=_parts(report, shown))


def _svg(raw: str, shown: Picture) -> str:
    body = _COMMENT.sub("", raw[raw.index("<svg") :])
    body = _PART.sub(lambda match: _named(match, shown), body)
    names = f'role="group" aria-label="{xml_text(shown.description)}"'
    return _HEAD.sub(lambda head: f'<svg class="drawing" viewBox="{head[1]}" {names}>', body, count=1)


def _named(match: re.Match[str], shown: Picture) -> str:
    """The opening of a part, called as the picture numbers it, with its whole story as a tooltip."""
    element, classes, name = match.groups()
    if name.startswith("cluster"):
        tooltip = shown.groups[int(name[7:])].label
    elif "&" in name:
        name, tooltip = element, shown.arrows[int(element[1:])].tooltip
    else:
        tooltip = shown.boxes[int(name[1:])].tooltip
    title = f"<title>{xml_text(tooltip)}</title>\n" if tooltip else ""
    return f'<g id="{name}" class="{classes}">\n{title}'


def _legend(shown: Picture) -> Iterator[str]:
    """What each colour and line means, of those that are drawn."""
    looks = {look_name(box) for box in shown.boxes} | {look_name(group) for group in shown.groups}
    for name, words in ROLE_WORDS.items():
        if name in looks:
            yield f'<li><span class="swatch {name}"></span>{words}</li>\n'
    kinds = {arrow.kind for arrow in shown.arrows}
    for kind, words in _EDGE_WORDS.items():
        if kind in kinds:
            yield f'<li><span class="stroke {kind}"></span>{words}</li>\n'


def _parts(report: Report, shown: Picture) -> dict[str, Any]:
    boxes = [[f"n{number}", _key(box.id), box.label] for number, box in enumerate(shown.boxes)]
    frames = [[f"cluster{n}", _key(group.id), group.label] for n, group in enumerate(shown.groups)]
    element = {box.id: f"n{number}" for number, box in enumerate(shown.boxes)}
    arrows = [[element[a.source], element[a.target], a.needed and not a.selectable] for a in shown.arrows]
    element |= {group.id: f"cluster{number}" for number, group in enumerate(shown.groups)}
    return {"boxes": frames + boxes, "arrows": arrows, "inside": _inside(report, element)}


def _inside(report: Report, element: dict[str, str]) -> dict[str, str]:
    """The element of each node that is drawn in another's: a base in its stage, one of many as their sum."""
    readers = {edge.source: edge.target for edge in reversed(report.edges)}
    found = {}
    for node in report.nodes:
        if node.id not in element:
            place = element.get(readers.get(node.id, "")) or element.get("bundle:unneeded")
            if place:
                found[_key(node.id)] = place
    return found


def _key(box: str) -> str:
    """What a box is called in the page: a step or a node of the report."""
    return box if box.startswith("step:") else f"node:{box}"
