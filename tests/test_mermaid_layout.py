"""Where Mermaid draws boxes and links, predicted as the real one does it: no link runs through a box."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pytest

import stagegraph as sg
from stagegraph.formats import mermaid
from stagegraph.formats.dagre import laid_out
from stagegraph.formats.dagre_order import Layered
from stagegraph.formats.dagre_ranks import tight_ranks
from stagegraph.formats.mermaid_lines import USUAL, lines_of
from stagegraph.formats.mermaid_paths import DrawnLinks
from stagegraph.formats.mermaid_picture import name_of, note_lines, with_context_inside
from stagegraph.formats.mermaid_size import LETTERS, RANK_SPACING, boxes_and_links, estimated_size
from stagegraph.picture.legibility import is_legible
from stagegraph.picture.smaller import fewer_and_fewer, smaller_pictures
from stagegraph.picture.view import Picture

from .build import report
from .geometry import mermaid_geometry
from .mermaid_parser import VERSIONS, Drawer, parse_errors
from .shapes import SHAPES, samples, woven

LARGE = (" 120", " 260", " 1000")
WOVEN = {f"woven {seed}": woven(seed) for seed in range(6)}
DRAWN = {name: text for name, text in (SHAPES | samples() | WOVEN).items() if not name.endswith(LARGE)}
_NODES = """
[...document.querySelectorAll('#out .node')].map((node) => {
  const { e, f } = node.transform.baseVal.consolidate().matrix;
  return [node.textContent.trim(), e, f];
})
"""


def pictures(dockerfile: str) -> Iterator[Picture]:
    """The pictures that Mermaid may draw, of a size that it can draw."""
    for full in list(smaller_pictures(report(dockerfile), sg.View(), ""))[:6]:
        drawn = with_context_inside(full)
        if len(drawn.boxes) <= 40:
            yield drawn


def first_legible(dockerfile: str) -> Picture:
    candidates = fewer_and_fewer(smaller_pictures(report(dockerfile), sg.View(), ""))
    return next(drawn for drawn in map(with_context_inside, candidates) if is_legible(*estimated_size(drawn)))


def layered(drawn: Picture) -> Layered:
    sizes, links = boxes_and_links(drawn)
    return Layered(tight_ranks(len(sizes), links), links)


def texts(drawn: Picture) -> list[str]:
    """What is in the boxes, labels and notes, as a browser tells it."""
    written = [f"{name_of(box)}\n{box.sublabel}" for box in drawn.boxes]
    written += [arrow.label for arrow in drawn.arrows if arrow.label]
    if drawn.notes:
        written.append("\n".join(note_lines(drawn)))
    return [text.replace("\n", "").strip() for text in written]


def test_ranks_are_those_with_the_shortest_links() -> None:
    assert tight_ranks(4, [(0, 1, 2), (1, 2, 2), (3, 2, 1)]) == [0, 2, 4, 3]
    assert tight_ranks(0, []) == []
    # the middle nodes, with more links behind them, are late; parts without links to each other start at 0
    assert tight_ranks(5, [(0, 3, 2), (3, 4, 2), (1, 4, 2), (2, 1, 2), (2, 1, 4)]) == [2, 4, 0, 4, 6]
    assert tight_ranks(4, [(0, 1, 2), (2, 3, 4)]) == [0, 2, 0, 4]


def test_the_width_of_one_rank_is_that_of_its_nodes_and_gaps() -> None:
    sizes = [(100.0, 10.0), (50.0, 30.0), (30.0, 10.0)]
    layout = laid_out(Layered([0, 0, 0], []), sizes, 15)
    assert (layout.width, layout.height) == (220.0, 30.0)
    layout = laid_out(Layered([0, 1], [(0, 1, 1)]), sizes[:2], 15)
    assert (layout.width, layout.height) == (100.0, 55.0)
    assert layout.middles == [(0.0, 5.0), (0.0, 40.0)]


def test_the_nodes_of_a_rank_are_ordered_to_cross_less() -> None:
    crossed = Layered([0, 0, 1, 1], [(0, 3, 1), (1, 2, 1)])
    assert crossed.crossings == 0
    assert Layered([0, 0, 1, 1], [(0, 2, 1), (0, 3, 1), (1, 2, 1), (1, 3, 1)]).crossings == 1


@pytest.mark.parametrize("name", DRAWN)
def test_boxes_are_where_mermaid_draws_them(name: str, drawer: Drawer) -> None:
    """In the same ranks and in the same order; its letters are a little wider or narrower."""
    drawn = first_legible(DRAWN[name])
    drawer.draw(mermaid._text(drawn, sg.View()))
    sizes, _ = boxes_and_links(drawn)
    expected = laid_out(layered(drawn), sizes, RANK_SPACING / 2).middles
    if drawn.direction == "LR":
        expected = [(y, x) for x, y in expected]
    nodes = zip(texts(drawn), expected, strict=True)
    real = [(text.replace("\u200b", ""), (x, y)) for text, x, y in drawer.state(_NODES)]
    across = drawn.direction == "LR"
    assert in_ranks(nodes, across=across) == in_ranks(real, across=across)


def in_ranks(nodes: Iterable[tuple[str, tuple[float, float]]], *, across: bool) -> list[list[str]]:
    ordered = sorted((middle[not across], middle[across], text) for text, middle in nodes)
    ranks: list[list[tuple[float, str]]] = []
    last = -100.0
    for along, aside, text in ordered:
        if along - last > 5:
            ranks.append([])
        last = along
        ranks[-1].append((aside, text))
    return [[text for _, text in sorted(rank)] for rank in ranks]


@pytest.mark.parametrize("name", DRAWN)
def test_the_estimated_size_is_that_of_mermaid(name: str, drawer: Drawer) -> None:
    """No picture is estimated to be legible that Mermaid draws smaller, nor much larger than it draws it."""
    for drawn in pictures(DRAWN[name]):
        real = mermaid_geometry(drawer, mermaid._text(drawn, sg.View()))
        expected = estimated_size(drawn)
        if is_legible(*expected):
            assert is_legible(real.width, real.height)
            assert expected.width <= 1.15 * real.width
            assert expected.height <= 1.1 * real.height


@pytest.mark.parametrize("name", DRAWN)
def test_links_that_would_run_through_a_box_are_known(name: str, drawer: Drawer) -> None:
    drawn = first_legible(DRAWN[name])
    real = mermaid_geometry(drawer, mermaid._text(drawn, sg.View()))
    links = DrawnLinks(drawn, layered(drawn), LETTERS, RANK_SPACING / 2)
    words = texts(drawn)
    expected = [words[box] for link in range(len(links.links)) for box in links.struck(link, "bump", 2)]
    assert sorted(text[:20] for text in expected) == sorted(text[:20] for text in real.through)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", [*WOVEN, "matrix 12", "irregular 60", "cli"])
def test_no_link_runs_through_a_box(name: str, version: str, drawer: Drawer) -> None:
    drawn = mermaid_geometry(drawer, sg.render(report(DRAWN[name]), "mermaid").decode(), version)
    assert (drawn.through, drawn.overlaps) == ([], [])
    assert is_legible(drawn.width, drawn.height)


@pytest.mark.parametrize("direction", ["TB", "BT", "LR", "RL"])
def test_no_link_runs_through_a_box_in_any_direction(direction: str, drawer: Drawer) -> None:
    text = sg.render(report(DRAWN["matrix 12"]), "mermaid", sg.View(direction=direction)).decode()
    assert "interpolate" in text
    assert mermaid_geometry(drawer, text).through == []


def test_stages_that_wait_for_each_other_are_drawn() -> None:
    copies = "COPY --from=base /a /a\nCOPY --from=base /b /b\n"
    found = report(
        f"FROM alpine AS first\n{copies}FROM alpine\nFROM alpine\nFROM alpine\nFROM first AS base\n"
    )
    assert "s_first" in sg.render(found, "mermaid").decode()


def test_another_curve_is_named_only_where_a_link_needs_it(drawer: Drawer) -> None:
    plain = sg.render(report("FROM a AS b\nFROM c\nCOPY --from=b /d /d\n"), "mermaid").decode()
    assert "interpolate" not in plain
    assert f"rankSpacing: {RANK_SPACING}\n" in plain
    struck = sg.render(report(DRAWN["matrix 12"]), "mermaid").decode()
    assert re.findall("linkStyle .* interpolate .*", struck) == ["linkStyle 3,13 interpolate stepBefore"]
    assert parse_errors({"struck": struck}) == []


@pytest.mark.parametrize("dialect", ["azure", "plain"])
def test_a_dialect_without_configuration_names_no_curves(dialect: str) -> None:
    text = sg.render(report(DRAWN["matrix 12"]), "mermaid", sg.View(dialect=dialect)).decode()
    assert "interpolate" not in text


def test_frames_and_very_large_pictures_keep_the_usual_curves() -> None:
    framed = with_context_inside(next(smaller_pictures(report(DRAWN["cli"]), sg.View(steps=True), "")))
    assert framed.groups
    assert lines_of(framed) == USUAL
    large = next(smaller_pictures(report(SHAPES["irregular 260"]), sg.View(all=True), ""))
    assert lines_of(with_context_inside(large)) == USUAL
