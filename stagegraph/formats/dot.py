"""A picture as DOT, the language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import graphviz

from stagegraph.formats.dot_legend import DASHES, legend
from stagegraph.formats.node_ids import arrow_ids, node_ids
from stagegraph.model import BUILT, EdgeKind, NodeKind, Report, Role
from stagegraph.picture.direction import estimated_size
from stagegraph.picture.layout import POINTS, entries_of
from stagegraph.picture.legibility import draws_everything, is_legible
from stagegraph.picture.picture import picture
from stagegraph.picture.sizes import box_sizes, title_lines
from stagegraph.picture.smaller import legible
from stagegraph.picture.theme import Palette, Style, arrow_dash, arrow_styles, border, palette_of, style_name
from stagegraph.picture.view import Arrow, Box, Group, Picture, View, checked_link_base, line_link
from stagegraph.source import xml_text
from stagegraph.units import sentence

FONT = "Arial"  # one family: graphviz-pure measures a list with another font
_TITLE_ROOM = 640.0  # pixels
PLAIN_ABOVE = 400  # boxes; above it labels are plain text and splines are lines, which are faster to lay out
_SHAPES = {
    NodeKind.STAGE: "box",
    NodeKind.IMAGE: "cylinder",
    NodeKind.CONTEXT: "folder",
    NodeKind.NAMED_CONTEXT: "tab",
    NodeKind.REMOTE: "note",
    NodeKind.BAKE_TARGET: "box",
}


def render(report: Report, view: View) -> str:
    """``report`` as DOT text that any Graphviz draws; tooltips and links included."""
    checked_link_base(view.link_base)
    drawn = picture(report, view) if draws_everything(view) else legible(report, view, _fits)
    return dot_of(drawn, view, palette_of(view), tooltips=True)


def _fits(drawn: Picture) -> bool:
    """Whether the picture can be read, as far as that can be told without Graphviz."""
    return is_legible(*estimated_size(drawn))


def dot_of(drawn: Picture, view: View, palette: Palette, *, tooltips: bool) -> str:
    """The DOT text of a picture; boxes are called after stages and images."""
    plain = len(drawn.boxes) > PLAIN_ABOVE
    graph = graphviz.Digraph(
        "build",
        graph_attr=_graph_attributes(drawn, palette, plain) | _title(view.title) | _about(drawn, tooltips),
        node_attr={"fontname": FONT, "fontsize": "13", "margin": "0.16,0.09", "height": "0.35"},
        edge_attr={"fontname": FONT, "fontsize": "11", "arrowsize": "0.8"},
    )
    names = node_ids(drawn)
    grouped, sizes, entries = drawn.grouped(), box_sizes(drawn), entries_of(drawn)
    titles = {box.id: f"title_{names[box.group]}" for box in drawn.boxes if box.id in entries}
    for group in drawn.groups:
        with graph.subgraph(name=f"cluster_{names[group.id]}", graph_attr=_frame(group, palette)) as frame:
            title = f"title_{names[group.id]}"
            frame.node(title, **_frame_title(group, palette), group=title)
            for box in grouped[group.id]:
                wide = {"width": f"{sizes[box.id].width / POINTS:.2f}", "group": title}
                frame.node(names[box.id], **_box(box, view, palette, plain, tooltips) | wide)
            for box in grouped[group.id]:
                if box.id in titles:
                    into = [drawn.arrows[number] for number in entries[box.id]]
                    frame.edge(title, names[box.id], **_inside(into, palette))
    for box in grouped.get("", ()):
        graph.node(names[box.id], **_box(box, view, palette, plain, tooltips))
    frame_of = {box.id: box.group for box in drawn.boxes if box.group}
    ids = arrow_ids("e", drawn.arrows, names)
    for arrow, name, own in zip(drawn.arrows, arrow_styles(drawn), ids, strict=True):
        attributes = _arrow(arrow, name, view, palette, tooltips) | {"id": own}
        inside = arrow.kind is None and frame_of.get(arrow.source) == frame_of.get(arrow.target) is not None
        weight = {"weight": "60"} if inside else {}
        graph.edge(names[arrow.source], titles.get(arrow.target, names[arrow.target]), **attributes | weight)
    _add_legend(graph, drawn, legend(drawn, palette, shown=view.legend), names, palette)
    return str(graph.source)


def _add_legend(
    graph: graphviz.Digraph, drawn: Picture, label: str, names: Mapping[str, str], palette: Palette
) -> None:
    """Add a node below the targets, whose name no box has, since these have a prefix."""
    if label:
        graph.node("legend", label, shape="plain", fontsize="11", fontcolor=palette.text)
        for box in drawn.boxes:
            if box.role is Role.TARGET:
                graph.edge(names[box.id], "legend", style="invis")


def _title(title: str) -> dict[str, str]:
    lines = [graphviz.escape(line.text) for line in title_lines(title, _TITLE_ROOM)]
    if not lines:
        return {}
    return {"label": graphviz.nohtml("\\n".join(lines)), "labelloc": "t", "fontsize": "16"}


def _about(drawn: Picture, tooltips: bool) -> dict[str, str]:
    """What the picture shows and what was left out, as the tooltip of the whole graph."""
    text = "\n".join([drawn.description, *map(sentence, drawn.notes)])
    return {"tooltip": graphviz.escape(xml_text(text))} if tooltips else {}


def _graph_attributes(drawn: Picture, palette: Palette, plain: bool) -> dict[str, str]:
    attributes = {
        "rankdir": drawn.direction,
        "bgcolor": palette.paper,
        "pad": "0.3",
        "nodesep": "0.35",
        "ranksep": "0.55",
        "newrank": "true",
        "fontname": FONT,
        "fontcolor": palette.text,
    }
    if plain:
        attributes |= {"splines": "line", "nslimit": "1", "nslimit1": "1", "mclimit": "0.1"}
    return attributes


def _frame(group: Group, palette: Palette) -> dict[str, str]:
    style = palette.style(style_name(group))
    return {
        "label": "",
        "class": f"frame {style_name(group)}",
        "style": "rounded,filled",
        "fillcolor": palette.frame,
        "color": palette.critical if group.critical else style.line,
        "margin": "14",
        "penwidth": str(style.width),
    }


def _frame_title(group: Group, palette: Palette) -> dict[str, str]:
    """A node for the title of a frame: the arrows into its first boxes end there, and strike no text."""
    return {
        "shape": "box",
        "style": "rounded,filled",
        "label": _html(_bold(group.label)),
        "fillcolor": palette.paper,
        "color": palette.style(style_name(group)).line,
        "fontcolor": palette.text,
        "fontsize": "12",
        "class": f"title {style_name(group)}",
    }


def _inside(arrows: Sequence[Arrow], palette: Palette) -> dict[str, str]:
    """The line from the title of a frame to a box, where ``arrows`` go on; invisible without any."""
    if not arrows:
        return {"style": "invis", "weight": "60"}
    critical = any(arrow.critical for arrow in arrows)
    return {"color": _double(palette) if critical else palette.edge, "weight": "60"}


def _double(palette: Palette) -> str:
    """The colours of the double line of the critical path: three strokes side by side."""
    return f"{palette.critical}:{palette.paper}:{palette.critical}"


def _box(box: Box, view: View, palette: Palette, plain: bool, tooltips: bool) -> dict[str, str]:
    style = palette.style(style_name(box))
    attributes = {
        "shape": _SHAPES[box.kind] if box.kind else "box",
        "label": graphviz.escape(_numbered(box)) if plain else _html("<BR/>".join(_label(box))),
        "class": f"{box.kind or 'step'} {style_name(box)}" + (" critical" if box.critical else ""),
        "style": _style(box, style),
        "fillcolor": style.fill,
        "color": palette.critical if box.critical else style.line,
        "fontcolor": style.text,
        "penwidth": f"{border(box, style.width):g}",
        **({"peripheries": "2"} if box.critical else {}),
    }
    return attributes | _links(box, view, tooltips)


def _style(box: Box, style: Style) -> str:
    rounded = "rounded," if box.kind in (None, NodeKind.STAGE, NodeKind.BAKE_TARGET) else ""
    return f"{rounded}filled" + (f",{DASHES[style.dash]}" if style.dash != "solid" else "")


def _label(box: Box) -> Iterator[str]:
    name = _bold(box.label) if box.kind in BUILT else xml_text(box.label)
    yield f"<B>{box.ordinal} · </B>{name}" if box.ordinal else name
    for line in box.sublabel.split("\n") if box.sublabel else ():
        yield f'<FONT POINT-SIZE="10.5">{xml_text(line)}</FONT>'


def _numbered(box: Box) -> str:
    return f"{box.ordinal} · {box.label}" if box.ordinal else box.label


def _bold(text: str) -> str:
    return f"<B>{xml_text(text)}</B>"


def _html(text: str) -> str:
    return f"<{text}>"


def _arrow(arrow: Arrow, name: str, view: View, palette: Palette, tooltips: bool) -> dict[str, str]:
    colour = _double(palette) if arrow.critical else palette.style(name).line
    attributes = {
        "class": f"{arrow.kind or 'wait'} {name}" + (" critical" if arrow.critical else ""),
        "color": colour,
        "fontcolor": palette.text if arrow.needed else palette.faint,
        "style": DASHES[arrow_dash(arrow)],
        "penwidth": _arrow_width(arrow),
        "arrowhead": "vee" if arrow.kind in (EdgeKind.COPY, EdgeKind.ADD) else "normal",
    }
    if arrow.label:
        attributes["label"] = _html("<BR/>".join(f" {xml_text(line)} " for line in arrow.label.split("\n")))
    return attributes | _links(arrow, view, tooltips)


def _arrow_width(arrow: Arrow) -> str:
    width = 2.0 if arrow.kind is EdgeKind.FROM and arrow.needed else 1.3
    return str(min(width, 1.5) if arrow.critical else width)  # each of three strokes is as wide


def _links(part: Box | Arrow, view: View, tooltips: bool) -> dict[str, str]:
    attributes = {}
    if tooltips and part.tooltip:
        attributes["tooltip"] = graphviz.escape(xml_text(part.tooltip))
    link = line_link(view.link_base, part.line, part.dockerfile)
    if link:
        attributes |= {"URL": graphviz.escape(link), "target": "_top"}
    return attributes
