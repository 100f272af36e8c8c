"""The HTML page of a bake file, in a real browser: targets open and close."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

import stagegraph as sg
from stagegraph.formats.html.drawing import drawing
from stagegraph.formats.html.variants import drawing_named
from stagegraph.formats.report_sections import headline
from stagegraph.picture.detail import at_detail, only_targets, parts_of

from .browser import Opened, Pages
from .conftest import ROOT

FEW = sg.analyse(sg.read_request(str(ROOT / "samples/compose")))
MANY = sg.analyse(sg.read_request(str(ROOT / "samples/bake-monorepo")))


def frames(opened: Opened) -> list[str]:
    return opened.page.locator("svg.drawing .frame-name text").all_text_contents()


def wait_for_frames(opened: Opened, count: int) -> None:
    expect(opened.page.locator("svg.drawing .frame")).to_have_count(count)


def page(found: sg.Report, **view: object) -> bytes:
    return sg.render(found, "html", sg.View(**view))  # type: ignore[arg-type]


def test_a_target_is_opened_and_closed_by_its_button(pages: Pages) -> None:
    opened = pages.open(page(MANY))
    assert opened.errors == []
    assert frames(opened) == []
    opened.click_node("worker")
    assert "BAKE TARGET" in opened.panel().upper()
    opened.page.get_by_role("button", name="Draw its stages").click()
    wait_for_frames(opened, 1)
    assert "worker" in frames(opened)[0]
    assert "worker" in opened.page.inner_text("#panel h2")
    opened.page.get_by_role("button", name="Draw it as one box").click()
    wait_for_frames(opened, 0)
    assert opened.errors == []


def test_keys_open_and_close_the_selected_target_and_keep_the_focus(pages: Pages) -> None:
    opened = pages.open(page(FEW))
    wait_for_frames(opened, 3)
    opened.page.locator("#draw-targets").select_option("targets")
    wait_for_frames(opened, 0)
    opened.page.locator("g.node[tabindex='0']").focus()
    for key in ("ArrowDown", "ArrowUp"):
        opened.page.keyboard.press(key)
    opened.page.keyboard.press("Enter")
    name = opened.page.inner_text("#panel h2")
    opened.page.keyboard.press("o")
    wait_for_frames(opened, 1)
    assert name in frames(opened)[0]
    assert opened.state("document.activeElement.classList.contains('frame')")
    opened.page.keyboard.press("o")
    wait_for_frames(opened, 0)
    assert opened.state("document.activeElement.classList.contains('node')")


def test_every_combination_of_few_targets_is_in_the_page(pages: Pages) -> None:
    opened = pages.open(page(FEW))
    for name, count in (("api", 2), ("worker", 1), ("base", 0), ("worker", 1)):
        opened.state(f"location.hash = 'target={name}'")
        expect(opened.page.locator("#panel h2")).to_have_text(name)
        opened.page.keyboard.press("o")
        wait_for_frames(opened, count)
    assert opened.page.locator("#draw-targets").input_value() == "some"


def test_a_double_click_opens_a_box_and_closes_a_frame(pages: Pages) -> None:
    opened = pages.open(page(MANY))
    opened.page.locator("g.node", has_text="worker").first.dblclick()
    wait_for_frames(opened, 1)
    opened.page.locator(".frame .shape").first.dblclick(position={"x": 4, "y": 4})
    wait_for_frames(opened, 0)


def test_a_link_to_a_stage_opens_its_target(pages: Pages) -> None:
    stage = next(node for node in MANY.nodes if node.label.startswith("web:"))
    opened = pages.open(page(MANY), address=f"#stage={stage.label}")
    wait_for_frames(opened, 1)
    assert opened.page.inner_text("#panel h2") == stage.label
    assert opened.page.locator(".node.chosen").count() == 1


def test_a_link_to_a_target_selects_it(pages: Pages) -> None:
    opened = pages.open(page(MANY), address="#target=web")
    assert opened.page.inner_text("#panel h2") == "web"
    assert opened.state("location.hash") == "#target=web"
    told = opened.panel()
    for words in ("Draw its stages", "READS", "/client", "gateway"):
        assert words in told


def test_search_finds_stages_of_closed_targets(pages: Pages) -> None:
    opened = pages.open(page(MANY))
    opened.page.fill("#search", "web:")
    assert opened.page.locator("g.node.match").count() >= 1
    assert "not drawn" not in (opened.page.text_content("#matches") or "")


def test_arrows_tell_the_instructions_between_closed_targets(pages: Pages) -> None:
    opened = pages.open(page(MANY))
    tips = opened.page.locator("g.edge[role=button]").evaluate_all(
        "edges => edges.map(edge => edge.getAttribute('aria-label'))"
    )
    assert any("COPY /client → ./client, line 5" in tip for tip in tips)
    assert not any("Several edges" in tip for tip in tips)


@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("dark", [False, True])
def test_the_switch_is_there_on_every_screen(width: int, dark: bool, pages: Pages) -> None:
    opened = pages.open(page(MANY), width=width, dark=dark)
    opened.page.locator("#draw-targets").select_option("stages")
    wait_for_frames(opened, len(parts_of(MANY)))
    assert opened.errors == []
    assert opened.state("document.documentElement.scrollWidth <= innerWidth")


def test_a_page_of_a_dockerfile_has_no_switch_for_targets(pages: Pages) -> None:
    opened = pages.open(page(sg.analyse(sg.read(ROOT / "samples/monorepo"))))
    assert opened.page.locator("#draw-targets").count() == 0


def test_opened_parts_keep_all_of_their_stages_and_what_these_read() -> None:
    parts = parts_of(MANY)
    for part in parts:
        report = only_targets(MANY, (part,))
        own = {node.id for node in MANY.nodes if node.index is not None and node.part == part}
        assert own <= {node.id for node in report.nodes}
        inside = [(edge.source, edge.target) for edge in MANY.edges if edge.target in own]
        ids = {node.id for node in report.nodes}
        assert all(target in ids for _, target in inside)
        drawn = [edge for edge in report.edges if edge.target in own]
        assert len(drawn) >= len(inside)
        assert all(edge.source in ids and edge.target in ids for edge in report.edges)
    assert at_detail(MANY, sg.View(detail="targets", opened=parts)) is MANY


def test_only_names_of_drawings_are_answered() -> None:
    for name in (
        "default.labels.stages.TB",
        "default.labels.stages.TB.99",
        "default.labels.stages.TB.x",
        "TB",
    ):
        assert drawing_named(MANY, sg.View(), name) is None
    shown = drawing_named(MANY, sg.View(), "default.labels.stages.TB.targets")
    assert shown == drawing(MANY, sg.View(direction="TB", detail="targets")).text
    alone = sg.analyse(sg.read(ROOT / "samples/monorepo"))
    assert drawing_named(alone, sg.View(), "default.labels.stages.TB.targets") is None


def test_a_closed_target_counts_the_steps_of_its_own_stages_only() -> None:
    closed = {node.label: node.steps for node in only_targets(MANY).nodes if node.bake_targets}
    own = {
        node.label: sum(one.steps for one in MANY.nodes if one.part == node.label and one.needed)
        for node in only_targets(MANY).nodes
        if node.bake_targets
    }
    assert closed == own
    assert closed["web"] == 7


def monorepo(folder: Path, count: int) -> sg.Report:
    """A base, and services that are FROM it; two of three also copy from the one before."""
    bake = ['target "base" { dockerfile-inline = "FROM alpine:3" }']
    for number in range(count):
        name, before = f"service-{number}", f"service-{number - 1}" if number % 3 else ""
        copy = f"COPY --from={before} /app /before\n" if before else ""
        (folder / name).mkdir()
        (folder / name / "Dockerfile").write_text(
            "FROM base AS deps\nRUN fetch\nFROM deps AS sources\nCOPY . .\nFROM sources AS build\nRUN make\n"
            f"FROM build AS test\nRUN make test\nFROM scratch\nCOPY --from=build /app /app\n{copy}"
        )
        linked = "".join(f'{one} = "target:{one}", ' for one in ("base", before) if one)
        bake.append(f'target "{name}" {{\n context = "{name}"\n contexts = {{ {linked} }}\n}}')
    names = ", ".join(f'"service-{number}"' for number in range(count))
    bake.append(f"group default {{ targets = [{names}] }}")
    (folder / "docker-bake.hcl").write_text("\n".join(bake))
    return sg.analyse(sg.read_request(str(folder), environment={}))


def test_each_of_forty_targets_can_be_opened_in_a_page_from_a_file(pages: Pages, tmp_path: Path) -> None:
    html = page(monorepo(tmp_path, 40))
    opened = pages.open(html, address="#open=service-17")
    wait_for_frames(opened, 1)
    boxes = opened.page.locator("svg.drawing g.node")
    assert "service-16" in " ".join(boxes.all_text_contents())
    legend = opened.page.text_content(".legend-content") or ""
    assert "38 targets without an edge to the open one are left out; close it to draw all" in legend
    names = json.loads(re.findall(rb'"names":({[^}]*})', html)[0])
    alone = {name.rpartition(".")[2] for name in names}
    assert alone >= {str(number) for number in range(41)}
    assert opened.errors == []


def test_what_is_near_an_open_target_is_what_it_reads_and_what_reads_it(tmp_path: Path) -> None:
    report = monorepo(tmp_path, 12)
    near = at_detail(report, sg.View(detail="targets", opened=("service-1",), near=True))
    closed = {node.label for node in near.nodes if node.bake_targets and node.index is None}
    assert closed == {"base", "service-0", "service-2"}
    assert {edge.source for edge in near.edges} | {edge.target for edge in near.edges} <= {
        node.id for node in near.nodes
    }
    assert near.notes[-1].startswith("9 targets without an edge")
    assert at_detail(near, sg.View(opened=("service-1",), near=True)) == near


def test_the_targets_of_a_small_page_are_drawn_with_all_others(pages: Pages, tmp_path: Path) -> None:
    opened = pages.open(page(monorepo(tmp_path, 7)), address="#open=service-1")
    wait_for_frames(opened, 1)
    assert "left out; close it" not in (opened.page.text_content(".legend-content") or "")


def test_a_page_and_a_report_count_many_targets_instead_of_listing_them(pages: Pages, tmp_path: Path) -> None:
    report = monorepo(tmp_path, 14)
    opened = pages.open(page(report))
    assert "14 targets on linux/amd64" in opened.page.inner_text("header")
    assert headline(report).endswith("docker-bake.hcl: 14 targets on linux/amd64")
    assert "14" not in headline(MANY)


def test_lines_link_to_the_dockerfile_of_each_target(pages: Pages, tmp_path: Path) -> None:
    opened = pages.open(
        page(monorepo(tmp_path, 4), link_base="https://e.org/main"), address="#target=service-1"
    )
    assert opened.page.locator("#panel a.line").count() == 0  # not below the current directory
    with contextlib.chdir(tmp_path):
        report = sg.analyse(sg.read_request("docker-bake.hcl", environment={}))
    opened = pages.open(page(report, link_base="https://e.org/main"), address="#target=service-1")
    links = opened.page.locator("#panel a.line").evaluate_all("all => all.map(one => one.href)")
    assert links[0] == "https://e.org/main/service-1/Dockerfile#L9"
    assert "https://e.org/main/service-2/Dockerfile#L11" in links
    assert opened.errors == []
