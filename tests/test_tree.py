"""The tree of the terminal: what repeats is folded, and steps have their line, time and place on the path."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from stagegraph import Source, analyse, read
from stagegraph.formats.tree import render
from stagegraph.model import Measured, Rebuild, Report
from stagegraph.picture.view import View

from .shapes import services

_ALL = View(all=True)


def _report(text: str) -> Report:
    return analyse(read(Source(name="Dockerfile", text=text)))


def _fan_in(count: int, extra: str = "") -> str:
    """``count`` services that are built on one base and copied into one image."""
    text = "FROM golang AS base\nRUN fetch\n"
    text += "".join(f"FROM base AS svc-{number}\nRUN make {number}\n" for number in range(count))
    text += f"{extra}FROM scratch\n"
    return text + "".join(f"COPY --from=svc-{number} /out /srv/{number}\n" for number in range(count))


def test_siblings_that_are_alike_are_folded() -> None:
    assert render(_report(_fan_in(6)), View()).splitlines()[:6] == [
        "◉ stage-7 (6 steps)",
        "├── ◐ svc-0 (1 step)  COPY /out → /srv/0",
        "│   └── ○ base (1 step)  FROM",
        "│       └── ○ golang (image)  FROM",
        "└── + 5 more like this: svc-1, svc-2, svc-3, svc-4, svc-5",
        "",
    ]


def test_three_siblings_are_not_folded() -> None:
    assert "more like this" not in render(_report(_fan_in(3)), View())


def test_a_sibling_that_reads_something_else_is_not_folded() -> None:
    text = render(_report(_fan_in(6).replace("RUN make 3", "RUN make 3\nCOPY x /x")), View())
    assert "svc-3 (2 steps)" in text
    assert "+ 4 more like this: svc-1, svc-2, svc-4, svc-5" in text


@pytest.mark.parametrize("text", [_fan_in(118), services(120)], ids=["fan-in", "services"])
def test_a_monorepo_of_120_stages_is_below_60_lines(text: str) -> None:
    assert len(render(_report(text), View()).splitlines()) < 60


def test_a_sibling_that_runs_again_is_not_folded_with_those_that_do_not() -> None:
    report = _report(_fan_in(6))
    nodes = tuple(
        replace(node, rebuild=Rebuild(status="runs again")) if node.label == "svc-3" else node
        for node in report.nodes
    )
    text = render(replace(report, nodes=nodes), View())
    assert "svc-3 (1 step, runs again)" in text
    assert "+ 4 more like this" in text


def test_all_shows_every_stage() -> None:
    report = _report(_fan_in(118))
    text = render(report, _ALL)
    assert "more like this" not in text
    assert all(f" {node.label} (" in text for node in report.nodes)


def test_what_is_folded_and_what_is_shown_are_all_siblings() -> None:
    text = render(_report(services(120)), View(prune=True))
    folded = sum(int(number) for number in re.findall(r"\+ (\d+) more like this", text))
    assert folded + len(re.findall(r"^[├└]── ◐ service-\d+ ", text, re.M)) == 29


def test_many_stages_that_are_not_needed_are_folded() -> None:
    text = render(_report("".join(f"FROM i AS s{number}\n" for number in range(20)) + "FROM i\n"), View())
    assert "  + 12 more idle: s8, s9, s10, s11, s12, s13, s14, s15, s16, s17, s18, s19" in text.splitlines()
    assert "s19  as target" not in text


def test_above_is_said_only_below_what_it_repeats() -> None:
    text = (
        "FROM i AS a\nRUN a\nFROM a AS b\nRUN b\nFROM b AS c\nCOPY --from=a / /\nFROM c\nCOPY --from=b / /\n"
    )
    lines = render(_report(text), _ALL).splitlines()
    for number, line in enumerate(lines):
        if "(above)" in line:
            name = line.split("(above)")[0].split()[-4:]
            assert any(one in before for one in name for before in lines[:number])
    assert "(above)" not in lines[1]


def test_steps_have_their_line_and_their_place_on_the_path() -> None:
    text = "FROM i AS a\nRUN one\nRUN two\nFROM scratch\nCOPY --from=a /x /x\n"
    shown = render(_report(text), View(steps=True, critical_path=True))
    found = re.findall(r"^\W*(\d+)  \[.*\] (.*)  critical (\d) of 3$", shown, re.M)
    assert found == [("5", "COPY --from=a /x /x", "3"), ("2", "RUN one", "1"), ("3", "RUN two", "2")]


def test_a_long_step_keeps_its_time_and_its_place() -> None:
    report = _report(f"FROM i\nRUN {'make ' * 60}\n")
    measured = Measured(seconds=12.0, share=0.5)
    steps = tuple(replace(step, measured=measured if step.line == 2 else None) for step in report.steps)
    line = render(replace(report, steps=steps), View(steps=True, critical_path=True)).splitlines()[1]
    assert line.endswith("…  (12.0 s)  critical 1 of 1")
    assert len(line) <= 100


def test_a_step_of_two_stages_is_in_both() -> None:
    text = (
        "FROM i AS a\nRUN one\nFROM i AS b\nRUN one\nFROM scratch\nCOPY --from=a / /a\nCOPY --from=b / /b\n"
    )
    shown = render(_report(text), View(steps=True))
    assert len(re.findall(r"RUN one", shown)) == 2
    assert "RUN one  (same step as in a)" in shown
