"""SVG in a real Chromium without Arial: every text in its box, nothing on top of anything, nothing runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page

import stagegraph as sg

from .build import report
from .conftest import ROOT

SCRIPTS = """
    FROM alpine AS build
    COPY 文件/源代码/主程序 /应用/源代码
    COPY ডকুমেন্ট/ফাইল.txt /অ্যাপ/ফাইল.txt
    FROM alpine AS other
    COPY 🐳/🚀🚀🚀.txt /船/
    COPY файлы/программа /бин/
    FROM scratch
    COPY --from=build /über/größe/naïve /ñandú
    COPY --from=other /WWWWWWWWWWWWWWWWW/MMMMMMMM /iiiiiiiii
"""
HOSTILE = [
    "]]>",
    '"><script>alert(1)</script>',
    "</text><script>alert(1)</script>",
    "--><svg onload=alert(1)>",
    "<!--",
    "javascript:alert(1)",
    "&lt;b&gt;&#x1;",
    "\x00\x08\x1b[31m\x7f\x9f",
    "\ud800",
    "\ufffe\uffff",
    "\u202edesrever\u2066",
    "{{constructor}}",
    "' onmouseover='alert(1)",
    "url(https://e.org/x)",
    "</style><style>*{display:none}",
]
_OUTSIDE = """
() => [...document.querySelectorAll(".node")].flatMap((node) => {
  const shape = node.querySelector(".shape").getBBox();
  return [...node.querySelectorAll(":scope > text")].filter((text) => {
    const box = text.getBBox();
    return box.x < shape.x + 3 || box.x + box.width > shape.x + shape.width - 3
      || box.y < shape.y || box.y + box.height > shape.y + shape.height;
  }).map((text) => text.textContent);
})
"""
_OVERLAPS = """
() => {
  const boxes = [...document.querySelectorAll(".node .shape, .label text")].map((part) => {
    const { x, y, width, height } = part.getBBox();
    return { name: part.closest("g").textContent, x, y, width, height, part: part.closest("g") };
  });
  const found = [];
  boxes.forEach((a, number) => boxes.slice(number + 1).forEach((b) => {
    if (a.part === b.part) return;
    const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
    const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
    if (across > 1 && down > 1) found.push(`${a.name} / ${b.name}`);
  }));
  return found;
}
"""

_FRAMES = """
() => {
  const rectangle = (part) => {
    const { x, y, width, height } = part.getBBox();
    return { x, y, width, height };
  };
  const inside = (x, y, box, by) => x > box.x + by && x < box.x + box.width - by
    && y > box.y + by && y < box.y + box.height - by;
  const faults = [];
  const plates = [...document.querySelectorAll(".frame-name")];
  for (const line of document.querySelectorAll(".edge .line")) {
    for (let at = 0; at <= line.getTotalLength(); at += 1) {
      const { x, y } = line.getPointAtLength(at);
      const struck = plates.find((part) => inside(x, y, rectangle(part.querySelector(".plate")), 1));
      if (struck) faults.push(`an arrow crosses ${struck.textContent}`);
    }
  }
  const frames = [...document.querySelectorAll(".frame .shape")].map((frame, number) => {
    const steps = [...document.querySelectorAll(".node.step .shape")].map(rectangle)
      .filter((box) => inside(box.x + box.width / 2, box.y + box.height / 2, rectangle(frame), 0));
    return { name: plates[number].textContent, steps };
  });
  return { faults: [...new Set(faults)], frames };
}
"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page()
    yield opened
    opened.close()


def opened(page: Page, found: sg.Report, folder: Path, **view: Any) -> None:
    """Show the SVG of a report, as a file of its own."""
    file = folder / "build.svg"
    file.write_bytes(sg.render(found, "svg", sg.View(**view)))
    page.goto(file.as_uri())


def sample(name: str) -> sg.Report:
    return sg.analyse(sg.read(ROOT / "samples" / name))


@pytest.mark.parametrize(
    ("name", "view"),
    [
        ("monorepo", {}),
        ("monorepo", {"direction": "TB", "prune": True}),
        ("monorepo", {"steps": True, "critical_path": True}),
        ("python-web", {"legend": True, "direction": "RL"}),
        ("selectors", {"theme": "dark"}),
        ("cross-compile", {"direction": "BT"}),
    ],
)
def test_texts_stay_in_their_boxes_and_nothing_overlaps(
    name: str, view: dict[str, Any], page: Page, tmp_path: Path
) -> None:
    opened(page, sample(name), tmp_path, **view)
    assert page.evaluate(_OUTSIDE) == []
    assert page.evaluate(_OVERLAPS) == []


@pytest.mark.parametrize("direction", ["TB", "LR", "BT", "RL"])
def test_steps_are_as_wide_as_each_other_and_in_line_and_no_arrow_crosses_a_title(
    direction: str, page: Page, tmp_path: Path
) -> None:
    for name in ("monorepo", "python-web", "nodejs", "selectors", "mounts-and-link", "cross-compile"):
        found = sample(name)
        opened(page, found, tmp_path, steps=True, direction=direction)
        shown = page.evaluate(_FRAMES)
        assert shown["faults"] == [], name
        assert len(shown["frames"]) > 1
        for frame in shown["frames"]:
            assert len({round(step["width"]) for step in frame["steps"]}) == 1, frame
            assert name == "mounts-and-link" or _is_straight(frame["steps"], direction), frame


def _is_straight(boxes: list[dict[str, float]], direction: str) -> bool:
    """Whether the centres of the boxes are in one column, or in one row across the page."""
    at, size = ("x", "width") if direction in ("TB", "BT") else ("y", "height")
    middles = [box[at] + box[size] / 2 for box in boxes]
    return max(middles) - min(middles) < 1.5


@pytest.mark.parametrize("steps", [False, True])
def test_the_critical_path_is_a_double_line_with_numbers(steps: bool, page: Page, tmp_path: Path) -> None:
    opened(page, sample("nodejs"), tmp_path, critical_path=True, steps=steps)
    for part in (".edge", ".node"):
        marked = page.locator(f"{part}.critical")
        assert marked.count() > 1
        assert page.locator(f"{part}.critical:has(.path):has(.core)").count() == marked.count()
        assert page.locator(f"{part}:not(.critical) .path").count() == 0
    places = page.locator(".ordinal text").all_text_contents()
    assert sorted(map(int, places)) == list(range(1, page.locator(".node.critical").count() + 1))


def test_every_script_stays_in_its_box(page: Page, tmp_path: Path) -> None:
    opened(page, report(SCRIPTS), tmp_path)
    assert page.evaluate(_OUTSIDE) == []
    assert page.evaluate(_OVERLAPS) == []
    names = replace(report(SCRIPTS), nodes=tuple(map(_in_bengali, report(SCRIPTS).nodes)))
    opened(page, names, tmp_path)
    assert page.evaluate(_OUTSIDE) == []


def _in_bengali(node: sg.Node) -> sg.Node:
    return replace(node, label="নির্মাণ-পর্যায় 构建阶段 🐳")


def test_text_is_as_wide_as_it_was_measured_whatever_the_font(page: Page, tmp_path: Path) -> None:
    """The browser fits another font into the width of Arial."""
    opened(page, sample("python-web"), tmp_path)
    for family in ("monospace", "serif", "sans-serif"):
        page.evaluate(
            "(rule) => document.querySelector('style').textContent += rule", f"text{{font-family:{family}}}"
        )
        assert page.evaluate(_OUTSIDE) == [], family


def test_text_can_be_selected(page: Page, tmp_path: Path) -> None:
    opened(page, sample("nodejs"), tmp_path)
    page.locator("text", has_text="builder").dblclick()
    assert page.evaluate("getSelection().toString()").strip() == "builder"


def test_hostile_texts_are_shown_and_run_nothing(page: Page, tmp_path: Path) -> None:
    requests: list[str] = []
    faults: list[str] = []
    page.on("dialog", lambda dialog: faults.append(dialog.message))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    opened(page, _hostile(), tmp_path, all=True, legend=True, title=HOSTILE[1])
    assert page.evaluate("document.querySelectorAll('script,[onload],[onmouseover],image,use').length") == 0
    assert page.evaluate("document.documentElement.nodeName") == "svg"
    shown = page.evaluate(
        "[...document.querySelectorAll('text')].map((text) => text.textContent).join('\\n')"
    )
    assert [text for text in HOSTILE if text.isascii() and text.isprintable() and text not in shown] == []
    assert faults == []
    assert requests == [(tmp_path / "build.svg").as_uri()]


def _hostile() -> sg.Report:
    """A report in which every text is one that could do harm."""
    found = report("FROM scratch\n" + "FROM alpine\nCOPY a /b\n" * len(HOSTILE))
    texts = dict(zip((node.id for node in found.nodes if node.index), HOSTILE, strict=True))
    nodes = tuple(
        replace(node, label=texts.get(node.id, node.label), description=texts.get(node.id, ""))
        for node in found.nodes
    )
    edges = tuple(
        replace(edge, paths=(texts[edge.target],), destination=texts[edge.target]) if edge.paths else edge
        for edge in found.edges
    )
    return replace(found, nodes=nodes, edges=edges, source=HOSTILE[1])


@pytest.mark.parametrize("name", ["svg", "dot", "mermaid"])
def test_hostile_texts_give_valid_unicode(name: str) -> None:
    data = sg.render(_hostile(), name, sg.View(title="\ud800\x00"))
    assert "\x00" not in data.decode()
    if name == "svg":
        ElementTree.fromstring(data)
