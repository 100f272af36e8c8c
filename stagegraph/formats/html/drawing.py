"""The graph of a page: the picture laid out, each part with a name that the script finds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.formats.html.assembly import asset, filled
from stagegraph.formats.legend import EDGE_WORDS, ROLE_WORDS
from stagegraph.formats.svg import size_of, svg_of_layout
from stagegraph.model import Report
from stagegraph.picture.folding import BUNDLE
from stagegraph.picture.layout import Layout, lay_out
from stagegraph.picture.smaller import LAYOUT_REASON, smaller_pictures
from stagegraph.picture.theme import look_name
from stagegraph.picture.view import Box, Picture, View
from stagegraph.source import xml_text

_PART = re.compile(r'^<g class="(frame|edge|label|node) ', re.MULTILINE)


class Drawing(Struct, frozen=True, kw_only=True):
    """The graph as a section of HTML, and as data what its elements stand for.

    ``parts`` has ``boxes`` (element, key, label), ``arrows`` (elements of source and target, whether it is
    needed), ``inside`` (the element that a node without one is drawn in), ``critical`` elements, and
    ``groups`` of nodes that are drawn as one.
    """

    title: str
    section: str
    parts: dict[str, Any]


def drawing(report: Report, view: View, change: Callable[[Picture], Picture] | None = None) -> Drawing:
    """``report`` drawn in the light palette; the style of the page gives it the colours of the reader.

    ``change`` may put into the picture what the report does not know.
    """
    pictures = smaller_pictures(report, replace(view, critical_path=True), LAYOUT_REASON)
    shown, layout = lay_out(map(change, pictures) if change else pictures, view.engine)
    section = filled(
        asset("graph.html"),
        graph=_svg(shown, layout, view),
        legend="".join(_legend(shown)),
        notes="".join(f"<p>{xml_text(note[:1].upper() + note[1:])}.</p>\n" for note in shown.notes),
    )
    return Drawing(title=shown.title, section=section, parts=_parts(report, shown))


def _svg(shown: Picture, layout: Layout, view: View) -> str:
    """The drawing without style, title and legend, its parts called n0, e0, l0, f0 in their order."""
    # The page shows and hides the critical path by itself.
    boxes = tuple(replace(box, critical=False) for box in shown.boxes)
    arrows = tuple(replace(arrow, critical=False) for arrow in shown.arrows)
    groups = tuple(replace(group, critical=False) for group in shown.groups)
    plain = replace(shown, boxes=boxes, arrows=arrows, groups=groups, notes=())
    text = svg_of_layout(plain, layout, replace(view, theme="light", legend=False, link_base=""))
    width, height = size_of(text)
    names = {"node": count(), "edge": count(), "frame": count(), "label": iter(_labelled(shown))}
    body = text[text.index('<g class="graph"') :]
    body = _PART.sub(lambda part: f'<g id="{part[1][0]}{next(names[part[1]])}" class="{part[1]} ', body)
    label = f'role="group" aria-label="{xml_text(shown.description)}"'
    return f'<svg class="drawing" viewBox="0 0 {width} {height}" {label}>\n{body}'


def _labelled(shown: Picture) -> list[int]:
    """Which arrows have a label."""
    return [number for number, arrow in enumerate(shown.arrows) if arrow.label]


def _legend(shown: Picture) -> Iterator[str]:
    """What each colour and line means, of those that are drawn."""
    looks = {look_name(box) for box in shown.boxes} | {look_name(group) for group in shown.groups}
    for name, words in ROLE_WORDS.items():
        if name in looks:
            yield f'<li><span class="swatch {name}"></span>{words}</li>\n'
    kinds = {arrow.kind for arrow in shown.arrows}
    for kind, words in EDGE_WORDS.items():
        if kind in kinds:
            yield f'<li><span class="stroke {kind}"></span>{words}</li>\n'


def _parts(report: Report, shown: Picture) -> dict[str, Any]:
    element = {box.id: f"n{number}" for number, box in enumerate(shown.boxes)}
    arrows = [[element[a.source], element[a.target], a.needed and not a.selectable] for a in shown.arrows]
    element |= {group.id: f"f{number}" for number, group in enumerate(shown.groups)}
    inside = _inside(report, shown, element)
    together = {box.id: _together(box, report, inside, element[box.id]) for box in shown.boxes}
    boxes = [[element[group.id], _key(group.id), group.label] for group in shown.groups]
    for box in shown.boxes:
        key = f"group:{element[box.id]}" if together[box.id] else _key(box.id)
        boxes.append([element[box.id], key, box.label])
    return {
        "boxes": boxes,
        "arrows": arrows,
        "inside": inside,
        "critical": list(_critical(shown, element)),
        "groups": [
            {"key": f"group:{element[box.id]}", "label": box.label, "members": together[box.id]}
            for box in shown.boxes
            if together[box.id]
        ],
    }


def _critical(shown: Picture, element: Mapping[str, str]) -> Iterator[str]:
    yield from (element[box.id] for box in shown.boxes if box.critical)
    yield from (element[group.id] for group in shown.groups if group.critical)
    yield from (f"e{number}" for number, arrow in enumerate(shown.arrows) if arrow.critical)


def _inside(report: Report, shown: Picture, element: Mapping[str, str]) -> dict[str, str]:
    """The element of each node that is drawn in another's: a base in its stage, one of many as their sum."""
    readers = {edge.source: edge.target for edge in reversed(report.edges)}
    element_of = dict(element)
    element_of |= {member: element[box.id] for box in shown.boxes for member in box.members}
    elements = {_key(member): element[box.id] for box in shown.boxes for member in box.members}
    for node in report.nodes:
        if node.id not in element_of:
            own = element_of.get(readers.get(node.id, "")) or element.get(BUNDLE)
            if own:
                elements[_key(node.id)] = own
    return elements


def _together(box: Box, report: Report, inside: Mapping[str, str], element: str) -> list[str]:
    """The keys of the nodes that are drawn as one in ``box``; none for a box of one node."""
    if box.id == BUNDLE:
        stages = (node.id for node in report.nodes if node.index is not None)
        return [_key(name) for name in stages if inside.get(_key(name)) == element]
    return [_key(member) for member in box.members] if len(box.members) > 1 else []


def _key(box: str) -> str:
    """What a box is called in the page: a step or a node of the report."""
    return box if box.startswith("step:") else f"node:{box}"
