"""The HTML page of a measured build, in a real browser: its bars, its table, how it is used."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

import stagegraph as sg
from stagegraph.formats.html.assembly import asset
from stagegraph.formats.html.timed_facts import timeline
from stagegraph.formats.html.timings_page import render as timings_html
from stagegraph.records.record import SECOND, Interval, Record, Vertex
from stagegraph.timings.match import match_record
from stagegraph.units import duration

from . import builds
from .browser import Opened, Pages
from .made_record import eight_platforms, made_record, many_stages
from .test_html import CANARY, HOSTILE
from .tools import program

PARALLEL = "parallel/cold.dockerbuild"
RECORDS = [*builds.named(".dockerbuild"), *builds.named(".jsonl"), *builds.named(".log")]
SHOWN = [
    PARALLEL,
    "parallel/warm.dockerbuild",
    "multiplatform/cold.rawjson.jsonl",
    "parallelism1/cold.plain.log",
]


def page_of(record: Record, source: sg.Source | None = None, **view: str) -> bytes:
    build = match_record(record, source, sg.Options()).build
    report = sg.analyse(build) if build else None
    return timings_html(sg.measure(record, source), report, sg.View(**view)).encode()  # type: ignore[arg-type]


@cache
def real_page(path: str) -> bytes:
    record = builds.records(path)[0]
    return page_of(record, None if record.dockerfile else builds.dockerfile(path))


def bars(opened: Opened) -> list[str]:
    """The steps that have a bar, in the order of the page."""
    found = opened.state("[...document.querySelectorAll('.bar')].map(bar => bar.dataset.step)")
    return list(found)


def column(opened: Opened, number: int) -> list[str]:
    return list(opened.page.locator(f"#steps tbody tr td:nth-child({number})").all_inner_texts())


@pytest.mark.parametrize("path", SHOWN)
def test_every_step_that_ran_or_was_cached_is_one_bar(path: str, pages: Pages) -> None:
    opened = pages.open(real_page(path))
    ran = [f"step:{step.id}" for step in builds.timings(path).steps if step.ran]
    assert sorted(bars(opened)) == sorted(ran)
    assert opened.errors == []
    assert [url[:5] for url in opened.requests if not url.startswith("data:")] == ["file:"]


@pytest.mark.parametrize("path", RECORDS)
def test_the_bars_of_a_lane_never_overlap(path: str) -> None:
    found = builds.timings(path)
    lanes = [lane for row in timeline(found, ["x"] * len(found.stages))["rows"] for lane in row["lanes"]]
    assert sorted(step for lane in lanes for step in lane) == [step.id for step in found.steps if step.ran]
    for lane in lanes:
        times = [(found.steps[step].start or 0, found.steps[step].end or 0) for step in lane]
        assert all(before[1] <= after[0] for before, after in pairwise(times))


def test_the_bars_of_the_critical_path_are_marked(pages: Pages) -> None:
    opened = pages.open(real_page(PARALLEL))
    marked = opened.state("[...document.querySelectorAll('.bar.critical')].map(bar => bar.dataset.step)")
    assert set(marked) == {f"step:{part.step}" for part in builds.timings(PARALLEL).path}
    assert opened.page.locator(".path-lines i").count() > 3


def test_bars_stand_where_their_times_are(pages: Pages) -> None:
    opened = pages.open(real_page(PARALLEL))
    found = builds.timings(PARALLEL)
    lane = "document.querySelector('.lane').getBoundingClientRect()"
    left, width = opened.state(f"[{lane}.left, {lane}.width]")
    for step in (step for step in found.steps if step.duration > SECOND):
        place = opened.page.locator(f"[data-step='step:{step.id}'].bar").bounding_box()
        assert place is not None
        assert abs((place["x"] - left) / width - (step.start or 0) / found.known_wall) < 0.002
        assert abs(place["width"] / width - step.duration / found.known_wall) < 0.004


def test_steps_of_the_cache_stand_side_by_side(pages: Pages) -> None:
    opened = pages.open(real_page("parallel/warm.dockerbuild"))
    lefts = (
        opened.page.locator(".row", has_text="release")
        .locator(".bar.cached")
        .evaluate_all("bars => bars.map(bar => bar.getBoundingClientRect().left)")
    )
    assert len(lefts) > 3
    assert all(after - before >= 5 for before, after in pairwise(lefts))


def test_a_click_on_a_bar_tells_all_of_the_step(pages: Pages) -> None:
    opened = pages.open(real_page(PARALLEL))
    opened.page.click(".bar[aria-label*='bundle-web']")
    told = opened.panel()
    for words in ("RUN sleep 3.2", "line 20", "3.32 s", "critical path", "Would save", "BELONGS TO", "web"):
        assert words in told
    assert opened.page.locator("tr[aria-current]").count() == 1
    assert "web" in (opened.page.locator("g.node.chosen").text_content() or "")


def test_a_click_on_a_stage_shows_its_steps_and_its_times(pages: Pages) -> None:
    opened = pages.open(real_page(PARALLEL))
    opened.click_node("deps")
    assert "On the critical path" in opened.panel()
    assert opened.page.locator(".bar.in-stage").count() == 2


def test_the_graph_has_times_and_the_measured_path(pages: Pages) -> None:
    opened = pages.open(real_page(PARALLEL))
    critical = {
        text.split(" ")[0] for text in opened.page.locator("g.node.critical text").all_text_contents()
    }
    assert {"base", "deps", "web", "assets", "release"} <= critical
    assert not {"docs", "api", "test"} & critical
    assert "3.76 s" in (opened.page.text_content("svg.drawing") or "")


_CROSSED = """
() => [...document.querySelectorAll(".bar-name")].filter((name) => {
  const { left, right, width } = name.getBoundingClientRect();
  const bars = [...name.parentNode.querySelectorAll(".bar")].map((bar) => bar.getBoundingClientRect());
  const borders = bars.flatMap((bar) => [bar.left + 0.75, bar.right - 0.75]);
  return width > 0 && borders.some((border) => border > left + 0.5 && border < right - 0.5);
}).map((name) => name.textContent)
"""


@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("path", SHOWN[:3])
def test_no_name_crosses_the_border_of_a_bar(path: str, width: int, pages: Pages) -> None:
    opened = pages.open(real_page(path), width=width)
    for _ in range(3):
        assert opened.state(f"({_CROSSED})()") == []
        opened.page.click("#time-in")
        opened.page.wait_for_timeout(50)
    assert opened.page.locator(".bar-name:visible").count() > 3


def test_switches_keep_the_times(pages: Pages) -> None:
    opened = pages.open(real_page(PARALLEL))
    opened.page.click("#draw-direction")
    opened.page.locator("#draw-direction", has_text="→").wait_for()
    opened.wait_until("document.querySelector('svg.drawing').textContent.includes('3.76 s')")
    assert opened.errors == []


def test_a_link_to_a_stage_opens_its_bars(pages: Pages) -> None:
    opened = pages.open(real_page(PARALLEL), address="#stage=web")
    assert opened.page.inner_text("#panel h2") == "web"
    assert opened.page.locator(".bar.in-stage").count() > 0
    assert "web" in (opened.page.locator("g.node.chosen").text_content() or "")


def test_keys_move_along_the_bars_and_down_the_path(pages: Pages) -> None:
    opened = pages.open(real_page(PARALLEL))
    opened.page.locator(".bar[tabindex='0']").focus()
    first = opened.state("document.activeElement.dataset.step")
    opened.page.keyboard.press("ArrowRight")
    opened.page.keyboard.press("ArrowDown")
    opened.page.keyboard.press("Enter")
    chosen = opened.state("document.querySelector('.bar.chosen').dataset.step")
    assert chosen == opened.state("document.activeElement.dataset.step") != first
    assert opened.page.locator(".bar[tabindex='0']").count() == 1
    opened.page.keyboard.press("Escape")
    path = builds.timings(PARALLEL).path
    for part in path[:3]:
        opened.page.keyboard.press("p")
        assert opened.state("document.querySelector('.bar.chosen').dataset.step") == f"step:{part.step}"


def test_the_table_begins_with_the_biggest_saving_and_sorts(pages: Pages) -> None:
    opened = pages.open(real_page(PARALLEL))
    assert "sleep 1.5" in column(opened, 1)[0]
    opened.page.click("th button:text-is('Stage')")
    stages = [text for text in column(opened, 2) if text]
    assert stages == sorted(stages)
    for order in ("ascending", "descending"):
        opened.page.click("th button:text-is('Line')")
        lines = [int(text) for text in column(opened, 3) if text]
        assert lines == sorted(lines, reverse=order == "descending")
        assert opened.page.get_attribute("th:nth-child(3)", "aria-sort") == order


def test_keys_choose_in_the_table(pages: Pages) -> None:
    opened = pages.open(real_page(PARALLEL))
    opened.page.locator("#steps tbody tr[tabindex='0']").focus()
    opened.page.keyboard.press("ArrowDown")
    opened.page.keyboard.press("Enter")
    assert opened.page.locator("tr[aria-current]").text_content() == opened.state(
        "document.activeElement.textContent"
    )


def test_search_filters_bars_and_rows(pages: Pages) -> None:
    opened = pages.open(real_page(PARALLEL))
    opened.page.fill("#search", "lint-web")
    assert ["lint-web" in text for text in column(opened, 1)] == [True]
    assert opened.page.locator(".bar.match").count() == 1
    opened.page.fill("#search", "")
    assert len(column(opened, 1)) == len(builds.timings(PARALLEL).steps)


def test_time_can_be_enlarged_and_fitted_again(pages: Pages) -> None:
    opened = pages.open(real_page(PARALLEL))
    width = "document.querySelector('.rows').offsetWidth"
    before = opened.state(width)
    opened.page.keyboard.press("+")
    opened.page.click("#time-in")
    assert opened.state(width) > before * 1.5
    opened.page.keyboard.press("0")
    assert opened.state(width) == before


def test_the_curve_tells_how_many_run_at_a_time(pages: Pages) -> None:
    opened = pages.open(real_page(PARALLEL))
    found = builds.timings(PARALLEL)
    time = 3.2
    running = [count for at, count in found.concurrency if at <= time * SECOND][-1]
    axis = opened.page.locator(".axis").bounding_box()
    assert axis is not None
    opened.page.mouse.move(axis["x"] + axis["width"] * time * SECOND / found.known_wall, axis["y"] + 60)
    assert opened.page.inner_text(".cursor") == f"{time:.2f} s · {running} in parallel"


def test_a_build_that_failed_says_so_first(pages: Pages) -> None:
    path = "failing/cold.dockerbuild"
    opened = pages.open(real_page(path))
    assert "The build failed" in opened.page.inner_text(".alert")
    opened.page.click(".bar.failed")
    assert "exit code: 7" in opened.panel()
    never = sum(not step.ran for step in builds.timings(path).steps)
    assert column(opened, 5).count("not run") == never > 0


def test_a_record_without_a_dockerfile_has_a_timeline_and_no_graph(pages: Pages) -> None:
    record = builds.without_provenance(builds.records("parallelism1/cold.dockerbuild")[0])
    opened = pages.open(page_of(record))
    assert opened.errors == []
    assert opened.page.locator("svg.drawing").count() == 0
    assert len(bars(opened)) == sum(step.ran for step in sg.measure(record).steps)
    opened.page.click(".row-label button:text-is('web')")
    assert "Work" in opened.panel()


def test_a_log_without_a_dockerfile_has_a_table_and_no_timeline(pages: Pages) -> None:
    record = builds.records("parallelism1/cold.plain.log")[0]
    opened = pages.open(page_of(record))
    assert opened.errors == []
    assert "dependencies of the steps are unknown" in opened.page.inner_text(".alert")
    assert opened.page.locator("#timeline").count() == 0
    assert "Critical path" not in opened.page.inner_text("body")
    assert "Change first" not in opened.page.inner_text("body")
    assert opened.page.locator("#steps tbody tr").count() == len(record.vertices)
    opened.page.keyboard.press("n")
    assert opened.errors == []


def test_three_hundred_steps_on_eight_platforms(pages: Pages) -> None:
    source, options = eight_platforms()
    record = made_record(source, options)
    found = sg.measure(record)
    assert 300 <= len(found.steps) <= 340
    opened = pages.open(page_of(record))
    assert len(bars(opened)) == len(found.steps)
    assert opened.page.locator(".row", has_text="arm/v7").count() > 5
    assert opened.errors == []


def test_the_table_of_two_thousand_steps_grows_as_it_is_scrolled(pages: Pages) -> None:
    opened = pages.open(page_of(made_record(*many_stages(100, 19))))
    assert len(bars(opened)) == 2001
    rows = "document.querySelectorAll('#steps tbody tr').length"
    assert opened.state(rows) < 500
    opened.page.evaluate("document.querySelector('.table-frame').scrollTop = 1e6")
    opened.wait_until(f"{rows} >= 400")


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_of_a_measured_build_stands_out(dark: bool, pages: Pages) -> None:
    for path in ("failing/cold.dockerbuild", "parallel/warm.dockerbuild"):
        opened = pages.open(real_page(path), dark=dark)
        opened.page.locator(".bar").first.dispatch_event("click")
        assert {text: ratio for text, ratio in opened.contrasts().items() if ratio < 4.5} == {}


def test_a_narrow_page_of_a_measured_build_does_not_scroll_sideways(pages: Pages) -> None:
    opened = pages.open(real_page("multiplatform/cold.rawjson.jsonl"), width=400)
    opened.page.locator(".bar").first.dispatch_event("click")
    assert opened.state("document.documentElement.scrollWidth") == 400
    assert opened.page.locator("#panel h2").is_visible()


def test_hostile_records_are_shown_and_never_run(pages: Pages) -> None:
    vertices = tuple(
        Vertex(
            digest=f"sha256:{number:064x}{text}",
            name=f"[{text[:30]} 1/1] RUN {text}",
            intervals=(Interval(number * SECOND, (number + 1) * SECOND),),
            error=text,
        )
        for number, text in enumerate(HOSTILE)
    )
    record = Record(
        source=HOSTILE[0],
        name=HOSTILE[1],
        format="rawjson",
        vertices=vertices,
        error=HOSTILE[0],
        notes=HOSTILE,
    )
    opened = pages.open(page_of(record, sg.Source(name=HOSTILE[0], text="FROM a\n")))
    for bar in opened.page.locator(".bar").all():
        bar.dispatch_event("click")
    assert len(bars(opened)) == len(HOSTILE)
    assert opened.errors == []
    assert opened.state("window.canary") is None
    assert opened.page.locator("script:not([type])").count() == 1
    assert opened.page.locator("img").count() == 0
    assert "\u202e" not in opened.page.content()
    assert CANARY in opened.page.inner_text("#panel") + opened.page.inner_text(".alert")


def test_a_record_in_which_nothing_ran_is_a_page_too(pages: Pages) -> None:
    opened = pages.open(
        page_of(Record(source="x", name="", format="rawjson", vertices=(Vertex(digest="a", name="b"),)))
    )
    assert opened.errors == []
    assert bars(opened) == []


def test_the_same_record_gives_the_same_bytes() -> None:
    record = builds.records(PARALLEL)[0]
    assert page_of(record) == page_of(replace(record))


def test_the_page_says_times_as_the_rest_of_stagegraph_does() -> None:
    times = [0, 400_000, 16_400_000, 99_600_000, 999_700_000, 1_740_000_000, 53_460_000_000, 125 * SECOND]
    times += [9_996_000_000, 99_960_000_000, 3_599 * SECOND, 7_265 * SECOND]
    asked = f"console.log(JSON.stringify({times}.map((time) => sayTime(time / 1e9))))"
    script = asset("scale.js") + asked
    done = subprocess.run([program("node"), "-e", script], capture_output=True, check=True, timeout=60)
    assert json.loads(done.stdout) == [duration(time) for time in times]


def test_the_command_writes_the_page(
    in_process: Callable[..., subprocess.CompletedProcess[bytes]], tmp_path: Path
) -> None:
    (tmp_path / "build.dockerbuild").write_bytes(builds.files()[PARALLEL])
    done = in_process("timings", "build.dockerbuild", "--format", "html", "-o", "build.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "build.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert '<svg class="drawing"' in page
