"""Mermaid flowcharts within GitHub's limits, for light and dark mode."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from stagegraph.errors import OptionsError
from stagegraph.formats.mermaid_head import head_lines, plain
from stagegraph.formats.mermaid_lines import USUAL, Lines, curve_lines, lines_of
from stagegraph.formats.mermaid_picture import first_steps, last_box, name_of, note_lines, with_context_inside
from stagegraph.formats.mermaid_size import estimated_size
from stagegraph.formats.mermaid_style import MARKS, count_links, legend_lines, styles
from stagegraph.formats.node_ids import arrow_ids, node_ids, title_id
from stagegraph.model import BUILT, EdgeKind, NodeKind, Report
from stagegraph.picture.legibility import draws_everything, is_legible
from stagegraph.picture.smaller import fewer_and_fewer, smaller_pictures, with_notes
from stagegraph.picture.theme import style_name
from stagegraph.picture.view import Arrow, Box, Group, Picture, View, checked_link_base, line_link
from stagegraph.source import printable

MOST_CHARACTERS = 50_000  # GitHub shows an error for more, and the diagram cannot raise it
MOST_EDGES = 500
_CONFIGURED = ("github", "sphinx")  # dialects that say how far ranks are apart, and so where the lines run
_REASON = "to stay within Mermaid's limits"
_LEGIBLE_REASON = "so that the diagram can be read"
_SHAPES = {
    NodeKind.STAGE: ("(", ")"),
    NodeKind.IMAGE: ("[(", ")]"),
    NodeKind.CONTEXT: ("[/", "/]"),
    NodeKind.NAMED_CONTEXT: ("[/", "\\]"),
    NodeKind.REMOTE: ("{{", "}}"),
    NodeKind.BAKE_TARGET: ("(", ")"),
}
_LINKS: Mapping[EdgeKind | str | None, tuple[str, str, str]] = {  # to a label, to a node, and twice as long
    EdgeKind.FROM: ("===", "==>", "===>"),
    EdgeKind.COPY: ("---", "-->", "--->"),
    EdgeKind.ADD: ("---", "-->", "--->"),
    EdgeKind.MOUNT: ("-.-", "-.->", "-..->"),
    EdgeKind.TAG: ("-.-", "-.->", "-..->"),
    "selectable": ("-.-", "-.->", "-..->"),
    None: ("---", "-->", "--->"),
}

# Each of these means something to Mermaid's grammar, to its Markdown, to its maths or to HTML.
_SPECIAL = frozenset('"#&<>`\\$%:')

# Mermaid reads maths, icons and line breaks after it has decoded a label: these need a gap in them.
_READ_LATE = re.compile(r"(?<=\$)(?=\$)|(?<=\\)(?=n)|(?<=fa:)(?=fa-)|(?<=fa[bklrs]:)(?=fa-)")
_GAP = "\u200b"


def render(report: Report, view: View) -> str:
    """``report`` as a Mermaid flowchart; what exceeds GitHub's limits is left out, with a note.

    Raises OptionsError for a link base that is not a link, and for a title that the dialect cannot show.
    """
    checked_link_base(view.link_base)
    if view.title and view.dialect == "azure":
        raise OptionsError("Azure DevOps shows no title in a diagram", hint="leave --title out")
    return mermaid_of(smaller_pictures(report, view, _REASON), view, legible=not draws_everything(view))


def mermaid_of(pictures: Iterable[Picture], view: View, *, legible: bool = False) -> str:
    """The first of ``pictures``, or of smaller ones, that is within GitHub's limits, as Mermaid.

    If ``legible``, one that can be read in the column of a README, as far as its size can be estimated.
    """
    smallest, struck = None, ""
    for full in fewer_and_fewer(pictures, _LEGIBLE_REASON if legible else _REASON):
        smallest = _with_all_notes(full, view)
        if legible and not is_legible(*estimated_size(smallest)):
            continue
        text = _text(smallest, view)
        if _links_of(smallest) > MOST_EDGES or len(text) > MOST_CHARACTERS:
            continue
        lines = lines_of(smallest) if view.dialect in _CONFIGURED else USUAL
        curved = _text(smallest, view, lines)
        text = curved if len(curved) <= MOST_CHARACTERS else text
        if not (legible and lines.struck):
            return text
        struck = struck or text
    return struck or (_text(smallest, view) if smallest else "")


def _with_all_notes(full: Picture, view: View) -> Picture:
    drawn = with_context_inside(full)
    return with_notes(drawn, *legend_lines(drawn)) if view.legend else drawn


def _links_of(drawn: Picture) -> int:
    """How many links Mermaid counts, those that are invisible too."""
    return count_links(drawn) + sum(1 for _ in first_steps(drawn)) + bool(drawn.notes)


def _text(drawn: Picture, view: View, lines: Lines = USUAL) -> str:
    head = head_lines(drawn.direction, lines.spacing, view)
    return "\n".join([*head, *_lines(drawn, view), *curve_lines(lines.curves)]) + "\n"


def _lines(drawn: Picture, view: View) -> Iterator[str]:
    for note in drawn.notes:
        yield "  " + _comment(note)
    ids = node_ids(drawn)
    grouped = drawn.grouped()
    for group in drawn.groups:
        yield from _frame(group, grouped[group.id], ids, view)
    for box in grouped.get("", ()):
        yield f"  {_node(box, ids, view)}"
    for edge in _edges(drawn, ids, view):
        yield f"  {edge}"
    if view.dialect != "azure":
        yield from _below_titles(drawn, ids)
    yield from _note(drawn, ids, view)
    yield from _links(drawn, view, ids)
    if view.dialect == "azure":
        yield from _classes(drawn, ids)
    yield from styles(drawn, ids)


def _below_titles(drawn: Picture, ids: Mapping[str, str]) -> Iterator[str]:
    """Invisible links from the title of each frame to the steps that start it."""
    for group, first in first_steps(drawn):
        yield f"  {title_id(ids[group])} ~~~ {ids[first]}"


def _note(drawn: Picture, ids: Mapping[str, str], view: View) -> Iterator[str]:
    """The notes as a box after the last rank, where no arrow leads past it."""
    lines = note_lines(drawn)
    if lines:
        node = _classed(f"note0[{_label(chr(10).join(lines))}]", "note", view)
        # Azure DevOps knows no invisible links
        last = "" if view.dialect == "azure" else last_box(drawn)
        yield f"  {ids[last]} ~~~ {node}" if last else f"  {node}"


def _classed(node: str, name: str, view: View) -> str:
    """``node`` with its class; Azure DevOps has another use for three colons."""
    return node if view.dialect == "azure" else f"{node}:::{name}"


def _classes(drawn: Picture, ids: Mapping[str, str]) -> Iterator[str]:
    """The classes that ``_classed`` leaves out, one a line, so that a new stage adds its own."""
    for box in drawn.boxes:
        yield f"  class {ids[box.id]} {style_name(box)}"
    for arrow, name in zip(drawn.arrows, arrow_ids("t", drawn.arrows, ids), strict=True):
        if arrow.label:
            yield f"  class {name} label"
    if drawn.notes:
        yield "  class note0 note"


def _frame(group: Group, boxes: Iterable[Box], ids: Mapping[str, str], view: View) -> Iterator[str]:
    title = MARKS.get(style_name(group), "") + group.label
    if view.dialect == "azure":
        yield f"  subgraph {ids[group.id]}[{_label(title)}]"
    else:  # the title as a box: arrows keep out of boxes, and run across the title of a frame
        yield f"  subgraph {ids[group.id]}[{_label('')}]"
        yield f"    {title_id(ids[group.id])}[{_label(title, bold=True)}]:::title"
    for box in boxes:
        yield f"    {_node(box, ids, view)}"
    yield "  end"


def _node(box: Box, ids: Mapping[str, str], view: View) -> str:
    opening, closing = _SHAPES[box.kind] if box.kind else ("(", ")")
    name = name_of(box)
    bold = box.kind in BUILT and view.dialect != "azure"  # which takes few HTML tags
    written = _label(f"{name}\n{box.sublabel}" if box.sublabel else name, bold=bold)
    return _classed(f"{ids[box.id]}{opening}{written}{closing}", style_name(box), view)


def _edges(drawn: Picture, ids: Mapping[str, str], view: View) -> Iterator[str]:
    """The arrows, numbered as links: one, or two where a label stands between them.

    A label is a node of its own, since Mermaid moves the labels of long edges into other nodes. The other
    links are as long as two, so that the ranks of stages stay aligned, even if no link has a label: the
    first one would change them all. Azure DevOps takes no long links.
    """
    for arrow, name in zip(drawn.arrows, arrow_ids("t", drawn.arrows, ids), strict=True):
        source, target = ids[arrow.source], ids[arrow.target]
        line, tip, long = _LINKS[_link(arrow)]
        if arrow.label:
            label = _classed(f"{name}[{_label(arrow.label)}]", "label", view)
            yield f"{source} {line} {label} {tip} {target}"
        else:
            yield f"{source} {tip if view.dialect == 'azure' else long} {target}"


def _link(arrow: Arrow) -> EdgeKind | str | None:
    """The key of an arrow in _LINKS: the critical path is thick, whatever it leads along."""
    if arrow.critical:
        return EdgeKind.FROM
    return "selectable" if arrow.selectable else arrow.kind


def _links(drawn: Picture, view: View, ids: Mapping[str, str]) -> Iterator[str]:
    for box in drawn.boxes:
        link = line_link(view.link_base, box.line, box.dockerfile)
        if link:
            yield f'  click {ids[box.id]} href "{link}"'


def _label(text: str, *, bold: bool = False) -> str:
    """``text`` as a quoted label with its lines, the first bold if asked; empty text becomes a thin space."""
    first, *others = [_escaped(line) for line in text.split("\n")]
    lines = [f"<b>{first}</b>" if bold and first else first, *others]
    return '"' + ("<br/>".join(lines) if any(lines) else "#8203;") + '"'


def _escaped(text: str) -> str:
    shown = _READ_LATE.sub(_GAP, printable(text))
    parts = [f"#{ord(char)};" if char in _SPECIAL else char for char in shown]
    # a list or a number with a dot at the head of a label would be read as Markdown
    if shown[:1] in ("-", "+") or (shown[:1].isdigit() and ("." in shown or ")" in shown)):
        parts[0] = f"#{ord(shown[0])};"
    return "".join(parts)


def _comment(text: str) -> str:
    """``text`` as a comment line that cannot open a directive."""
    return f"%% {plain(text)}"
