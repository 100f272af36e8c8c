"""Mermaid, written so that GitHub shows it: within its limits, in light and dark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from stagegraph.formats.mermaid_style import MARKS, comment, count_links, front_matter, label, styles
from stagegraph.formats.quoting import checked_link_base, line_link
from stagegraph.model import EdgeKind, NodeKind, Report, Role
from stagegraph.picture.picture import picture
from stagegraph.picture.theme import look_name
from stagegraph.picture.view import Arrow, Box, Group, Picture, View

MOST_CHARACTERS = 50_000  # GitHub shows an error for more, and the diagram cannot raise it
MOST_EDGES = 500
_SHAPES = {
    NodeKind.STAGE: ("(", ")"),
    NodeKind.IMAGE: ("[(", ")]"),
    NodeKind.CONTEXT: ("[/", "/]"),
    NodeKind.NAMED_CONTEXT: ("[/", "\\]"),
    NodeKind.REMOTE: ("{{", "}}"),
}
_LINKS: Mapping[EdgeKind | str | None, tuple[str, str]] = {
    EdgeKind.FROM: ("===", "==>"),
    EdgeKind.COPY: ("---", "-->"),
    EdgeKind.ADD: ("---", "-->"),
    EdgeKind.MOUNT: ("-.-", "-.->"),
    "selectable": ("-.-", "-.->"),
    None: ("---", "-->"),
}


def render(report: Report, view: View) -> str:
    """``report`` as a Mermaid flowchart; what does not fit GitHub's limits is collapsed and said."""
    checked_link_base(view.link_base)
    return fitting(_smaller_and_smaller(report, view), view)


def fitting(pictures: Iterable[Picture], view: View) -> str:
    """The first of ``pictures`` that fits GitHub's limits, or the last one, as Mermaid."""
    text, edges = "", 0
    for drawn in pictures:
        text, edges = _text(drawn, view), count_links(drawn)
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
    from stagegraph.comparison.changes import Change

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
    labelled = any(arrow.label for arrow in drawn.arrows)
    head = front_matter(view.title, labelled=labelled, framed=bool(drawn.groups))
    return "\n".join([head, *_lines(drawn, view)]) + "\n"


def _lines(drawn: Picture, view: View) -> Iterator[str]:
    yield f"flowchart {drawn.direction}"
    for note in drawn.notes:
        yield "  " + comment(note)
    ids = {box.id: f"s{number}" for number, box in enumerate(drawn.boxes)}
    grouped = drawn.grouped()
    for number, group in enumerate(drawn.groups):
        yield from _frame(group, grouped[group.id], f"g{number}", ids)
    for box in grouped.get("", ()):
        yield f"  {_node(box, ids)}"
    if drawn.notes:
        yield f"  note0[{label('Note: ' + '; '.join(drawn.notes))}]"
    for edge in _edges(drawn, ids):
        yield f"  {edge}"
    yield from _links(drawn, view, ids)
    yield from styles(drawn, ids)


def _frame(group: Group, boxes: Iterable[Box], name: str, ids: Mapping[str, str]) -> Iterator[str]:
    yield f"  subgraph {name}[{label(MARKS.get(look_name(group), '') + group.label)}]"
    for box in boxes:
        yield f"    {_node(box, ids)}"
    yield "  end"


def _node(box: Box, ids: Mapping[str, str]) -> str:
    opening, closing = _SHAPES[box.kind] if box.kind else ("(", ")")
    name = MARKS.get(look_name(box), "") + box.label if box.kind else box.label
    written = label(f"{name}\n{box.sublabel}" if box.sublabel else name, bold=box.kind is NodeKind.STAGE)
    return f"{ids[box.id]}{opening}{written}{closing}"


def _edges(drawn: Picture, ids: Mapping[str, str]) -> Iterator[str]:
    """The arrows, numbered as links: one, or two where a label stands between them.

    A label is a node of its own, since Mermaid moves the labels of long edges into other nodes. Where there
    are labels, the other links are as long as two, so that stages stand in rows.
    """
    labelled = any(arrow.label for arrow in drawn.arrows)
    for number, arrow in enumerate(drawn.arrows):
        source, target = ids[arrow.source], ids[arrow.target]
        line, tip = _LINKS["selectable" if arrow.selectable else arrow.kind]
        if arrow.label:
            yield f"{source} {line} t{number}[{label(arrow.label)}]:::label {tip} {target}"
        else:
            yield f"{source} {tip[:-2] + tip[-3:] if labelled else tip} {target}"


def _links(drawn: Picture, view: View, ids: Mapping[str, str]) -> Iterator[str]:
    for box in drawn.boxes:
        link = line_link(view.link_base, box.line)
        if link:
            yield f'  click {ids[box.id]} href "{link}"'
