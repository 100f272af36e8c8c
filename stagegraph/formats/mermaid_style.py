"""Colours of a Mermaid diagram that are readable in light and in dark mode.

A diagram cannot ask for the mode in which GitHub draws it. So fills are translucent, lines have medium
brightness, and texts keep the colour of the mode.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from stagegraph.model import EdgeKind
from stagegraph.picture.theme import arrow_styles, style_name
from stagegraph.picture.view import Arrow, Picture

GREY, BLUE, GREEN, AMBER, RED = "#818b98", "#2f81f7", "#2da44e", "#bf8700", "#e5534b"
_TINT = "26"  # opacity of a fill, as hexadecimal digits
_DASHED, _DOTTED, _DASHDOT = "6 3", "2 3", "8 3 2 3"
_ARROWS = MappingProxyType(
    {
        "inherited": f"stroke:{BLUE},stroke-width:3.5px",
        "copied": f"stroke:{GREEN},stroke-width:1.9px",
        "selectable": f"stroke:{AMBER},stroke-width:1.2px,stroke-dasharray:{_DASHDOT}",
        "upstream": f"stroke:{GREY},stroke-width:1px",
        "same": f"stroke:{GREY},stroke-width:1.2px",
        "unneeded": f"stroke:{GREY},stroke-width:1px,stroke-dasharray:{_DOTTED}",
        "added": f"stroke:{GREEN},stroke-width:2.5px",
        "removed": f"stroke:{RED},stroke-width:2.5px,stroke-dasharray:{_DASHED}",
        "changed": f"stroke:{AMBER},stroke-width:2.5px,stroke-dasharray:{_DASHDOT}",
        "critical": f"stroke:{RED},stroke-width:5px",
    }
)
MARKS = MappingProxyType({"target": "◉ ", "inherited": "● ", "copied": "◧ "})  # ◐ is smaller in many fonts

_LOOKS = MappingProxyType(
    {
        **{name: mark.strip() for name, mark in MARKS.items()},
        "upstream": "grey",
        "mounted": "dashed grey",
        "selectable": "dashed amber",
        "unneeded": "dotted",
        "added": "green",
        "removed": "dashed red",
        "changed": "amber",
        "same": "grey",
    }
)
_LINES = MappingProxyType(
    {EdgeKind.FROM: "thick", EdgeKind.COPY: "thin", EdgeKind.ADD: "thin", EdgeKind.MOUNT: "dotted"}
)


def _box(colour: str, width: str, dash: str = "", fill: str = "") -> str:
    dashes = f",stroke-dasharray:{dash}" if dash else ""
    return f"fill:{fill or colour + _TINT},stroke:{colour},stroke-width:{width}px{dashes}"


BOXES = MappingProxyType(
    {
        "target": _box(BLUE, "4", fill="#0b57d0") + ",color:#ffffff",
        "inherited": _box(BLUE, "3"),
        "copied": _box(GREEN, "1.6"),
        "mounted": _box(GREY, "1.2", _DASHED),
        "upstream": _box(GREY, "1.2"),
        "unneeded": _box(GREY, "1", _DOTTED, fill="none"),
        "selectable": _box(AMBER, "1.2", _DASHED),
        "added": _box(GREEN, "2.4"),
        "removed": _box(RED, "1.8", _DASHED),
        "changed": _box(AMBER, "2.4", _DASHDOT),
        "same": _box(GREY, "1.2"),
    }
)


def styles(drawn: Picture, ids: Mapping[str, str]) -> Iterator[str]:
    """The class of every style of boxes and frames that occurs, and the styles of links."""
    for name in sorted({style_name(box) for box in drawn.boxes}):
        yield f"  classDef {name} {BOXES[name]}"
    for name in sorted({style_name(group) for group in drawn.groups}):
        yield f"  classDef frame{name} {_frame(name)}"
    for group in drawn.groups:
        yield f"  class {ids[group.id]} frame{style_name(group)}"
    if drawn.groups:
        yield "  classDef title fill:none,stroke:none"
    if drawn.notes:
        yield "  classDef note fill:none,stroke:none"
    if any(arrow.label for arrow in drawn.arrows):
        yield "  classDef label fill:none,stroke:none"
    yield from _arrows(drawn)
    yield from _critical(drawn, ids)


def _frame(name: str) -> str:
    line = BOXES[name].partition("stroke:")[2].partition(",color:")[0]
    return f"fill:none,stroke:{line}"


def count_links(drawn: Picture) -> int:
    """The number of links: two for an arrow with a label, else one."""
    return sum(map(_links_of, drawn.arrows))


def _links_of(arrow: Arrow) -> int:
    return 2 if arrow.label else 1


def _arrows(drawn: Picture) -> Iterator[str]:
    """The links of each style, by their numbers.

    The style ``default`` needs no numbers, but Mermaid gives its colour to the arrowheads of all links. Links
    can have ids and classes since Mermaid 11, and documents are drawn by older ones too.
    """
    links_of: dict[str, list[str]] = {}
    first = 0
    for arrow, style in zip(drawn.arrows, arrow_styles(drawn), strict=True):
        name = "critical" if arrow.critical else style
        numbers = range(first, first + _links_of(arrow))
        first = numbers.stop
        links_of.setdefault(name, []).extend(map(str, numbers))
    for name, members in sorted(links_of.items()):
        yield f"  linkStyle {','.join(members)} {_ARROWS[name]}"


def _critical(drawn: Picture, ids: Mapping[str, str]) -> Iterator[str]:
    boxes = [ids[box.id] for box in drawn.boxes if box.critical]
    if boxes:
        yield f"  classDef critical stroke:{RED},stroke-width:3px"
    for box in boxes:
        yield f"  class {box} critical"


def legend_lines(drawn: Picture) -> Iterator[str]:
    """What the marks, borders and lines of ``drawn`` mean: a line for its boxes, and one for its arrows."""
    from stagegraph.formats.legend import ROLE_WORDS, edge_words

    styles = {style_name(box) for box in drawn.boxes} | {style_name(group) for group in drawn.groups}
    yield "; ".join(f"{_LOOKS[name]}: {words}" for name, words in ROLE_WORDS.items() if name in styles)
    kinds = {arrow.kind for arrow in drawn.arrows if not arrow.selectable}
    lines = [f"{_LINES[kind]}: {words}" for kind, words in edge_words(kinds).items()]
    if any(box.ordinal for box in drawn.boxes):
        lines.append("red and numbered: critical path")
    if lines:
        yield "arrows: " + "; ".join(lines)
