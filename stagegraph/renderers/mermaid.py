"""Mermaid, written so that GitHub shows it: within its limits, in light and dark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from stagegraph.comparison.changes import Change
from stagegraph.model import EdgeKind, NodeKind, Report, Role
from stagegraph.renderers.mermaid_quoting import comment, front_matter, label
from stagegraph.renderers.picture import picture
from stagegraph.renderers.quoting import checked_link_base, line_link
from stagegraph.renderers.theme import LIGHT, change_look, look_name
from stagegraph.renderers.view import Arrow, Box, Group, Picture, View

MOST_CHARACTERS = 50_000  # GitHub shows an error for more, and the diagram cannot raise it
MOST_EDGES = 500
_SHAPES = {
    NodeKind.STAGE: ("(", ")"),
    NodeKind.IMAGE: ("[(", ")]"),
    NodeKind.CONTEXT: ("[/", "/]"),
    NodeKind.NAMED_CONTEXT: ("[/", "\\]"),
    NodeKind.REMOTE: ("{{", "}}"),
}
_ARROWS = {EdgeKind.FROM: "==>", EdgeKind.COPY: "-->", EdgeKind.ADD: "-->", EdgeKind.MOUNT: "-.->"}
_DASHES = {"dashed": "6 3", "dotted": "2 3"}


def mermaid(report: Report, view: View) -> str:
    """``report`` as a Mermaid flowchart; what does not fit GitHub's limits is collapsed and said."""
    checked_link_base(view.link_base)
    return fitting(_smaller_and_smaller(report, view), view)


def fitting(pictures: Iterable[Picture], view: View) -> str:
    """The first of ``pictures`` that fits GitHub's limits, or the last one, as Mermaid."""
    text, edges = "", 0
    for drawn in pictures:
        text, edges = _text(drawn, view), len(drawn.arrows)
        if len(text) <= MOST_CHARACTERS and edges <= MOST_EDGES:
            break
    return text


def _smaller_and_smaller(report: Report, view: View) -> Iterator[Picture]:
    """The picture, then with less and less in it; the last one always fits."""
    drawn = picture(report, view)
    yield drawn
    if view.steps:
        view = replace(view, steps=False)
        yield _noted(picture(report, view), "steps are left out to stay within Mermaid's limits")
    bare = replace(view, labels=False)
    yield _noted(picture(report, bare), "labels are left out to stay within Mermaid's limits")
    pruned = _noted(picture(report, replace(bare, prune=True)), "what is not needed is left out")
    yield pruned
    yield from still_smaller(pruned)


def still_smaller(drawn: Picture) -> Iterator[Picture]:
    """``drawn`` with its stages only, then with few of them: that one always fits."""
    yield _noted(_only_stages(drawn), "images and contexts are left out to stay within Mermaid's limits")
    yield _only_targets(drawn)


def _noted(drawn: Picture, note: str) -> Picture:
    return replace(drawn, notes=(*drawn.notes, note))


def _only_stages(drawn: Picture) -> Picture:
    return _with_boxes(drawn, tuple(box for box in drawn.boxes if box.kind is NodeKind.STAGE))


def _only_targets(drawn: Picture) -> Picture:
    """What changed, the targets and what ships, as far as it fits; the rest is one box."""
    order = sorted(drawn.boxes, key=lambda box: (box.change is Change.SAME, list(Role).index(box.role)))
    boxes = tuple(order[:60])
    left = len(drawn.boxes) - len(boxes)
    rest = Box(id="rest", label=f"{left} more", kind=NodeKind.STAGE, role=Role.UPSTREAM, count=left)
    rest = replace(rest, change=Change.SAME if drawn.compares else None)
    smaller = _with_boxes(drawn, (*boxes, rest))
    link = Arrow(source="rest", target=boxes[0].id, kind=EdgeKind.COPY) if boxes else None
    arrows = (*smaller.arrows[: MOST_EDGES - 1], *([link] if link else []))
    return _noted(replace(smaller, arrows=arrows), f"{left} nodes are drawn as one")


def _with_boxes(drawn: Picture, boxes: tuple[Box, ...]) -> Picture:
    kept = {box.id for box in boxes}
    arrows = tuple(arrow for arrow in drawn.arrows if arrow.source in kept and arrow.target in kept)
    return replace(drawn, boxes=boxes, arrows=arrows, groups=())


def _text(drawn: Picture, view: View) -> str:
    return "\n".join([front_matter(view.title), *_lines(drawn, view)]) + "\n"


def _lines(drawn: Picture, view: View) -> Iterator[str]:
    yield f"flowchart {drawn.direction}"
    for note in drawn.notes:
        yield "  " + comment(note)
    ids = {box.id: f"s{number}" for number, box in enumerate(drawn.boxes)}
    for number, group in enumerate(drawn.groups):
        yield from _frame(drawn, group, f"g{number}", ids)
    for box in drawn.boxes:
        if not box.group:
            yield f"  {_node(box, ids)}"
    if drawn.notes:
        yield f"  note0[{label('Note: ' + '; '.join(drawn.notes))}]"
    for arrow in drawn.arrows:
        yield f"  {_edge(arrow, ids)}"
    yield from _links(drawn, view, ids)
    yield from _styles(drawn, ids)


def _frame(drawn: Picture, group: Group, name: str, ids: Mapping[str, str]) -> Iterator[str]:
    yield f"  subgraph {name}[{label(group.label)}]"
    for box in drawn.boxes:
        if box.group == group.id:
            yield f"    {_node(box, ids)}"
    yield "  end"


def _node(box: Box, ids: Mapping[str, str]) -> str:
    opening, closing = _SHAPES[box.kind] if box.kind else ("(", ")")
    text = f"{box.label}\n{box.sublabel}" if box.sublabel else box.label
    return f"{ids[box.id]}{opening}{label(text)}{closing}"


def _edge(arrow: Arrow, ids: Mapping[str, str]) -> str:
    link = "-.->" if arrow.selectable else _ARROWS[arrow.kind] if arrow.kind else "-->"
    words = f"|{label(arrow.label)}|" if arrow.label else ""
    return f"{ids[arrow.source]} {link}{words} {ids[arrow.target]}"


def _links(drawn: Picture, view: View, ids: Mapping[str, str]) -> Iterator[str]:
    for box in drawn.boxes:
        link = line_link(view.link_base, box.line)
        if link:
            yield f'  click {ids[box.id]} href "{link}"'


def _styles(drawn: Picture, ids: Mapping[str, str]) -> Iterator[str]:
    """A class for every role that occurs; every fill has its text colour, for dark mode."""
    members: dict[str, list[str]] = {}
    for box in drawn.boxes:
        members.setdefault(look_name(box), []).append(ids[box.id])
    for number, group in enumerate(drawn.groups):
        members.setdefault(f"frame-{look_name(group)}", []).append(f"g{number}")
    for name, found in sorted(members.items()):
        yield f"  classDef {_class(name)} {_style(name)}"
        yield f"  class {','.join(found)} {_class(name)}"
    if drawn.notes:
        yield f"  classDef note fill:none,stroke:none,color:{LIGHT.faint}"
        yield "  class note0 note"
    yield from _changed(drawn)
    yield from _critical(drawn, ids)


def _class(name: str) -> str:
    return name.replace("-", "")


def _style(name: str) -> str:
    look = LIGHT.look(name.removeprefix("frame-"))
    width = f"stroke-width:{look.width:g}px"
    dash = f",stroke-dasharray:{_DASHES[look.dash]}" if look.dash != "solid" else ""
    if name.startswith("frame-"):
        return f"fill:none,stroke:{look.line},{width}{dash}"
    return f"fill:{look.fill},stroke:{look.line},color:{look.text},{width}{dash}"


def _changed(drawn: Picture) -> Iterator[str]:
    """The edges that only one build has, in the colour of what became of them."""
    found: dict[str, list[str]] = {}
    for number, arrow in enumerate(drawn.arrows):
        if arrow.change and arrow.change is not Change.SAME:
            found.setdefault(change_look(arrow.change), []).append(str(number))
    for name, numbers in sorted(found.items()):
        look = LIGHT.look(name)
        dash = f",stroke-dasharray:{_DASHES[look.dash]}" if look.dash != "solid" else ""
        yield f"  linkStyle {','.join(numbers)} stroke:{look.line},stroke-width:2.5px{dash}"


def _critical(drawn: Picture, ids: Mapping[str, str]) -> Iterator[str]:
    edges = [str(number) for number, arrow in enumerate(drawn.arrows) if arrow.critical]
    if edges:
        yield f"  linkStyle {','.join(edges)} stroke:{LIGHT.critical},stroke-width:3px"
    boxes = [ids[box.id] for box in drawn.boxes if box.critical]
    if boxes:
        yield f"  classDef critical stroke:{LIGHT.critical},stroke-width:3px"
        yield f"  class {','.join(boxes)} critical"
