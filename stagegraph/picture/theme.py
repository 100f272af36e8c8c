"""Colours and lines by role: what is in the image has a colour, the rest is grey.

Styles that can meet in a picture differ by 20 (CIEDE2000) for each kind of colour blindness, or by their
dashes, width or mark. Lines stand out from the paper by 3:1, texts from what they are on by 4.5:1.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from stagegraph.model import EdgeKind, Reach, Role
from stagegraph.picture.view import Arrow, Box, Group, Picture, View

if TYPE_CHECKING:
    from stagegraph.comparison.changes import Change


class Style(NamedTuple):
    """Colours and line of a box; ``dash`` and ``width`` distinguish roles without colour."""

    fill: str
    line: str
    text: str
    dash: str = "solid"  # a key of DASHES
    width: float = 1.2


class Palette(NamedTuple):
    """All colours of one theme, as #rrggbb."""

    paper: str
    text: str
    faint: str
    frame: str
    edge: str
    critical: str
    styles: Mapping[str, Style]
    changes: Mapping[str, Style]  # of a picture of two builds

    def style(self, name: str) -> Style:
        """The style of a role or of a change."""
        return self.styles[name] if name in self.styles else self.changes[name]


LIGHT = Palette(
    paper="#ffffff",
    text="#1f2328",
    faint="#59636e",
    frame="#f6f8fa",
    edge="#818b98",
    critical="#cf222e",
    styles=MappingProxyType(
        {
            "target": Style(fill="#0b57d0", line="#062e6f", text="#ffffff", width=3.0),
            "inherited": Style(fill="#dbe9ff", line="#002aa8", text="#0a2a5e", width=2.4),
            "copied": Style(fill="#dcf7e6", line="#11783c", text="#0b3d1e", width=1.6),
            "mounted": Style(fill="#f6f8fa", line="#59636e", text="#3d444d", dash="dashed"),
            "upstream": Style(fill="#f6f8fa", line="#818b98", text="#3d444d"),
            "unneeded": Style(fill="#ffffff", line="#868f99", text="#6a737d", width=1.0, dash="dotted"),
            "selectable": Style(fill="#fff8e6", line="#9a6700", text="#633c01", dash="dashed"),
        }
    ),
    changes=MappingProxyType(
        {
            "added": Style(fill="#d5f5e1", line="#11783c", text="#0b3d1e", width=2.4),
            "removed": Style(fill="#ffebe9", line="#cf222e", text="#82071e", dash="dashed", width=1.8),
            "changed": Style(fill="#fff8c5", line="#9a6700", text="#4d2d00", dash="dashdot", width=2.4),
            "same": Style(fill="#f6f8fa", line="#818b98", text="#3d444d"),
        }
    ),
)
DARK = Palette(
    paper="#0d1117",
    text="#e6edf3",
    faint="#9198a1",
    frame="#151b23",
    edge="#7d8590",
    critical="#ff7b72",
    styles=MappingProxyType(
        {
            "target": Style(fill="#1f5fd6", line="#a5c8ff", text="#ffffff", width=3.0),
            "inherited": Style(fill="#10294f", line="#70a0ff", text="#d0e4ff", width=2.4),
            "copied": Style(fill="#0f2e1b", line="#70ff94", text="#c4f5d3", width=1.6),
            "mounted": Style(fill="#1c2128", line="#9198a1", text="#c9d1d9", dash="dashed"),
            "upstream": Style(fill="#1c2128", line="#7d8590", text="#c9d1d9"),
            "unneeded": Style(fill="#0d1117", line="#656c76", text="#8d96a0", width=1.0, dash="dotted"),
            "selectable": Style(fill="#2b2005", line="#d29922", text="#f2cc60", dash="dashed"),
        }
    ),
    changes=MappingProxyType(
        {
            "added": Style(fill="#0f2e1b", line="#70ff94", text="#c4f5d3", width=2.4),
            "removed": Style(fill="#3c1618", line="#ff7b72", text="#ffdcd7", dash="dashed", width=1.8),
            "changed": Style(fill="#2b2005", line="#d29922", text="#f2cc60", dash="dashdot", width=2.4),
            "same": Style(fill="#1c2128", line="#7d8590", text="#c9d1d9"),
        }
    ),
)
DASHES = MappingProxyType(
    {"solid": "", "dashed": "5 3", "dotted": "1.5 3", "sparse": "1.5 7", "dashdot": "8 3 2 3"}
)
MARKED = ("target", "inherited", "copied")  # styles drawn with a role mark
SHIPS = ("inherited", "copied")  # styles of arrows into the image
COLOURED = (*SHIPS, "selectable", "added", "removed", "changed")  # styles whose edge labels are coloured
_IN_IMAGE = ("target", "inherited")
EDGE_DASHES = MappingProxyType(
    {
        EdgeKind.FROM: "solid",
        EdgeKind.COPY: "solid",
        EdgeKind.ADD: "solid",
        EdgeKind.MOUNT: "dashed",
        EdgeKind.TAG: "sparse",  # not dotted: that is what is not needed
    }
)

_CHANGE_DASHES = MappingProxyType({"removed": "dashed", "changed": "dashdot"})


def style_name(part: Box | Group) -> str:
    """The name of the style of a box or frame."""
    if isinstance(part, Box) and part.change:
        return change_style(part.change)
    return style_of(part.role, part.reach)


def style_of(role: Role, reach: Reach) -> str:
    """The name of the style of a node with this role."""
    if role is Role.UNNEEDED and reach is Reach.SELECTABLE:
        return "selectable"
    return role.value


def change_style(change: Change) -> str:
    """The name of the style of a change: a stage with another name is a changed one."""
    return "changed" if change == "renamed" else change.value


def arrow_style(arrow: Arrow, source: str, target: str) -> str:
    """The style of an arrow between boxes of these styles; it is coloured if it leads into the image."""
    if arrow.change:
        return change_style(arrow.change)
    if arrow.selectable:
        return "selectable"
    if not arrow.needed:
        return "unneeded"
    if arrow.kind is EdgeKind.TAG or arrow.inner:
        return "upstream"
    into = target in _IN_IMAGE or arrow.ships
    if not into or source not in MARKED or arrow.kind is EdgeKind.MOUNT:
        return "upstream"
    inside = arrow.kind is EdgeKind.FROM or (arrow.kind is None and source in _IN_IMAGE)
    return "inherited" if inside else "copied"


def arrow_styles(drawn: Picture) -> list[str]:
    """The name of the style of every arrow of a picture."""
    styles = {box.id: style_name(box) for box in drawn.boxes}
    return [arrow_style(arrow, styles[arrow.source], styles[arrow.target]) for arrow in drawn.arrows]


def arrow_dash(arrow: Arrow) -> str:
    """How the line of an arrow is broken, as a key of DASHES: so that no arrow needs its colour."""
    if arrow.change:
        return _CHANGE_DASHES.get(change_style(arrow.change), "solid")
    if arrow.selectable:
        return "dashdot"
    if not arrow.needed:
        return "dotted"
    return EDGE_DASHES[arrow.kind] if arrow.kind else "solid"


def palette_of(view: View) -> Palette:
    """The palette of the output; theme auto uses the light one, and a style sheet for dark mode."""
    return DARK if view.theme == "dark" else LIGHT


def border(box: Box, width: float) -> float:
    """The border width of ``box``: ``width``, plus more on the critical path and for measured time."""
    return width + (1 if box.critical else 0) + 4 * box.weight
