"""The HTML page of the sizes of an image: its tree of bytes, and its treemap in a real browser."""

from __future__ import annotations

import tempfile
from functools import cache
from itertools import combinations
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagegraph.formats import render
from stagegraph.sizes.sizes import Sizes, sizes_of
from stagegraph.sizes.tree import SizeNode

from . import images
from .browser import Opened, Pages
from .test_html import HOSTILE

_TILES = """(level) => [...document.querySelectorAll(`#treemap .level-${level}`)].map((tile) => {
  const box = tile.getBoundingClientRect();
  return [tile.dataset.node, box.x, box.y, box.width, box.height];
})"""
_NAMES = st.text("ab/", min_size=1, max_size=8).map(lambda text: text.strip("/") or "a")


@cache
def sizes_of_wasteful() -> Sizes:
    with tempfile.TemporaryDirectory() as folder:
        return images.sizes(Path(folder), "wasteful/image.oci.tar")


def sizes_of_files(folder: Path, *layers: dict[str, bytes]) -> Sizes:
    archive = images.image_of(*(images.tar_of(layer) for layer in layers))
    return sizes_of(images.image(images.written(folder, archive)))


def nodes(node: SizeNode) -> list[SizeNode]:
    return [node, *(below for child in node.children for below in nodes(child))]


def tiles(opened: Opened, level: int = 1) -> dict[str, tuple[float, float, float, float]]:
    found = opened.page.evaluate(_TILES, level)
    return {key: (x, y, width, height) for key, x, y, width, height in found}


def focused(opened: Opened) -> str:
    return str(opened.state("document.activeElement.dataset.node"))


def test_the_parts_are_the_lines_the_base_image_and_what_is_hidden() -> None:
    parts = [(one.kind, one.line, one.bytes) for one in sizes_of_wasteful().tree.children]
    assert parts == [
        ("base image", None, 3_270_716),
        ("hidden", None, 922_295),
        ("line", 6, 617_472),
        ("line", 8, 614_400),
        ("line", 5, 40_539),
    ]


def test_directories_with_nothing_beside_them_are_one() -> None:
    line = next(one for one in sizes_of_wasteful().tree.children if one.line == 6)
    assert [one.name for one in line.children] == ["srv/node_modules/"]
    assert [one.name for one in line.children[0].children] == ["webpack/lib/", "left-pad/"]


@given(st.lists(st.dictionaries(_NAMES, st.binary(max_size=30), max_size=6), min_size=1, max_size=4))
def test_every_byte_of_every_layer_is_in_the_tree_once(layers: list[dict[str, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sizes = sizes_of_files(Path(folder), *layers)
    assert sizes.tree.bytes == sizes.unpacked == sum(len(data) for layer in layers for data in layer.values())
    for node in nodes(sizes.tree):
        if node.children:
            assert node.bytes == sum(child.bytes for child in node.children)
            assert node.files == sum(child.files for child in node.children)


def test_the_tree_of_many_files_is_small(tmp_path: Path) -> None:
    many = {f"d{number % 50}/f{number}": b"x" * 10 for number in range(20_000)}
    tree = sizes_of_files(tmp_path, {**many, "large": b"x" * 100_000}).tree
    assert tree.files == 20_001
    assert len(nodes(tree)) < 200


def test_directories_in_directories_without_end_are_read(tmp_path: Path) -> None:
    deep = sizes_of_files(tmp_path, {"a/" * 2_000 + "x": b"12345", "a/y": b"1"})
    assert deep.tree.bytes == 6
    assert b"treemap" in render("sizes", deep, "html")


def test_the_area_of_a_tile_is_its_share_of_the_bytes(pages: Pages) -> None:
    sizes = sizes_of_wasteful()
    opened = pages.open(render("sizes", sizes, "html"))
    drawn = tiles(opened)
    area = sum(width * height for _, _, width, height in drawn.values())
    for part in sizes.tree.children[:4]:
        key = f"line {part.line}" if part.line else part.name
        _, _, width, height = drawn[key]
        assert width * height / area == pytest.approx(part.bytes / sizes.tree.bytes, abs=0.01)
    assert opened.errors == []
    assert [url[:5] for url in opened.requests if not url.startswith("data:")] == ["file:"]


@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("dark", [False, True])
def test_tiles_do_not_overlap_and_texts_can_be_read(width: int, dark: bool, pages: Pages) -> None:
    opened = pages.open(render("sizes", sizes_of_wasteful(), "html"), width=width, dark=dark)
    for (ax, ay, aw, ah), (bx, by, bw, bh) in combinations(tiles(opened).values(), 2):
        assert ax + aw <= bx + 0.5 or bx + bw <= ax + 0.5 or ay + ah <= by + 0.5 or by + bh <= ay + 0.5
    assert opened.state("document.documentElement.scrollWidth") <= width
    assert min(opened.contrasts().values()) >= 4.5


def test_a_tile_that_is_chosen_fills_the_map_and_the_trail_leads_back(pages: Pages) -> None:
    opened = pages.open(render("sizes", sizes_of_wasteful(), "html"))
    opened.page.click("#treemap [data-node='base image/usr']", position={"x": 20, "y": 8})
    assert sorted(tiles(opened)) == ["base image/usr/bin", "base image/usr/local/bin", "base image/usr/share"]
    assert "1.29 MB" in opened.panel()
    opened.page.click("#trail button:first-child")
    assert "base image" in tiles(opened)


def test_the_address_opens_a_part(pages: Pages) -> None:
    page = render("sizes", sizes_of_wasteful(), "html")
    opened = pages.open(page, address="#" + quote("line 6/srv/node_modules", safe=""))
    assert "617 kB" in opened.panel()
    assert "Written by line 6" in opened.panel()
    assert "line 6/srv/node_modules/webpack/lib" in tiles(opened)


def test_keys_move_between_tiles_into_them_and_back(pages: Pages) -> None:
    opened = pages.open(render("sizes", sizes_of_wasteful(), "html"))
    opened.page.focus("#treemap [data-node='base image']")
    path = []
    for key in ("ArrowDown", "ArrowRight", "ArrowUp", "End"):
        opened.page.keyboard.press(key)
        path.append(focused(opened))
    assert path == ["base image/bin", "base image/usr", "base image", "line 5"]
    opened.page.focus("#treemap [data-node='base image']")
    opened.page.keyboard.press("Enter")
    assert "base image/usr" in tiles(opened)
    opened.page.keyboard.press("Backspace")
    assert "line 6" in tiles(opened)


def test_the_search_shows_a_result_where_it_is(pages: Pages) -> None:
    opened = pages.open(render("sizes", sizes_of_wasteful(), "html"))
    opened.page.fill("#search", "tool.deb")
    assert opened.page.inner_text("#matches") == "1 result"
    opened.page.press("#search", "Enter")
    assert "tool.deb" in opened.panel()
    assert any(key.endswith("tool.deb") for key in tiles(opened))


def test_names_of_files_are_text(pages: Pages, tmp_path: Path) -> None:
    page = render("sizes", sizes_of_files(tmp_path, dict.fromkeys(HOSTILE, b"x" * 9)), "html")
    opened = pages.open(page)
    for name in HOSTILE:
        opened.page.fill("#search", name.strip()[:5])
        opened.page.press("#search", "Enter")
    assert opened.state("window.canary") is None
    assert opened.errors == []
    assert b"\x1b" not in page


def test_the_same_image_gives_the_same_page() -> None:
    assert render("sizes", sizes_of_wasteful(), "html") == render("sizes", sizes_of_wasteful(), "html")
