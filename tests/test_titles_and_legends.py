"""Titles and legends, in every format that has them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

import stagegraph as sg
from stagegraph.formats.svg import size_of, words_of
from stagegraph.picture.sizes import title_lines
from stagegraph.picture.theme import DARK, LIGHT, Palette
from stagegraph.units import sentence

from .build import report
from .conftest import ROOT
from .tools import program

LONG = "A title that says what is in the image and by which path it came there, " * 3
SAMPLE = """\
FROM alpine AS tools
FROM other AS unused
FROM golang AS build
COPY . /src
RUN --mount=from=tools,target=/tools make
FROM alpine
COPY --from=build /a /b
ADD https://example.com/x /x
"""


@pytest.mark.parametrize("name", ["svg", "html", "dot", "mermaid", "text", "markdown"])
def test_a_title_is_shown_where_it_is_asked_for(name: str) -> None:
    plain = sg.render(report(SAMPLE), name).decode()
    assert "What ships" not in plain
    assert "What ships" in sg.render(report(SAMPLE), name, sg.View(title="What ships")).decode()


def drawn_texts(data: bytes) -> list[str]:
    return [text.text or "" for text in ElementTree.fromstring(data).iter("{http://www.w3.org/2000/svg}text")]


def test_a_long_title_is_broken_into_lines_and_makes_no_picture_small() -> None:
    data = sg.render(report(SAMPLE), "svg", sg.View(title=LONG))
    lines = drawn_texts(data)[:4]
    assert " ".join(lines).startswith(LONG.strip()[:150])
    plain, _ = size_of(sg.render(report(SAMPLE), "svg").decode())
    assert size_of(data.decode())[0] <= max(plain, 560)


@pytest.mark.parametrize(
    ("title", "count"),
    [
        ("", 0),
        (" \t\n", 0),
        ("a", 1),
        ("w" * 100, 3),
        ("word " * 5_000, 6),
        ("文" * 40, 2),
        ("\u0301" * 99, 1),
    ],
)
def test_no_line_of_a_title_is_too_wide(title: str, count: int) -> None:
    lines = title_lines(title, 520)
    assert len(lines) == count
    assert all(line.width <= 520 for line in lines)


def test_the_end_of_a_title_of_many_lines_is_cut_with_a_sign() -> None:
    assert title_lines("word " * 5_000, 520)[-1].text.endswith("word wor…")


@pytest.mark.parametrize("title", ["<b>x</b>", 'a "b" \\n c', "\\", "{a|b}", "-" * 200])
def test_graphviz_draws_the_title_as_it_is_written(title: str) -> None:
    text = sg.render(report(SAMPLE), "dot", sg.View(title=title))
    done = subprocess.run([program("dot"), "-Tsvg"], input=text, capture_output=True, check=True)
    assert done.stderr == b""
    shown = "".join(drawn_texts(done.stdout))
    assert title in shown


def test_the_words_of_an_svg_are_those_of_its_title_and_description() -> None:
    text = sg.render(report("FROM a\n"), "svg", sg.View(title='<a> & "b"')).decode()
    assert words_of(text) == (
        '<a> & "b"',
        "Build graph with 1 stage, 1 of them needed. The image holds a.",
    )


@pytest.mark.parametrize(("theme", "palette"), [("light", LIGHT), ("dark", DARK)])
def test_the_legend_of_dot_explains_what_occurs(theme: str, palette: Palette) -> None:
    text = sg.render(report(SAMPLE), "dot", sg.View(legend=True, theme=theme)).decode()
    done = subprocess.run([program("dot"), "-Tsvg"], input=text.encode(), capture_output=True, check=True)
    assert done.stderr == b""
    assert f'BGCOLOR="{palette.style("copied").fill}"' in text
    shown = drawn_texts(done.stdout)
    assert {"target", "partly in the image", "not needed", "FROM", "COPY, ADD", "RUN --mount"} <= set(shown)
    assert {"other arguments or platforms choose it", "tab", "critical path"}.isdisjoint(shown)


def test_the_legend_of_dot_is_not_a_stage() -> None:
    text = sg.render(report("FROM a AS legend\n"), "dot", sg.View(legend=True)).decode()
    assert re.findall(r"^\t(\w+) \[", text, re.MULTILINE)[-2:] == ["i_a", "legend"]
    assert "legend" not in sg.render(report(SAMPLE), "dot").decode()


def legend_of_text(text: str, *, prune: bool = False, critical_path: bool = False) -> list[str]:
    view = sg.View(legend=True, prune=prune, critical_path=critical_path)
    shown = sg.render(report(text), "text", view).decode()
    return [line.split("  ")[1] for line in shown.partition("\nLegend\n")[2].splitlines()]


def test_the_legend_of_the_tree_explains_what_occurs() -> None:
    assert legend_of_text("FROM a\n") == ["◉", "●", "(image)", "FROM"]
    signs = ["◉", "●", "◐", "○", "·", "(image)", "(download)", "FROM", "COPY", "ADD", "MOUNT"]
    assert legend_of_text(SAMPLE) == signs
    pruned = legend_of_text(SAMPLE, prune=True, critical_path=True)
    assert [sign for sign in signs if sign not in pruned] == ["·"]
    assert pruned[-1] == "critical"
    assert "(above)" in legend_of_text("FROM a AS b\nFROM b AS c\nFROM c\nCOPY --from=b / /\n")


def test_the_legend_of_the_tree_takes_the_place_of_its_key(
    in_process: Callable[..., subprocess.CompletedProcess[bytes]],
) -> None:
    sample = str(ROOT / "samples/nodejs")
    plain, full = (
        in_process("render", sample, "-F", "text", *more).stdout.decode() for more in ([], ["--legend"])
    )
    assert full.startswith(plain.rpartition("\n\n")[0])
    assert "◉ target" not in full


def test_a_note_becomes_a_sentence_that_ends_once() -> None:
    assert sentence("2 stages are left out") == "2 stages are left out."
    assert sentence("37 nodes are drawn as one box: 37 × svc…") == "37 nodes are drawn as one box: 37 × svc…"
