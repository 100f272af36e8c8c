"""Colours of pictures: each style is readable, and told from others without seeing all colours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import NamedTuple

import pytest

from stagegraph.comparison.changes import Change
from stagegraph.formats.mermaid_style import _ARROWS, BOXES
from stagegraph.formats.mermaid_style import MARKS as MERMAID_MARKS
from stagegraph.formats.svg import _width
from stagegraph.formats.svg_shapes import style_sheet
from stagegraph.model import EdgeKind
from stagegraph.picture.theme import COLOURED, DARK, LIGHT, MARKED, Palette, arrow_dash
from stagegraph.picture.view import Arrow, View

from .colour_vision import ciede2000, contrast, least_difference

PALETTES = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
ENOUGH = 20.0  # CIEDE2000
GROUNDS = ("#ffffff", "#0d1117")  # of GitHub, which Mermaid is drawn on in either mode


class Look(NamedTuple):
    """What tells a box or an arrow from another; ``shape`` is seen without colour."""

    line: str
    dash: str
    width: float
    shape: str = ""
    fill: str = ""

    def differs(self, other: Look) -> bool:
        """Whether the two are told apart by everyone."""
        by_shape = (self.dash, self.shape) != (other.dash, other.shape)
        thin, thick = sorted((self.width, other.width))
        fills = self.fill and least_difference(self.fill, other.fill) >= ENOUGH
        return bool(
            by_shape or thick >= 1.8 * thin or fills or least_difference(self.line, other.line) >= ENOUGH
        )


def alike(looks: Mapping[str, Look]) -> list[tuple[str, str]]:
    """The pairs of styles that someone cannot tell apart."""
    return [(a, b) for a, b in combinations(looks, 2) if not looks[a].differs(looks[b])]


def test_the_difference_is_that_of_its_authors() -> None:
    assert ciede2000((50, 2.6772, -79.7751), (50, 0, -82.7485)) == pytest.approx(2.0425, abs=1e-4)
    assert ciede2000((50, -1, 2), (50, 0, 0)) == pytest.approx(2.3669, abs=1e-4)
    assert ciede2000((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387)) == pytest.approx(
        1.2644, abs=1e-4
    )
    assert least_difference("#cf222e", "#9a6700") < 10


@PALETTES
def test_every_text_and_every_line_stands_out_from_what_it_is_on(palette: Palette) -> None:
    texts = {"text": (palette.text, palette.paper), "faint": (palette.faint, palette.paper)}
    texts |= {"number": (palette.paper, palette.critical), "title of a frame": (palette.text, palette.frame)}
    lines = {"critical": palette.critical, "edge": palette.edge}
    for name, style in {**palette.styles, **palette.changes}.items():
        texts[name] = (style.text, style.fill)
        lines[name] = style.line
        if name in COLOURED:
            texts[f"label {name}"] = (style.line, palette.paper)
    assert {name: pair for name, pair in texts.items() if contrast(*pair) < 4.5} == {}
    for ground in (palette.paper, palette.frame):
        assert {name: line for name, line in lines.items() if contrast(line, ground) < 3} == {}


def test_no_rule_makes_a_line_paler_than_its_colour() -> None:
    assert "opacity" not in style_sheet(View(), compares=False)


@PALETTES
@pytest.mark.parametrize("table", ["styles", "changes"])
def test_boxes_differ_for_everyone(palette: Palette, table: str) -> None:
    styles = getattr(palette, table)
    looks = {
        name: Look(style.line, style.dash, style.width, name if name in MARKED else "", style.fill)
        for name, style in styles.items()
    }
    assert alike(looks) == []


@PALETTES
@pytest.mark.parametrize("kind", [*EdgeKind, None])
def test_arrows_differ_for_everyone(palette: Palette, kind: EdgeKind | None) -> None:
    arrows = {
        "inherited": Arrow(source="", target="", kind=kind),
        "copied": Arrow(source="", target="", kind=kind),
        "upstream": Arrow(source="", target="", kind=kind),
        "unneeded": Arrow(source="", target="", kind=kind, needed=False),
        "selectable": Arrow(source="", target="", kind=kind, needed=False, selectable=True),
    }
    assert arrows.keys() == palette.styles.keys() - {"target", "mounted"}  # no arrow has these
    looks = {name: _look(arrow, palette.styles[name].line, name) for name, arrow in arrows.items()}
    looks["critical"] = Look(palette.critical, "solid", 5.0, "double")
    assert alike(looks) == []


@PALETTES
def test_arrows_of_two_builds_differ_for_everyone(palette: Palette) -> None:
    arrows = {
        change.value: Arrow(source="", target="", kind=EdgeKind.COPY, change=change)
        for change in Change
        if change.value in palette.changes
    }
    assert arrows.keys() == palette.changes.keys()
    looks = {name: _look(arrow, palette.changes[name].line, name) for name, arrow in arrows.items()}
    assert alike(looks) == []


def _look(arrow: Arrow, line: str, name: str) -> Look:
    return Look(line, arrow_dash(arrow), _width(arrow, name))


@pytest.mark.parametrize("ground", GROUNDS)
def test_mermaid_lines_stand_out_in_both_modes(ground: str) -> None:
    lines = {name: _part(style, "stroke") for name, style in {**BOXES, **_ARROWS}.items()}
    assert {name: line for name, line in lines.items() if contrast(line, ground) < 3} == {}
    assert not any("opacity" in style for style in (*BOXES.values(), *_ARROWS.values()))


def test_mermaid_boxes_and_arrows_differ_for_everyone() -> None:
    changes = [name for name in LIGHT.changes if name in BOXES]
    no_marks: Mapping[str, str] = {}
    for table, marks in ((BOXES, MERMAID_MARKS), (_ARROWS, no_marks)):
        looks = {name: _mermaid_look(style, marks.get(name, "")) for name, style in table.items()}
        assert alike({name: look for name, look in looks.items() if name in changes}) == []
        assert alike({name: look for name, look in looks.items() if name not in changes}) == []


def _mermaid_look(style: str, mark: str) -> Look:
    width = float(_part(style, "stroke-width").removesuffix("px") or 2)
    return Look(_part(style, "stroke"), _part(style, "stroke-dasharray"), width, mark)


def _part(style: str, name: str) -> str:
    return next(_parts(style, name), "")


def _parts(style: str, name: str) -> Iterator[str]:
    yield from re.findall(rf"(?:^|,){name}:([^,]+)", style)
