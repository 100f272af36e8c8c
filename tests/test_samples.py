"""The samples: their pictures are what stagegraph makes of them today."""

from __future__ import annotations

import html
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser

import stagegraph as sg
from stagegraph.formats.text import render as text_report

from .conftest import ROOT
from .mermaid_parser import THEMES, VERSIONS, Drawer, parse_errors

SAMPLES = sorted(path.parent for path in (ROOT / "samples").glob("*/Dockerfile"))
NAMES = [path.name for path in SAMPLES]


def report_of(sample: Path) -> sg.Report:
    """The report of a sample, its source called as from the root of the project."""
    source = sg.Source(
        name=f"samples/{sample.name}/Dockerfile", text=(sample / "Dockerfile").read_text("utf-8")
    )
    return sg.analyse(sg.read(source))


def test_there_are_at_least_eight_samples() -> None:
    assert len(SAMPLES) >= 8


@pytest.mark.parametrize("sample", SAMPLES, ids=NAMES)
def test_svg_is_the_one_beside_the_sample(sample: Path, golden: Callable[[Path, bytes], None]) -> None:
    golden(sample / "build.svg", sg.render(report_of(sample), "svg"))


@pytest.mark.parametrize("sample", SAMPLES, ids=NAMES)
def test_mermaid_is_the_one_beside_the_sample(sample: Path, golden: Callable[[Path, bytes], None]) -> None:
    golden(sample / "build.mmd", sg.render(report_of(sample), "mermaid"))


@pytest.mark.parametrize("sample", SAMPLES, ids=NAMES)
def test_report_is_the_one_beside_the_sample(sample: Path, golden: Callable[[Path, bytes], None]) -> None:
    report = report_of(sample)
    golden(sample / "report.txt", text_report(report, colour=False, width=100).encode())
    golden(sample / "report.md", sg.render(report, "markdown"))


def test_both_mermaids_parse_every_view_of_every_sample() -> None:
    views = {
        "plain": sg.View(),
        "steps": sg.View(steps=True),
        "path": sg.View(critical_path=True, direction="LR"),
    }
    diagrams = {
        f"{sample.name} {name}": sg.render(report_of(sample), "mermaid", view).decode()
        for sample in SAMPLES
        for name, view in views.items()
    }
    assert parse_errors(diagrams) == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sample", SAMPLES, ids=NAMES)
def test_mermaid_draws_every_text_to_be_read(sample: Path, theme: str, drawer: Drawer) -> None:
    report = report_of(sample)
    text = sg.render(report, "mermaid", sg.View(all=True)).decode()
    for version in VERSIONS:
        svg = html.unescape(drawer.draw(text, version, theme))
        assert [node.label for node in report.nodes if node.index is not None and node.label not in svg] == []
    for view in (sg.View(), sg.View(steps=True), sg.View(direction="LR", critical_path=True)):
        assert drawer.faults(sg.render(report, "mermaid", view).decode(), "11", theme) == []


@pytest.mark.parametrize("sample", SAMPLES, ids=NAMES)
def test_chromium_opens_the_svg(sample: Path, browser: Browser) -> None:
    page = browser.new_page()
    page.goto((sample / "build.svg").as_uri())
    shown = page.evaluate("[...document.querySelectorAll('text')].map((text) => text.textContent)")
    page.close()
    assert [
        n.label for n in report_of(sample).nodes if n.role is sg.Role.TARGET and n.label not in shown
    ] == []


@pytest.mark.parametrize("sample", SAMPLES, ids=NAMES)
def test_every_stage_stands_in_every_format(sample: Path) -> None:
    report = report_of(sample)
    for name in ("svg", "html", "mermaid", "dot", "json", "text", "markdown"):
        text = sg.render(report, name, sg.View(all=True)).decode()
        missing = [node.label for node in report.nodes if node.index is not None and node.label not in text]
        assert missing == [], name


def test_the_node_image_holds_alpine_and_dist_and_no_build_tools() -> None:
    report = report_of(ROOT / "samples" / "nodejs")
    labels = {node.id: node.label for node in report.nodes}
    ships = [(labels[item.node], item.path, item.destination) for item in report.shipped]
    assert ships == [("node:16-alpine", "", ""), ("builder", "/app/dist", "./dist")]
    behind = [(labels[item.node], item.kept) for item in report.left_behind]
    assert behind == [("builder", ("/app/dist",)), ("node:16", ())]


def test_the_monorepo_has_forty_stages() -> None:
    stages = [node for node in report_of(ROOT / "samples" / "monorepo").nodes if node.index is not None]
    assert len(stages) == 40


def test_the_same_input_gives_the_same_bytes() -> None:
    report = report_of(ROOT / "samples" / "monorepo")
    for name in ("svg", "png", "html", "mermaid", "dot", "json", "text", "markdown"):
        assert sg.render(report, name) == sg.render(report_of(ROOT / "samples" / "monorepo"), name), name


def test_svg_of_a_sample_says_what_it_shows() -> None:
    root = ElementTree.fromstring(sg.render(report_of(ROOT / "samples" / "nodejs"), "svg"))
    namespace = {"svg": "http://www.w3.org/2000/svg"}
    title, description = root.find("svg:title", namespace), root.find("svg:desc", namespace)
    assert title is not None
    assert title.text == "samples/nodejs/Dockerfile: stage-1"
    assert description is not None
    assert description.text == (
        "Build graph with 2 stages, 2 of them needed. The image holds node:16-alpine, /app/dist of builder."
    )
    assert root.get("role") == "img"
