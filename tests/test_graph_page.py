"""The page of a graph in a real browser: switches, edges, groups, search, links to a stage."""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode

import pytest
from playwright.sync_api import Locator

import stagegraph as sg
from stagegraph.formats.html.drawing import Change, Drawing, drawing
from stagegraph.formats.html.variants import DETAILS, other_drawings, variant_named

from .browser import Opened, Pages
from .build import report
from .shapes import WRITTEN
from .test_html import HOSTILE, SAMPLE, html

SERVICES = 90


def many_services() -> str:
    services = "".join(f"FROM base AS svc{n}\nRUN make {n}\n" for n in range(SERVICES))
    copies = "".join(f"COPY --from=svc{n} /svc{n} /\n" for n in range(SERVICES))
    spare = "FROM alpine AS spare\nRUN true\n"
    return f"FROM golang AS base\nRUN true\n{services}{spare}FROM scratch\n{copies}"


def group(opened: Opened) -> Locator:
    return opened.page.locator("g.node[aria-label*='nodes drawn as one']").first


def test_a_box_that_stands_for_many_lists_them_and_opens(pages: Pages) -> None:
    opened = pages.open(html(many_services()))
    assert opened.page.locator("g.node").count() < 10
    group(opened).click()
    assert re.search(r"8\d NODES", opened.panel())
    assert "partly in the image · Base base" in opened.panel()
    opened.page.click("#panel button:text-is('Draw each of them')")
    opened.page.locator("g.node", has_text="svc57").wait_for()
    assert opened.page.locator("g.node").count() > SERVICES
    assert opened.page.input_value("#draw-detail") == "all"
    chosen = opened.page.locator("g.node.chosen")
    assert "svc" in (chosen.text_content() or "")
    assert shown_text(opened, "g.node.chosen") >= 12
    assert opened.errors == []


def shown_text(opened: Opened, selector: str) -> float:
    """The size on the screen of the smallest text of an element, in pixels."""
    sizes = opened.page.locator(selector).first.evaluate(
        "each => [...each.querySelectorAll('text')].map(text => "
        "parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a)"
    )
    return float(min(sizes))


def is_in_view(opened: Opened, selector: str) -> bool:
    """Whether the middle of an element is in the canvas, and not below the panel."""
    return bool(
        opened.page.locator(selector).first.evaluate(
            "each => { const box = each.getBoundingClientRect(); const at = document.elementFromPoint("
            "box.left + box.width / 2, box.top + box.height / 2); return each.contains(at); }"
        )
    )


MOBY = "".join(
    f"FROM alpine AS s{n}\nCOPY --from={f's{n - 1}' if n else 'golang'} /a/{n} /a\n"
    f"FROM alpine AS t{n}\nCOPY --from=s{n} /b/{n} /b\n"
    for n in range(40)
)


@pytest.mark.parametrize("width", [390, 1400])
def test_search_shows_each_result_at_a_legible_size(width: int, pages: Pages) -> None:
    opened = pages.open(html(MOBY, all=True), width=width)
    opened.page.fill("#search", "t1")
    assert shown_text(opened, "g.node.match") >= 12
    assert is_in_view(opened, "g.node.match")
    names = []
    for keys in ("Enter", "Enter", "Enter", "Shift+Enter"):
        opened.page.keyboard.press(keys)
        names.append(opened.page.inner_text("#panel h2"))
        assert shown_text(opened, "g.node.chosen") >= 12
        assert is_in_view(opened, "g.node.chosen")
    assert names[0] != names[1] != names[2]
    assert names[3] == names[1]
    assert re.match("2 of ", opened.page.inner_text("#matches"))


def test_shift_enter_begins_with_the_last_result(pages: Pages) -> None:
    opened = pages.open(html())
    opened.page.fill("#search", "alpine")
    opened.page.keyboard.press("Shift+Enter")
    assert re.match(r"(\d+) of \1 results", opened.page.inner_text("#matches"))


def test_search_keeps_the_path_of_the_chosen_node(pages: Pages) -> None:
    opened = pages.open(html(all=True))
    opened.click_node("tools")
    opened.page.fill("#search", "docs")
    dim = opened.page.locator("g.node.dim text").all_text_contents()
    assert not {"tools", "build", "stage-3", "docs"} & set(dim)
    assert "golang" in dim


def test_choosing_lights_what_is_before_and_after(pages: Pages) -> None:
    opened = pages.open(
        html("FROM a AS one\nFROM one AS two\nFROM two AS three\nFROM b AS four\nFROM three\n")
    )
    opened.click_node("two")
    on = opened.page.locator("g.node.on text").all_text_contents()
    assert {"one", "two", "three", "stage-4"} <= set(on)
    assert "four" not in on
    assert opened.page.locator("g.edge.on").count() == opened.page.locator("g.edge:not(.dim)").count() >= 3


def test_choosing_a_stage_that_is_not_needed_lights_its_edges(pages: Pages) -> None:
    opened = pages.open(html("FROM a AS one\nRUN x\nFROM one AS spare\nRUN y\nFROM one\nRUN z\n", all=True))
    opened.click_node("spare")
    assert opened.page.locator("g.edge.unneeded.on").count() == 1
    on = opened.page.locator("g.node.on text").all_text_contents()
    assert {"one", "spare"} <= set(on)
    assert "stage-2" not in on


_READABLE = """
() => {
  const number = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const over = (top, under, opacity) => top.map((value, at) => value * opacity + under[at] * (1 - opacity));
  const part = (value) => (value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([red, green, blue]) => 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue);
  const paper = number(getComputedStyle(document.documentElement).backgroundColor);
  return [...document.querySelectorAll("g.node")].map((node) => {
    const [shape, text] = [".shape", "text"].map((name) => getComputedStyle(node.querySelector(name)));
    const opacity = Number(getComputedStyle(node).opacity);
    const ground = over(number(shape.fill), paper, Number(shape.fillOpacity) * opacity);
    const inBox = over(number(shape.fill), paper, Number(shape.fillOpacity));
    const letters = over(over(number(text.fill), inBox, 1), paper, opacity);
    const [a, b] = [light(ground), light(letters)].sort((x, y) => x - y);
    const dim = node.classList.contains("dim");
    return { name: node.textContent, dim, opacity, ratio: (b + 0.05) / (a + 0.05) };
  });
}
"""


@pytest.mark.parametrize("dark", [False, True])
def test_every_name_is_readable_while_others_are_highlighted(dark: bool, pages: Pages) -> None:
    opened = pages.open(html(all=True), dark=dark)
    opened.page.emulate_media(reduced_motion="reduce")
    opened.click_node("docs")
    boxes = opened.state(f"({_READABLE})()")
    dim = [box for box in boxes if box["dim"]]
    assert len(dim) >= 4
    assert any("stage-3" in box["name"] for box in dim)  # the target, which has white text
    assert all(box["opacity"] < 1 for box in dim)
    assert [box for box in boxes if box["ratio"] < 4.5] == []


def test_reduced_motion_has_no_transition(pages: Pages) -> None:
    opened = pages.open(html())
    opened.page.emulate_media(reduced_motion="reduce")
    assert opened.state("getComputedStyle(document.querySelector('g.node')).transitionDuration") == "0s"


SWITCHED: list[tuple[str, dict[str, object]]] = [
    ("#draw-labels", {"labels": False}),
    ("#draw-steps", {"steps": True, "labels": False}),
    ("#draw-direction", {"steps": True, "labels": False, "direction": "LR"}),
    ("#draw-steps", {"labels": False, "direction": "LR"}),
]


def test_switches_show_the_drawings_of_the_program(pages: Pages) -> None:
    opened = pages.open(html())
    for button, view in SWITCHED:
        opened.page.click(button)
        wait_for_drawing(opened, sg.View(**{"direction": "TB", **view}))  # type: ignore[arg-type]
    opened.page.select_option("#draw-detail", "needed")
    wait_for_drawing(opened, sg.View(direction="LR", labels=False, prune=True))
    assert "not needed" not in opened.page.inner_text(".legend ul")
    opened.page.keyboard.press("d")
    wait_for_drawing(opened, sg.View(labels=False, prune=True, direction="TB"))
    assert opened.errors == []


def wait_for_drawing(opened: Opened, view: sg.View) -> None:
    """Wait until the page shows what the program draws of the sample with ``view``."""
    svg = drawing(report(SAMPLE), view).svg
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    state = "[...document.querySelectorAll('svg.drawing text')].map(text => text.textContent)"
    opened.wait_until(f"JSON.stringify({state}) === JSON.stringify({json.dumps(texts)})")


def viewable(opened: Opened) -> set[str]:
    return set(opened.page.locator("svg.drawing text").all_text_contents())


def test_switching_keeps_the_selection_and_back_is_the_same(pages: Pages) -> None:
    opened = pages.open(html())
    opened.click_node("build")
    opened.page.mouse.move(5, 5)
    before = viewable(opened)
    opened.page.keyboard.press("s")
    opened.page.locator("g.frame.chosen").wait_for(state="attached")
    assert opened.page.inner_text("#panel h2") == "build"
    assert opened.page.locator("g.node.step.on").count() > 0
    opened.page.keyboard.press("s")
    opened.page.locator("g.node.chosen").wait_for()
    assert viewable(opened) == before


def test_a_switch_that_changes_nothing_says_so(pages: Pages) -> None:
    opened = pages.open(html("FROM alpine\nRUN true\n"))
    assert opened.page.get_attribute("#draw-labels", "aria-disabled") == "true"
    assert "changes nothing" in (opened.page.get_attribute("#draw-labels", "title") or "")
    opened.page.click("#draw-labels", force=True)
    assert opened.page.get_attribute("#draw-labels", "aria-pressed") == "true"


def test_a_page_has_as_many_drawings_as_there_is_room_for() -> None:
    chain = "".join(
        f"FROM {f's{n - 1}' if n else 'alpine'} AS s{n}\nRUN make {n}\nCOPY a{n} b\n" for n in range(900)
    )
    page = html(chain)
    assert len(page) < 2_500_000
    data = json.loads(re.findall(rb'id="data">(.*?)</script>', page, re.DOTALL)[0])
    assert 0 < len(data["drawings"]["names"]) < 24
    assert data["drawings"]["packed"][0] == ""


@pytest.mark.parametrize("hops", ["1", "2"])
def test_only_what_is_near_the_selection_is_shown(hops: str, pages: Pages) -> None:
    opened = pages.open(
        html(
            "".join(f"FROM {f's{n - 1}' if n else 'scratch'} AS s{n}\nRUN {n}\n" for n in range(9)), all=True
        )
    )
    opened.click_node("s4")
    opened.page.select_option("#hops", hops)
    near = {f"s{n}" for n in range(4 - int(hops), 5 + int(hops))}
    shown = {
        text for text in opened.page.locator("g.node:not(.away) text").all_text_contents() if text[0] == "s"
    }
    assert shown == near
    assert opened.page.locator("g.edge:visible").count() == 2 * int(hops)
    opened.page.select_option("#hops", "0")
    assert opened.page.locator("g.node.away").count() == 0


def test_an_edge_tells_the_instruction_and_line_that_make_it(pages: Pages) -> None:
    opened = pages.open(html())
    edge = opened.page.locator("g.edge[aria-label*='COPY /out']").first
    assert edge.get_attribute("aria-label") == "build → stage-3: COPY /out/app → /usr/bin/app, line 8"
    edge.locator(".hit").first.hover(force=True)
    assert opened.page.inner_text(".tip").split("\n") == [
        "build → stage-3",
        "COPY /out/app → /usr/bin/app, line 8",
    ]
    edge.dispatch_event("click")
    for words in ("build → stage-3", "COPY /out/app → /usr/bin/app line 8", "FROM", "TO"):
        assert words in opened.panel()
    assert "#edge" in opened.page.url
    again = pages.open(html(), address="#" + opened.page.url.partition("#")[2])
    assert again.page.locator("g.edge.chosen").count() == 1


def test_keys_go_to_edges_and_back(pages: Pages) -> None:
    opened = pages.open(html())
    opened.page.locator("g.node[tabindex='0']").focus()
    opened.page.keyboard.press("ArrowDown")
    opened.page.keyboard.press("e")
    assert opened.state("document.activeElement.classList.contains('edge')")
    assert opened.page.locator(".tip").is_visible()
    first = opened.state("document.activeElement.id")
    opened.page.keyboard.press("Enter")
    assert opened.page.locator("g.edge.chosen").get_attribute("id") == first
    opened.page.keyboard.press("ArrowDown")
    assert opened.state("document.activeElement.classList.contains('node')")
    assert opened.errors == []


def test_edges_between_steps_tell_the_line(pages: Pages) -> None:
    opened = pages.open(html(steps=True))
    labels = opened.page.locator("g.edge").evaluate_all(
        "all => all.map(each => each.getAttribute('aria-label'))"
    )
    assert any("COPY /out/app → /usr/bin/app, line 8" in label for label in labels)
    assert all(re.search(r", lines? \d", label) for label in labels)


@pytest.mark.parametrize(
    ("address", "heading"),
    [("stage=build", "build"), ("stage=BUILD", "build"), ("stage=3", "stage-3"), ("stage=tools", "tools")],
)
def test_a_link_opens_at_its_stage(address: str, heading: str, pages: Pages) -> None:
    opened = pages.open(html(), address=f"#{address}")
    assert opened.page.inner_text("#panel h2") == heading
    assert shown_text(opened, "g.node.chosen") >= 12
    assert is_in_view(opened, "g.node.chosen")
    opened.state("location.hash = 'stage=docs'")
    opened.page.locator("#panel h2", has_text="docs").wait_for()


def test_the_address_names_the_chosen_stage(pages: Pages) -> None:
    opened = pages.open(
        html("FROM a AS same\nRUN x\nFROM b AS same\nRUN y\nFROM same AS x.y-1\nCOPY --from=0 /a /b\n")
    )
    for label, part in (("x.y-1", "#stage=x.y-1"),):
        opened.click_node(label)
        assert opened.page.url.endswith(part)
    for number, part in ((0, "#stage=0"), (1, "#stage=same")):
        opened.state(f"location.hash = 'stage={number}'")
        opened.wait_until(f"location.hash === '{part}'")
    for wrong in ("stage=none", "stage=", "stage=99", "panel", "%E0%A4%A"):
        assert "IN THE IMAGE" in pages.open(html(), address=f"#{wrong}").panel()


def test_a_thousand_stages_stay_fluent(pages: Pages) -> None:
    lines = (f"FROM s{n // 2} AS s{n}\nCOPY --from=s{n * 2 // 3} /a{n} /b\n" for n in range(1, 1000))
    text = "FROM scratch AS s0\nCOPY a b\n" + "".join(lines)
    opened = pages.open(html(text, all=True))
    took = opened.state(
        "(() => { const all = [...document.querySelectorAll('g.node')]; const begin = performance.now();"
        "for (const each of all.slice(0, 20))"
        "  each.dispatchEvent(new PointerEvent('pointerover', {bubbles: true}));"
        "return (performance.now() - begin) / 20; })()"
    )
    assert took < 50
    assert opened.errors == []


def test_a_result_that_is_not_drawn_can_be_drawn(pages: Pages) -> None:
    opened = pages.open(html(prune=True))
    opened.page.fill("#search", "docs")
    assert opened.page.inner_text("#matches") == "1 result, 1 not drawn"
    opened.page.keyboard.press("Enter")
    opened.page.click("#panel button:text-is('Draw it')")
    opened.page.locator("g.node.chosen", has_text="docs").wait_for()
    assert opened.page.inner_text("#matches") == "1 of 1 result"


def test_a_drawing_that_cannot_be_read_is_reported_and_the_old_one_stays(pages: Pages) -> None:
    opened = pages.open(html())
    before = viewable(opened)
    opened.state("delete window.DecompressionStream")
    opened.page.click("#draw-steps")
    opened.page.locator("#drawn", has_text="Not drawn").wait_for()
    assert opened.page.locator("#drawn").is_visible()
    assert opened.page.get_attribute("#draw-steps", "aria-pressed") == "false"
    assert viewable(opened) == before


@pytest.mark.parametrize("width", [390, 1400])
def test_everything_works_with_keys_alone(width: int, pages: Pages) -> None:
    opened = pages.open(html(), width=width)
    for _ in range(30):
        opened.page.keyboard.press("Tab")
        if opened.state("document.activeElement.id") == "draw-detail":
            break
    opened.page.keyboard.press("ArrowDown")
    assert opened.page.input_value("#draw-detail") == "needed"
    opened.page.keyboard.press("Tab")
    assert opened.state("document.activeElement.id") == "draw-labels"
    opened.page.keyboard.press("Tab")
    opened.page.keyboard.press("Enter")
    opened.page.locator("g.node.step").first.wait_for()
    opened.page.locator("g.node[tabindex='0'], g.frame[tabindex='0']").focus()
    opened.page.keyboard.press("Enter")
    opened.page.keyboard.press("h")
    assert opened.page.input_value("#hops") == "1"
    assert opened.page.locator(".away").count() > 0
    assert opened.state("document.documentElement.scrollWidth") == width
    assert opened.errors == []


def test_controls_have_names_for_screen_readers(pages: Pages) -> None:
    tree = pages.open(html()).page.locator(".switches").aria_snapshot()
    for name in (
        'combobox "Draw"',
        'button "Labels"',
        'button "Direction: downwards"',
        '"Around the selection"',
    ):
        assert name in tree


def test_hostile_names_in_other_drawings_are_never_run(pages: Pages) -> None:
    copies = "".join(f"COPY --from=a {text.replace(' ', '')} /x{n}\n" for n, text in enumerate(HOSTILE))
    runs = "".join(f"RUN echo {text}\n" for text in HOSTILE)
    opened = pages.open(html(f"FROM alpine AS a\n{runs}FROM scratch\n{copies}"))
    opened.page.click("#draw-steps")
    opened.page.locator("g.node.step").first.wait_for()
    opened.page.click("#draw-direction")
    opened.page.locator("#draw-direction", has_text="→").wait_for()
    for edge in opened.page.locator("g.edge").all():
        edge.dispatch_event("pointermove")
        edge.dispatch_event("click")
    assert opened.page.locator(".tip:not([hidden])").count() == 1
    assert opened.errors == []
    assert opened.state("window.canary") is None
    assert opened.page.locator("img").count() == 0
    assert opened.page.locator("script:not([type])").count() == 1


@pytest.mark.parametrize(
    "view", [sg.View(), sg.View(prune=True, all=True), sg.View(direction="RL", steps=True)]
)
def test_each_name_has_the_drawing_that_the_program_makes(view: sg.View) -> None:
    found = report(SAMPLE)
    shown = drawing(found, view)
    others = other_drawings(found, view, shown)
    assert len(others["names"]) == 2 * 2 * 2 * len(DETAILS)
    assert others["names"][others["shown"]] == 0
    for name, number in others["names"].items():
        variant = variant_named(name)
        assert variant
        assert variant.name == name
        packed = others["packed"][number]
        text = zlib.decompress(b64decode(packed)).decode() if number else shown.text
        assert text == drawing(found, variant.of(view, found)).text
    assert variant_named("default.labels.steps.auto") is None


def test_each_picture_is_laid_out_once_for_all_switches(monkeypatch: pytest.MonkeyPatch) -> None:
    found, laid_out = report("FROM alpine\nRUN a\n"), list[sg.View]()

    def counted(report: sg.Report, view: sg.View, change: Change = None) -> Drawing:
        laid_out.append(view)
        return drawing(report, view, change)

    monkeypatch.setattr("stagegraph.formats.html.variants.drawing", counted)
    others = other_drawings(found, sg.View(), drawing(found, sg.View()))
    assert len(others["names"]) == 2 * 2 * 2 * len(DETAILS)
    assert len(laid_out) == 3  # with steps, turned, and both: everything is needed, and nothing has a label


def test_a_large_page_has_everything_and_few_other_drawings() -> None:
    found = report(WRITTEN["moby"])
    shown = drawing(found, sg.View())
    others = other_drawings(found, sg.View(), shown)
    assert len(others["packed"]) <= 4
    assert f"all.labels.stages.{shown.direction}" in others["names"]
