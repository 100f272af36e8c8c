"""The graph of an HTML page: the picture as SVG, each part with an id for the script."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.formats.html.assembly import as_data, asset, filled
from stagegraph.formats.legend import EDGE_WORDS, ROLE_WORDS
from stagegraph.formats.svg import fits_page, size_of, svg_of_layout
from stagegraph.model import NodeKind, Report
from stagegraph.picture.detail import closed_in
from stagegraph.picture.layout import lay_out
from stagegraph.picture.layout_result import Layout
from stagegraph.picture.legibility import draws_everything
from stagegraph.picture.smaller import LAYOUT_REASON, smaller_pictures
from stagegraph.picture.theme import style_name
from stagegraph.picture.view import Box, Picture, View
from stagegraph.source import xml_text
from stagegraph.units import sentence

_PART = re.compile(r'^<g class="(frame|edge|label|node) ', re.MULTILINE)
Change = Callable[[Picture], Picture] | None


class Drawing(Struct, frozen=True, kw_only=True):
    """The graph as SVG and a legend in HTML, and as data what the elements of the SVG stand for.

    ``parts`` has ``boxes`` (element, key, label, frame), ``arrows`` (elements of source and target, kind),
    ``inside`` (the element that a node without one is drawn in), ``critical`` elements, and ``groups`` of
    nodes that are drawn as one.
    """

    picture: Picture
    svg: str
    legend: str
    parts: dict[str, Any]

    @property
    def title(self) -> str:
        """The title of the picture."""
        return self.picture.title

    @property
    def direction(self) -> str:
        """TB, LR, BT or RL."""
        return self.picture.direction

    @property
    def section(self) -> str:
        """The section of a page that shows the drawing."""
        return filled(asset("graph.html"), graph=self.svg, legend=self.legend)

    @property
    def text(self) -> str:
        """The drawing as JSON, for a page that shows it in place of another."""
        svg, legend = json.dumps(self.svg), json.dumps(self.legend)
        return f'{{"graph":{as_data(self.parts)},"svg":{svg},"legend":{legend}}}'


def drawing(report: Report, view: View, change: Change = None) -> Drawing:
    """``report`` drawn in the light palette, which the style sheet of the page replaces.

    ``change`` adds to the picture what is not in the report, such as times.
    """
    fits = None if draws_everything(view) else fits_page
    shown, layout = lay_out(pictures_of(report, view, change), view.engine, fits)
    notes = "".join(f"<p>{xml_text(sentence(note))}</p>\n" for note in shown.notes)
    return Drawing(
        picture=shown,
        svg=_svg(shown, layout, view),
        legend=f"<ul>\n{''.join(_legend(shown))}</ul>\n{notes}",
        parts=_parts(report, shown, view),
    )


def pictures_of(report: Report, view: View, change: Change = None) -> Iterator[Picture]:
    """The pictures that ``drawing`` lays out, from full to small, until one fits."""
    pictures = smaller_pictures(report, replace(view, critical_path=True), LAYOUT_REASON)
    return map(change, pictures) if change else pictures


def _svg(shown: Picture, layout: Layout, view: View) -> str:
    """The SVG without style, title and legend; ids of its parts are n0, e0, l0, f0 and so on, in order."""
    plain = replace(shown, notes=())
    text = svg_of_layout(plain, layout, replace(view, theme="light", legend=False, link_base=""))
    width, height = size_of(text)
    names = {"node": count(), "edge": count(), "frame": count(), "label": iter(_labelled(shown))}
    body = text[text.index('<g class="graph"') :]
    body = _PART.sub(lambda part: f'<g id="{part[1][0]}{next(names[part[1]])}" class="{part[1]} ', body)
    label = f'role="group" aria-label="{xml_text(shown.description)}"'
    return f'<svg class="drawing" viewBox="0 0 {width} {height}" {label}>\n{body}'


def _labelled(shown: Picture) -> list[int]:
    """The numbers of the arrows that have a label."""
    return [number for number, arrow in enumerate(shown.arrows) if arrow.label]


def _legend(shown: Picture) -> Iterator[str]:
    """The meaning of each colour and line that is drawn."""
    styles = {style_name(box) for box in shown.boxes} | {style_name(group) for group in shown.groups}
    for name, words in ROLE_WORDS.items():
        if name in styles:
            yield f'<li><span class="swatch {name}"></span>{words}</li>\n'
    kinds = {arrow.kind for arrow in shown.arrows}
    for kind, words in EDGE_WORDS.items():
        if kind in kinds:
            yield f'<li><span class="stroke {kind}"></span>{words}</li>\n'


def _parts(report: Report, shown: Picture, view: View) -> dict[str, Any]:
    element = {box.id: f"n{number}" for number, box in enumerate(shown.boxes)}
    arrows = [[element[arrow.source], element[arrow.target], arrow.kind or ""] for arrow in shown.arrows]
    element |= {group.id: f"f{number}" for number, group in enumerate(shown.groups)}
    grouped = {box.id: _members_of(box) for box in shown.boxes}
    boxes = [[element[group.id], _key(group.id), group.label, ""] for group in shown.groups]
    for box in shown.boxes:
        key = f"group:{box.id}" if grouped[box.id] else _key(box.id)
        boxes.append([element[box.id], key, box.label, element.get(box.group, "")])
    return {
        "boxes": boxes,
        "arrows": arrows,
        "inside": _inside(report, shown, element, _homes(report, shown, view)),
        "critical": list(_critical(shown, element)),
        "groups": [
            {"key": f"group:{box.id}", "label": box.label, "members": grouped[box.id]}
            for box in shown.boxes
            if grouped[box.id]
        ],
    }


def _critical(shown: Picture, element: Mapping[str, str]) -> Iterator[str]:
    yield from (element[box.id] for box in shown.boxes if box.critical)
    yield from (element[group.id] for group in shown.groups if group.critical)
    yield from (f"e{number}" for number, arrow in enumerate(shown.arrows) if arrow.critical)


def _homes(report: Report, shown: Picture, view: View) -> Mapping[str, str]:
    """The bake target that each node is drawn in, if some targets are closed."""
    closed = any(box.kind is NodeKind.BAKE_TARGET for box in shown.boxes)
    return closed_in(report, view.opened) if closed else {}


def _inside(
    report: Report, shown: Picture, element: Mapping[str, str], homes: Mapping[str, str]
) -> dict[str, str]:
    """The element of each node that has none of its own: that of its target, its stage, or its group."""
    readers = {edge.source: edge.target for edge in reversed(report.edges)}
    elements = dict(element)
    elements |= {member: element[box.id] for box in shown.boxes for member in box.members}
    result = {_key(member): element[box.id] for box in shown.boxes for member in box.members}
    for node in report.nodes:
        if node.id not in elements:
            reader = readers.get(node.id, "")
            containing = elements.get(homes.get(node.id) or homes.get(reader) or reader)
            if containing:
                result[_key(node.id)] = containing
    return result


def _members_of(box: Box) -> list[str]:
    """The keys of the nodes that ``box`` stands for; empty for a box of one node."""
    return [_key(member) for member in box.members] if len(box.members) > 1 else []


def _key(box: str) -> str:
    """The key of a box in the page: ``step:12`` or ``node:stage:1``."""
    return box if box.startswith("step:") else f"node:{box}"
