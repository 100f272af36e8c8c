"""Siblings stand in the order of the Dockerfile, and what is beside the spine stands on both sides of it."""

from __future__ import annotations

from functools import partial

import pytest
from msgspec.structs import replace

import stagegraph as sg
from stagegraph.formats.svg import fits_page
from stagegraph.picture import arrangement
from stagegraph.picture.arrangement import better_orders, in_file_order, is_better
from stagegraph.picture.layout import lay_out, layout_of
from stagegraph.picture.layout_result import Layout, Route, mirrored
from stagegraph.picture.picture import picture
from stagegraph.picture.reordering import arranged, crossings, is_in_better_order
from stagegraph.picture.smaller import LAYOUT_REASON, smaller_pictures
from stagegraph.picture.view import Picture

from .build import report
from .shapes import GENERATED, SHAPES, WRITTEN, samples

PICTURES = SHAPES | samples()
# A stage that reads the base of the image is the last of its siblings in the file: it crosses theirs.
UNORDERED = {"buildkit": 5}
# Stages that read each other by chance, and rows of two whose parts all cross the spine.
CROSSED = {name for name in GENERATED if name.startswith("irregular")} | {"moby"}
CROSSED |= {f"diamond {size}" for size in (60, 120, 260, 1000)}
# Of the width. What remains is the room of lines that pass: 0.062 is the most in all shapes and samples.
TOLERANCE = 0.07


def _laid_out(text: str, view: sg.View) -> tuple[Picture, Layout]:
    fits = None if view.all else partial(fits_page, view=view)
    return lay_out(smaller_pictures(report(text), view, LAYOUT_REASON), view.engine, fits)


@pytest.mark.parametrize("name", PICTURES)
def test_siblings_are_in_order_and_the_target_as_central_as_the_parts_beside_it_allow(name: str) -> None:
    drawn, layout = _laid_out(PICTURES[name], sg.View())
    found = arrangement.arrangement(drawn, layout)
    assert found.swapped == UNORDERED.get(name, 0)
    if name not in CROSSED:
        assert found.off_centre <= arrangement.least_off_centre(drawn, layout) + TOLERANCE


@pytest.mark.parametrize("direction", ["TB", "LR", "BT", "RL"])
@pytest.mark.parametrize("name", ["matrix 12", "matrix 60", "selector 60", "monorepo 60", "services 40"])
def test_siblings_are_in_order_where_everything_is_drawn(name: str, direction: str) -> None:
    drawn, layout = _laid_out(GENERATED[name], sg.View(all=True, direction=direction))
    assert arrangement.arrangement(drawn, layout).swapped == 0


@pytest.mark.parametrize(("name", "swapped"), [("buildkit", 0), ("samples/monorepo/Dockerfile", 11)])
def test_siblings_are_put_in_order_as_long_as_no_more_lines_cross(name: str, swapped: int) -> None:
    view = sg.View(all=True)
    drawn = picture(report(PICTURES[name]), view)
    layouts = []

    def lay_out(before: arrangement.Before) -> Layout:
        layouts.append(layout_of(drawn, "pure", 2.0, before))
        return layouts[-1]

    first = in_file_order(drawn, lay_out(()))
    found = arranged(drawn, first, lay_out, lambda _: True)
    assert arrangement.arrangement(drawn, found).swapped == swapped
    assert arrangement.arrangement(drawn, first).swapped > swapped
    assert crossings(found.routes) <= crossings(first.routes)
    assert len(layouts) <= 16


def test_an_order_that_makes_lines_cross_is_not_better() -> None:
    siblings = "FROM i AS base\nFROM base AS a\nRUN a\nFROM base AS b\nRUN b\n"
    drawn = picture(report(siblings + "FROM i\nCOPY --from=a /a /a\nCOPY --from=b /b /b\n"), sg.View())
    layout = in_file_order(drawn, layout_of(drawn, "pure", 2.0))
    swapped = mirrored(layout, drawn.direction)
    assert is_in_better_order(drawn, layout, swapped)
    x, y = layout.routes[-1].curves[-1][0]
    across = Route(
        curves=(((x - 9, y + 2), (x - 3, y + 2), (x + 3, y + 2), (x + 9, y + 2)),), tip=None, label=None
    )
    tangled = replace(layout, routes=(across, *layout.routes[1:]))
    assert is_better(drawn, tangled, swapped)
    assert crossings(tangled.routes) > crossings(swapped.routes) == 0
    assert not is_in_better_order(drawn, tangled, swapped)


def test_lines_that_cross_are_counted_once() -> None:
    down = Route(curves=(((5, 0), (5, 3), (5, 6), (5, 9)),), tip=None, label=None)
    waves = Route(curves=(((0, 1), (9, 1), (9, 2), (1, 3), (0, 4), (4, 5), (9, 8)),), tip=None, label=None)
    beside = Route(curves=(((5.5, 0), (5.5, 1), (5.5, 2), (5.5, 3)),), tip=None, label=None)
    assert crossings((down, waves)) == 1
    assert crossings((down, beside)) == 0
    assert crossings((down, Route(curves=(), tip=None, label=None))) == 0


def test_the_target_of_many_choices_is_in_the_middle() -> None:
    for direction in ("TB", "LR"):
        drawn, layout = _laid_out(GENERATED["selector 40"], sg.View(all=True, direction=direction))
        assert arrangement.arrangement(drawn, layout).off_centre < 0.02


@pytest.mark.parametrize("direction", ["TB", "LR", "BT", "RL"])
def test_a_mirror_image_has_everything_on_the_other_side(direction: str) -> None:
    text = "FROM a AS one\nFROM b AS two\nFROM c AS three\nFROM scratch\n"
    text += "".join(f"COPY --from={name} /{name} /\n" for name in ("one", "two", "three"))
    drawn, layout = _laid_out(text, sg.View(direction=direction))
    other = mirrored(layout, direction)
    assert arrangement.arrangement(drawn, layout).swapped == 0
    assert arrangement.arrangement(drawn, other).swapped == 3
    assert in_file_order(drawn, other) == mirrored(other, direction)
    assert is_better(drawn, layout, other)
    assert not is_better(drawn, other, layout)
    tips = [route.tip for route in other.routes if route.tip]
    assert len(tips) == len(drawn.arrows)
    assert all(0 <= x <= layout.width and 0 <= y <= layout.height for x, y in tips)


def test_a_large_picture_is_laid_out_once() -> None:
    drawn, layout = _laid_out(GENERATED["services 120"], sg.View(all=True))
    small, other = _laid_out(WRITTEN["buildx"], sg.View(all=True))
    assert better_orders(small, mirrored(other, small.direction))
    assert len(drawn.boxes) <= arrangement.MOST_BOXES
    drawn, layout = _laid_out(GENERATED["services 260"], sg.View(all=True))
    assert len(drawn.boxes) > arrangement.MOST_BOXES
    assert better_orders(drawn, mirrored(layout, drawn.direction)) == []
