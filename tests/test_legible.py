"""Every default picture can be read in a README, and nothing in it lies on anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import stagegraph as sg
from stagegraph.formats.svg import fits_page
from stagegraph.model import Role
from stagegraph.picture.layout import lay_out
from stagegraph.picture.legibility import LADDER, SMALLEST_SCALE
from stagegraph.picture.picture import picture
from stagegraph.picture.smaller import LAYOUT_REASON, REST, fewer_boxes, legible, smaller_pictures
from stagegraph.picture.theme import arrow_styles

from .bake_projects import write
from .build import report
from .geometry import Geometry, mermaid_geometry, svg_geometry
from .shapes import GENERATED, SHAPES, bake_monorepo, compose_monorepo, monorepo, samples, selector

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from .mermaid_parser import Drawer

PICTURES = SHAPES | samples()
FORMATS = ("svg", "mermaid")
_DEFAULT = sg.View()
Measure = Callable[..., Geometry]
_TWO_BOXES = """
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" viewBox="0 0 {width} 200">
<g class="edge copy"><path class="line" fill="none" d="M40,30L40,170"/></g>
<g class="edge copy"><path class="line" fill="none" d="M10,100L200,100"/></g>
<g class="label"><text x="25" y="{label}" font-size="10">/a</text></g>
<g class="node stage"><rect class="shape" x="10" y="5" width="60" height="25"/><text y="20">a</text></g>
<g class="node stage"><rect class="shape" x="10" y="{middle}" width="60" height="25"/><text>b</text></g>
<g class="node stage"><rect class="shape" x="10" y="170" width="60" height="25"/><text y="190">c</text></g>
</svg>"""


@pytest.fixture(scope="module")
def measure(browser: Browser, drawer: Drawer) -> Iterator[Measure]:
    """Draws a report in a format and measures it in Chromium."""
    page = browser.new_page(viewport={"width": 3000, "height": 3000})

    def measured(name: str, found: sg.Report, view: sg.View = _DEFAULT) -> Geometry:
        text = sg.render(found, name, view).decode()
        return svg_geometry(page, text) if name == "svg" else mermaid_geometry(drawer, text)

    yield measured
    page.close()


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("format_name", FORMATS)
def test_a_default_picture_can_be_read(format_name: str, name: str, measure: Measure) -> None:
    drawn = measure(format_name, report(PICTURES[name]))
    assert drawn.scale >= SMALLEST_SCALE
    assert drawn.faults == []


@pytest.mark.parametrize("detail", ["auto", "stages"])
@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("files", [bake_monorepo, compose_monorepo])
def test_a_repository_of_40_services_can_be_read(
    files: Callable[[], Mapping[str, str]], format_name: str, detail: str, tmp_path: Path, measure: Measure
) -> None:
    write(tmp_path, files())
    found = sg.analyse(sg.read_request(str(tmp_path)))
    assert measure(format_name, found, sg.View(detail=detail)).scale >= SMALLEST_SCALE


@pytest.mark.parametrize("files", [bake_monorepo, compose_monorepo])
def test_the_default_group_of_40_services_shows_which_stands_on_which(
    files: Callable[[], Mapping[str, str]], tmp_path: Path
) -> None:
    write(tmp_path, files())
    text = sg.render(sg.read_request(str(tmp_path)), "dot").decode()
    for words in ("base", "libs", "gateway", "4 targets", "36 targets", "auth, billing, cart, search"):
        assert words in text, words


@pytest.mark.parametrize("name", [name for name in PICTURES if not name.endswith(" 1000")])
def test_svg_and_mermaid_have_the_same_direction(name: str) -> None:
    found, view = report(PICTURES[name]), sg.View()
    drawn, _ = lay_out(
        smaller_pictures(found, view, LAYOUT_REASON), view.engine, partial(fits_page, view=view)
    )
    assert f"flowchart {drawn.direction}\n" in sg.render(found, "mermaid").decode()


def test_the_measure_sees_faults(browser: Browser) -> None:
    page = browser.new_page()
    good = svg_geometry(page, _TWO_BOXES.format(width=400, label=150, middle=1000))
    assert (good.faults, good.crossings, good.scale) == ([], 1, 1.0)
    bad = svg_geometry(page, _TWO_BOXES.format(width=1700, label=85, middle=70))
    assert (bad.through, bad.scale) == (["b"], 0.5)
    assert bad.overlaps == ["/a / b"]
    page.close()


def test_a_picture_that_fits_stays_as_it_is() -> None:
    found = report("FROM alpine AS base\nFROM base AS unused\nRUN b\nFROM base\nCOPY a /a\n")
    drawn = legible(found, sg.View(), lambda _: True)
    assert drawn == picture(found, sg.View(all=True))
    assert drawn.notes == ()
    assert "unused" in [box.label for box in drawn.boxes]


@pytest.mark.parametrize(("size", "siblings"), [(5, 0), (6, 4), (37, 35)])
def test_four_siblings_are_one_box_in_a_picture_of_any_size(size: int, siblings: int) -> None:
    found = report(monorepo(size))
    together = [box for box in picture(found, sg.View()).boxes if len(box.members) > 1]
    assert [len(box.members) for box in together] == ([siblings] if siblings else [])
    assert [box.label for box in together] == ([f"{siblings} stages"] if siblings else [])
    assert [box.sublabel.split(", ")[:2] for box in together] == ([["auth", "billing"]] if siblings else [])
    assert all(len(box.members) < 2 for box in picture(found, sg.View(all=True)).boxes)


def test_many_choices_are_one_box() -> None:
    (box,) = [box for box in picture(report(selector(42)), sg.View()).boxes if len(box.members) > 1]
    assert box.label == "39 other choices"
    assert box.sublabel.startswith("with another VARIANT\nvariant-billing, ")
    assert "variant-billing" in box.tooltip


def test_choices_of_arguments_and_platforms_say_both() -> None:
    drawn = picture(report(PICTURES["buildkit"]), sg.View(), LADDER[2])
    (box,) = [box for box in drawn.boxes if box.label == "12 other choices"]
    assert box.sublabel.startswith("with another EXPORT_BASE or platform\n")


def test_each_rung_gives_up_one_thing_more() -> None:
    found = report(PICTURES["buildkit"])
    sizes = [
        (len(drawn.boxes), sum(bool(arrow.label) for arrow in drawn.arrows))
        for drawn in (picture(found, sg.View(), detail) for detail in LADDER)
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0][0] > 2 * sizes[-1][0]


def test_what_is_left_out_is_named() -> None:
    found = report(PICTURES["moby"])
    drawn = picture(found, sg.View(), LADDER[1])
    gone = [node.label for node in found.nodes if node.index is not None and not node.needed]
    unneeded = [name for name in gone if name not in {box.label for box in drawn.boxes}]
    assert "frozen-dummy" in unneeded
    assert (
        "6 stages that are not needed are left out: frozen-dummy, build, binary, all, smoketest, dev-min"
        in (drawn.notes)
    )
    assert "frozen-dummy" in drawn.description
    assert drawn.notes[-1] == "--all draws everything"


def test_the_critical_path_keeps_its_names() -> None:
    found = report(monorepo(40))
    marked = {node.id for node in found.nodes if node.critical}
    for detail in LADDER:
        boxes = picture(found, sg.View(critical_path=True), detail).boxes
        assert {box.id for box in boxes if len(box.members) < 2} >= {
            name for name in marked if name.startswith("stage:")
        }


@pytest.mark.parametrize("name", PICTURES)
def test_what_ships_runs_straight_to_the_target(name: str) -> None:
    view = sg.View()
    pictures = smaller_pictures(report(PICTURES[name]), view, LAYOUT_REASON)
    drawn, layout = lay_out(pictures, view.engine, partial(fits_page, view=view))
    across = drawn.direction in ("LR", "RL")
    places = zip(drawn.boxes, layout.boxes, strict=True)
    middles = {box.id: place.y if across else place.x for box, place in places}
    inherited = [
        (arrow.source, arrow.target)
        for arrow, style in zip(drawn.arrows, arrow_styles(drawn), strict=True)
        if style == "inherited"
    ]
    targets = [box for box in drawn.boxes if box.role is Role.TARGET]
    several = len(targets) > 1 or REST in middles  # the boxes between may be among the rest
    assert several or not [ends for ends in inherited if abs(_bend(middles, ends)) > 2]


def _bend(middles: Mapping[str, float], ends: tuple[str, str]) -> float:
    return middles[ends[0]] - middles[ends[1]]


@pytest.mark.parametrize("size", [60, 260])
def test_a_chain_on_the_marked_critical_path_is_one_box(size: int) -> None:
    view = sg.View(critical_path=True)
    found = report(GENERATED[f"chain {size}"])
    drawn, _ = lay_out(
        smaller_pictures(found, view, LAYOUT_REASON), view.engine, partial(fits_page, view=view)
    )
    assert {box.ordinal: box.label for box in drawn.boxes} == {
        1: "debian:12",
        2: f"layer-0 → … → layer-{size - 2}",
        3: f"layer-{size - 1}",
    }


def test_the_rest_leads_to_the_first_boxes_that_are_drawn() -> None:
    drawn = picture(report(GENERATED["diamond 60"]), sg.View(critical_path=True), LADDER[-1])
    smaller = fewer_boxes(drawn, 12)
    (rest,) = [box for box in smaller.boxes if box.id == REST]
    labels = {box.id: box.label for box in smaller.boxes}
    rows = [row for row in range(29) if f"left-{row}" in labels.values()]
    links = [arrow for arrow in smaller.arrows if arrow.source == REST]
    assert rows == list(range(rows[0], 29))  # the last rows before the target
    assert rest.critical
    assert [labels[arrow.target] for arrow in links if arrow.critical] == [f"left-{rows[0]}"]
    assert not [arrow for arrow in smaller.arrows if arrow.target == REST]
    assert smaller.notes[-2:] == (f"{rest.count} nodes are grouped into one", "--all draws everything")
