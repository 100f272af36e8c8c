"""The HTML page of a build graph, in a real browser: what it shows, how it is used, what it never does."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser

import stagegraph as sg
from stagegraph.formats.html import assembly
from stagegraph.picture.theme import DARK, LIGHT, Palette

from .browser import Pages
from .build import report
from .conftest import ROOT
from .tools import program

SCRIPTS = sorted((ROOT / "stagegraph/formats/html").glob("*.js"))
SAMPLE = """
    FROM golang AS build
    COPY . .
    RUN --mount=from=tools,target=/t make
    FROM alpine AS tools
    FROM alpine AS docs
    FROM alpine
    COPY --from=build /out/app /usr/bin/app
"""
CANARY = "window.canary = 1"
HOSTILE = (
    f"</script><script>{CANARY}</script><!--<script>",
    f'"><img src=x onerror="{CANARY}">',
    f"<svg/onload={CANARY}>&lt;b&gt;{{{{script}}}}",
    "a\u202etxt.exe\u2066\u200f\x07\x1b[31m\ufeff",
    "javascript:window.canary=1",
)


def html(text: str = SAMPLE, **view: object) -> bytes:
    return sg.render(report(text), "html", sg.View(**view))  # type: ignore[arg-type]


def test_a_page_opens_from_a_file_and_fetches_nothing(pages: Pages) -> None:
    opened = pages.open(html())
    assert opened.errors == []
    assert [url[:5] for url in opened.requests if not url.startswith("data:")] == ["file:"]
    assert "build" in (opened.page.text_content("svg.drawing") or "")


@pytest.mark.parametrize("sample", ["monorepo", "selectors", "mounts-and-link", "windows", "heredocs"])
def test_samples_open_without_errors(sample: str, pages: Pages) -> None:
    found = sg.analyse(sg.read(ROOT / "samples" / sample))
    for view in (sg.View(), sg.View(steps=True)):
        opened = pages.open(sg.render(found, "html", view))
        assert opened.errors == []
        assert opened.page.locator("g.node[role=button]").count() > 1


def test_the_panel_tells_the_story_until_something_is_chosen(pages: Pages) -> None:
    opened = pages.open(html())
    told = opened.panel()
    for words in ("IN THE IMAGE", "/out/app → /usr/bin/app", "LEFT BEHIND", "NOT NEEDED", "docs"):
        assert words in told


def test_a_click_chooses_a_node_and_tells_all_of_it(pages: Pages) -> None:
    opened = pages.open(html())
    opened.click_node("build")
    told = opened.panel()
    for words in ("partly in the image", "lines 2–4", "golang", "COPY /out/app", "RUN --mount", "line 8"):
        assert words in told
    assert opened.state("document.querySelector('.chosen').getAttribute('aria-pressed')") == "true"
    opened.click_node("build")
    assert "IN THE IMAGE" in opened.panel()


def test_keys_reach_choose_and_leave_a_node(pages: Pages) -> None:
    opened = pages.open(html())
    opened.page.locator("g.node[tabindex='0']").focus()
    first = opened.state("document.activeElement.id")
    opened.page.keyboard.press("ArrowDown")
    assert opened.state("document.activeElement.id") != first
    assert opened.page.locator("g.node[tabindex='0']").count() == 1
    opened.page.keyboard.press("Enter")
    chosen = opened.state("document.querySelector('.chosen').id")
    assert chosen == opened.state("document.activeElement.id")
    opened.page.keyboard.press("Escape")
    assert opened.page.locator(".chosen").count() == 0


def test_pointing_at_a_node_shows_its_way_to_the_target(pages: Pages) -> None:
    opened = pages.open(html())
    opened.page.locator("g.node", has_text="tools").first.hover()
    on = opened.page.locator("g.node.on text").all_text_contents()
    assert {"tools", "build", "stage-3"} <= set(on)
    assert not {"docs", "golang"} & set(on)


def test_each_line_links_to_the_dockerfile(pages: Pages) -> None:
    opened = pages.open(html(link_base="https://example.org/Dockerfile"))
    opened.click_node("build")
    links = opened.page.locator("#panel a").evaluate_all("links => links.map(link => link.href)")
    assert "https://example.org/Dockerfile#L8" in links


def test_the_address_keeps_what_is_chosen(pages: Pages) -> None:
    opened = pages.open(html(), address="#node%3Astage%3A0")
    assert opened.page.inner_text("#panel h2") == "build"
    assert pages.open(html(), address="#%E0%A4%A").errors == []


def test_search_finds_by_name_path_and_step(pages: Pages) -> None:
    opened = pages.open(html())
    for words, name in (("docs", "docs"), ("/usr/bin/app", "stage-3"), ("run make", "build")):
        opened.page.fill("#search", words)
        assert name in opened.page.locator("g.node.match text").all_text_contents()
        assert "golang" not in opened.page.locator("g.node.match text").all_text_contents()
    opened.page.fill("#search", "tools")
    opened.page.keyboard.press("Enter")
    assert opened.page.inner_text("#panel h2") == "tools"
    opened.page.keyboard.press("Escape")
    assert opened.page.locator(".searching").count() == 0


def test_zooming_and_moving_change_what_is_seen(pages: Pages) -> None:
    opened = pages.open(html())
    seen = "document.querySelector('.drawing').getAttribute('viewBox')"
    before = opened.state(seen)
    opened.page.keyboard.press("+")
    enlarged = opened.state(seen)
    opened.page.mouse.move(60, 500)
    opened.page.mouse.down()
    opened.page.mouse.move(200, 400)
    opened.page.mouse.up()
    moved = opened.state(seen)
    opened.page.mouse.wheel(0, 300)
    opened.wait_until(f"{seen} !== '{moved}'")
    opened.page.keyboard.press("0")
    assert len({before, enlarged, moved}) == 3
    assert opened.state(seen) == before


@pytest.mark.parametrize("dark", [False, True])
def test_the_theme_follows_the_system_and_can_be_changed(dark: bool, pages: Pages) -> None:
    opened = pages.open(html(), dark=dark)
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    systems = opened.state(paper)
    opened.page.keyboard.press("t")
    other = opened.state(paper)
    opened.page.click("#theme")
    assert systems == opened.state(paper) != other
    assert (systems == "rgb(13, 17, 23)") is dark


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_stands_out_from_its_ground(dark: bool, pages: Pages) -> None:
    opened = pages.open(sg.render(sg.analyse(sg.read(ROOT / "samples/monorepo")), "html"), dark=dark)
    weak = {text: ratio for text, ratio in opened.contrasts().items() if ratio < 4.5}
    opened.click_node("gateway")
    weak |= {text: ratio for text, ratio in opened.contrasts().items() if ratio < 4.5}
    assert weak == {}


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_names_stand_out_from_their_boxes(palette: Palette) -> None:
    for look in palette.styles.values():
        assert contrast(look.text, look.fill) >= 4.5, look


def contrast(first: str, second: str) -> float:
    def light(colour: str) -> float:
        values = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        parts = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((light(first), light(second)))
    return (high + 0.05) / (low + 0.05)


def test_a_narrow_page_does_not_scroll_sideways(pages: Pages) -> None:
    found = sg.analyse(sg.read(ROOT / "samples/monorepo"))
    opened = pages.open(sg.render(found, "html"), width=400)
    opened.click_node("release")
    assert opened.state("document.documentElement.scrollWidth") == 400
    assert opened.page.locator("#panel h2").is_visible()


def test_shortcuts_are_shown_and_the_dialog_closes(pages: Pages) -> None:
    opened = pages.open(html())
    opened.page.keyboard.press("?")
    assert "Fit everything in view" in opened.page.inner_text("dialog")
    opened.page.keyboard.press("Escape")
    assert not opened.page.locator("dialog").is_visible()


def test_every_control_has_a_name(pages: Pages) -> None:
    opened = pages.open(html())
    tree = opened.page.locator("body").aria_snapshot()
    assert re.findall(r"- (?:button|textbox|searchbox|link)(?: \[[^\]]*\])*:?$", tree, re.MULTILINE) == []


def test_hostile_names_are_shown_and_never_run(pages: Pages) -> None:
    copies = "".join(f"COPY --from=a {text.replace(' ', '')} /x{n}\n" for n, text in enumerate(HOSTILE))
    runs = "".join(f"RUN echo {text}\n" for text in HOSTILE)
    text = f"FROM alpine AS a\n{runs}FROM scratch\n{copies}"
    for view in ({}, {"steps": True}, {"title": HOSTILE[0]}):
        opened = pages.open(html(text, **view))
        for node in opened.page.locator("g.node").all():
            node.dispatch_event("click")
        opened.page.fill("#search", "onerror")
        assert opened.errors == []
        assert opened.state("window.canary") is None
        assert opened.page.locator("script:not([type])").count() == 1
        assert opened.page.locator("img").count() == 0
        assert "\u202e" not in opened.page.content()


def test_the_policy_stops_a_script_that_is_put_into_the_page(pages: Pages) -> None:
    changed = html().replace(b"</header>", f"</header><script>{CANARY}</script>".encode())
    opened = pages.open(changed)
    assert opened.state("window.canary") is None
    assert any("policy: script-src" in error for error in opened.errors)


def test_data_has_no_markup_and_no_control_characters() -> None:
    shown = assembly.as_data({"a<b": [HOSTILE, {"x": 1, "y": None}]})
    assert not set("<>&\x07\x1b\u202e\ufeff") & set(shown)


def test_a_page_needs_no_script_to_show_the_graph(browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_content(html().decode())
    assert "stage-3" in (page.text_content("svg.drawing") or "")
    context.close()


def test_the_same_report_gives_the_same_bytes() -> None:
    assert html() == html()


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])
def test_scripts_are_short_and_node_reads_them(script: Path) -> None:
    subprocess.run([program("node"), "--check", str(script)], check=True, capture_output=True, timeout=60)
    text = script.read_text("utf-8")
    assert text.startswith("// ")
    assert text.count("\n") < 200
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(", text)


def test_what_came_through_a_long_chain_names_its_beginning_and_its_end(pages: Pages) -> None:
    lines = [f"FROM alpine AS s{n}\nCOPY --from=s{n - 1} /a /a\n" for n in range(1, 40)]
    opened = pages.open(html("FROM alpine AS s0\nCOPY a /a\n" + "".join(lines)))
    assert "via s0, s1, s2, s3, s4, s5, 32 more, s38" in opened.panel()


def test_a_dense_graph_has_a_group_of_the_nodes_that_are_not_drawn(pages: Pages) -> None:
    copies = ("".join(f"COPY --from=s{other} /a /{other}\n" for other in range(stage)) for stage in range(60))
    text = "".join(f"FROM alpine AS s{stage}\n{lines}" for stage, lines in enumerate(copies))
    opened = pages.open(html(text))
    grouped = re.search(r"(\d+) nodes are drawn as one box", opened.page.inner_text(".legend"))
    assert grouped
    opened.click_node(f"{grouped[1]} more")
    assert f"{grouped[1]} NODES" in opened.panel()


def test_a_box_that_stands_for_many_lists_them_and_each_can_be_chosen(pages: Pages) -> None:
    services = "".join(f"FROM base AS svc{n}\nRUN make {n}\n" for n in range(90))
    spare = "".join(f"FROM base AS spare{n}\nRUN make {n}\n" for n in range(10))
    copies = "".join(f"COPY --from=svc{n} /svc{n} /\n" for n in range(90))
    opened = pages.open(html(f"FROM golang AS base\nRUN true\n{services}{spare}FROM scratch\n{copies}"))
    assert opened.page.locator("g.node").count() < 10
    for name, count in (("89 × svc", 89), ("10 × spare", 10)):
        opened.click_node(name)
        assert f"{count} NODES" in opened.panel()
    opened.page.click("#panel button:text-is('spare7')")
    assert opened.page.inner_text("#panel h2") == "spare7"
    assert "not needed" in (opened.page.locator("g.node.chosen").text_content() or "")
