"""The options of a picture, and the picture as data, before any format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from stagegraph.errors import OptionsError
from stagegraph.model import EdgeKind, NodeKind, Reach, Role
from stagegraph.source import printable

if TYPE_CHECKING:
    from stagegraph.comparison.changes import Change

DIRECTIONS = ("auto", "TB", "LR", "BT", "RL")
DETAILS = ("auto", "targets", "stages")
THEMES = ("auto", "light", "dark")
ENGINES = ("auto", "pure", "system")
DIALECTS = ("github", "sphinx", "azure", "plain")
_LINK = r"(?:https?://[^\s\"'<>\\^`{|}]+|(?![/\\]{2})[^\s\"'<>\\^`{|}:]+(?:/[^\s\"'<>\\^`{|}]*)?)\Z"


class View(Struct, frozen=True, kw_only=True):
    """How to draw a report; every default gives the picture that most people want."""

    direction: str = "auto"  # one of DIRECTIONS; auto: top to bottom unless the shape says otherwise
    prune: bool = False  # leave out what the targets do not need
    all: bool = False  # draw everything: nothing is left out or folded
    steps: bool = False  # open the stages and show their steps
    critical_path: bool = False  # mark it
    legend: bool = False
    labels: bool = True  # write on the edges what is copied
    theme: str = "auto"  # one of THEMES; auto: follows the reader's light or dark mode
    link_base: str = ""  # URL of the Dockerfile, of a bake file that of the current directory: URL#L12
    title: str = ""  # of the picture; by default made from the name of the Dockerfile and the targets
    engine: str = "auto"  # one of ENGINES: which Graphviz lays out
    dialect: str = "github"  # one of DIALECTS: for whom Mermaid is written
    detail: str = "auto"  # one of DETAILS: of a bake file only its targets (auto: if it has many), or stages
    opened: tuple[str, ...] = ()  # parts (``Node.part``) whose stages are drawn although detail is targets
    near: bool = False  # of what is around opened parts, draw only what has an edge to them


def line_link(base: str, line: int | None, dockerfile: str = "") -> str:
    """The link to ``line`` of the Dockerfile at ``base``, or of ``dockerfile`` below it; else empty."""
    return f"{file_link(base, dockerfile)}#L{line}" if base and line else ""


def file_link(base: str, dockerfile: str) -> str:
    """The link to the Dockerfile at ``base``, or to ``dockerfile`` below it."""
    base = base.partition("#")[0]
    return f"{base.rstrip('/')}/{dockerfile}" if dockerfile else base


def checked_link_base(base: str) -> str:
    """``base`` if it is an http, https or relative address; OptionsError for others, such as javascript:."""
    if base and not (base.isprintable() and re.match(_LINK, base)):
        raise OptionsError(
            f"invalid link base `{printable(base)[:80]}`",
            hint="use an http or https address or a relative path, without spaces and quotes",
        )
    return base


class Box(Struct, frozen=True, kw_only=True):
    """One node of a picture: a stage, a source, a step, or several of these drawn as one."""

    id: str  # Node.id, or "step:12"
    label: str  # the main line, already short
    sublabel: str = ""  # a second, smaller line: base image, number of steps, platform
    tooltip: str = ""  # the details, long
    kind: NodeKind | None = None  # None for a step
    role: Role = Role.UNNEEDED
    reach: Reach = Reach.NEEDED
    critical: bool = False
    line: int | None = None
    group: str = ""  # id of the Group it is drawn in
    count: int = 1  # how many nodes it stands for
    members: tuple[str, ...] = ()  # their ids, if it stands for several
    weight: float = 0.0  # its part of the measured time of the build, 0 to 1: the border is as thick
    change: Change | None = None  # in a picture of two builds
    dockerfile: str = ""  # that ``line`` is of, if there are several: its path below the link base
    ordinal: int = 0  # its place on the critical path, from 1; 0 if it is not on it or it is not marked


class Arrow(Struct, frozen=True, kw_only=True):
    """One edge of a picture: one or several parallel edges of the report, merged."""

    source: str  # Box.id
    target: str  # Box.id
    kind: EdgeKind | None  # None between steps
    label: str = ""  # short: "/app/dist → ./dist", "3 paths"
    tooltip: str = ""  # every path in full, with lines
    critical: bool = False
    needed: bool = True
    selectable: bool = False
    ships: bool = False  # something that it carries is in the image, even if through other stages
    line: int | None = None
    count: int = 1
    weight: float = 0.0  # its bytes as a part of those of the heaviest arrow, 0 to 1: the line is as thick
    change: Change | None = None
    dockerfile: str = ""  # as in a Box
    inner: bool = False  # it leads into a part of its target that is not in the image


class Group(Struct, frozen=True, kw_only=True):
    """A frame around boxes: a stage whose steps are shown, or the Dockerfile of a bake target."""

    id: str
    label: str
    role: Role = Role.UNNEEDED
    reach: Reach = Reach.NEEDED
    critical: bool = False
    line: int | None = None
    dockerfile: str = ""  # as in a Box
    chain: bool = True  # its boxes are the steps of a stage: arrows from outside enter by its title


class Picture(Struct, frozen=True, kw_only=True):
    """What to draw, in drawing order; ``notes`` say what was shortened, merged or left out."""

    title: str
    description: str  # one or two sentences for screen readers
    direction: str  # TB, LR, BT or RL: "auto" is decided
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    groups: tuple[Group, ...] = ()
    notes: tuple[str, ...] = ()

    def grouped(self) -> dict[str, list[Box]]:
        """The boxes by the id of the group they are drawn in; "" is none."""
        boxes: dict[str, list[Box]] = {group.id: [] for group in self.groups}
        for box in self.boxes:
            boxes.setdefault(box.group, []).append(box)
        return boxes

    @property
    def compares(self) -> bool:
        """Whether it shows two builds, by what changed and not by role."""
        return any(box.change for box in self.boxes)
