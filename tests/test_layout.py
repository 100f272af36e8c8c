"""What happens when a layout engine or a library is not there, fails, or takes too long."""

from __future__ import annotations

import os
import stat
import sys
import time
from pathlib import Path

import pytest

import stagegraph as sg
from stagegraph.picture import graphviz_engine
from stagegraph.picture.picture import picture
from stagegraph.picture.smaller import LAYOUT_REASON, layout_candidates, smaller_pictures
from stagegraph.picture.view import Picture

from .build import report
from .tools import program


def _engine(folder: Path, body: str) -> None:
    dot = folder / "dot"
    dot.write_text(f"#!/bin/sh\n{body}\n")
    dot.chmod(dot.stat().st_mode | stat.S_IXUSR)


def _draw(name: str = "svg") -> bytes:
    """Draw with the system's Graphviz, the first ``dot`` on PATH."""
    return sg.render(report("FROM a\n"), name, sg.View(engine="system"))


def test_no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(sg.RenderError) as caught:
        _draw()
    assert str(caught.value) == (
        "Graphviz is not installed\n"
        "hint: pip install graphviz-pure, or install Graphviz and use --engine system"
    )


def test_the_engine_of_pip_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _engine(tmp_path, "exit 1")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert sg.render(report("FROM a\n"), "svg").startswith(b"<?xml")


@pytest.mark.skipif(sys.platform == "win32", reason="the engine is a shell script")
def test_an_engine_that_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _engine(tmp_path, "echo 'Error: no memory' >&2; exit 3")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(sg.RenderError, match="Graphviz failed: Error: no memory"):
        _draw()


@pytest.mark.skipif(sys.platform == "win32", reason="the engine is a shell script")
def test_an_engine_that_hangs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _engine(tmp_path, "exec /bin/sleep 30")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(graphviz_engine, "TIMEOUT", 0.2)
    with pytest.raises(sg.RenderError, match="took longer than"):
        _draw()


def _dense(stages: int, reads: int) -> str:
    """Every stage copies from the ``reads`` before it; the last is the target."""
    lines = []
    for index in range(stages):
        lines.append(f"FROM alpine AS s{index}")
        lines += [f"COPY --from=s{other} /a /{other}" for other in range(max(0, index - reads), index)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(("stages", "reads"), [(30, 30), (60, 60), (150, 150), (1000, 8), (2000, 8)])
def test_a_dense_graph_is_drawn_in_seconds(stages: int, reads: int) -> None:
    dense = report(_dense(stages, reads))
    start = time.process_time() + _of_children()
    text = sg.render(dense, "svg").decode()
    assert time.process_time() + _of_children() - start < 15
    assert text.count('<g class="node ') > 6
    assert stages < 60 or "nodes are drawn as " in text


def _of_children() -> float:
    """The seconds of CPU time that finished child processes took."""
    times = os.times()
    return times.children_user + times.children_system


@pytest.mark.parametrize(("name", "note"), [("svg", "Steps are"), ("html", "Steps are"), ("png", "")])
def test_a_layout_that_takes_too_long_gives_way_to_a_smaller_one(
    name: str, note: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = list[int]()

    def slow(dot: str, output: str, engine: str, seconds: float) -> bytes:
        tried.append(len(dot))
        if len(tried) == 1:
            raise graphviz_engine.LayoutError("Graphviz took too long")
        return graphviz_engine.run_graphviz(dot, output, engine, seconds)

    monkeypatch.setattr("stagegraph.picture.layout.run_graphviz", slow)
    data = sg.render(report(_dense(4, 2)), name, sg.View(steps=True))
    assert len(tried) == 2 or name == "html"  # which also has drawings for its switches
    assert tried[1] < tried[0]
    assert f"{note} left out to lay the picture out in time".encode() in data or not note


def test_candidates_get_smaller_down_to_a_few_boxes() -> None:
    pictures = list(
        layout_candidates(smaller_pictures(report(_dense(300, 5)), sg.View(steps=True), LAYOUT_REASON))
    )
    counts = [len(drawn.boxes) for drawn in pictures]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] == 4
    assert pictures[-1].notes == (
        "labels are left out",
        "not everything is drawn to lay the picture out in time",
        "steps are left out to lay the picture out in time",
        "images and contexts are left out to lay the picture out in time",
        "297 nodes are drawn as one box: 297 more",
    )


def test_all_attempts_together_take_no_longer_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    now, allowed = [0.0], list[float]()
    monkeypatch.setattr("time.monotonic", lambda: now[0])

    def never(drawn: Picture, seconds: float) -> None:
        allowed.append(seconds)
        now[0] += seconds
        raise graphviz_engine.LayoutError("Graphviz took too long")

    with pytest.raises(graphviz_engine.LayoutError):
        graphviz_engine.first_in_time([picture(report("FROM a\n"), sg.View())] * 8, never)
    assert len(allowed) == 8
    assert sum(allowed) <= graphviz_engine.TIMEOUT


def test_png_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(sg.RenderError) as caught:
        _draw("png")
    assert str(caught.value) == "PNG needs the package resvg-py\nhint: pip install resvg-py"


@pytest.mark.parametrize("name", ["png", "pdf"])
def test_no_font(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fontpkg", None)
    with pytest.raises(sg.RenderError) as caught:
        sg.render(report("FROM a\n"), name)
    assert str(caught.value) == "the font Arimo is missing\nhint: pip install fontpkg-arimo"


def test_pdf_without_typst_and_graphviz(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(sg.RenderError) as caught:
        _draw("pdf")
    assert str(caught.value) == (
        "PDF needs the package typst or a system Graphviz; neither is installed\n"
        "hint: pip install 'stagegraph[pdf]', or install Graphviz"
    )


def test_pdf_by_a_system_graphviz_where_typst_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    program("dot")
    monkeypatch.setitem(sys.modules, "typst", None)
    assert _draw("pdf").startswith(b"%PDF-")


def test_both_engines_draw_the_same_stages() -> None:
    program("dot")
    found = report("FROM a AS one\nFROM b AS two\nCOPY --from=one /x /y\n")
    for engine in ("pure", "system"):
        text = sg.render(found, "svg", sg.View(engine=engine)).decode()
        assert text.count('class="node') == 4, engine


def test_an_unknown_format() -> None:
    with pytest.raises(sg.OptionsError, match="unknown format `gif`"):
        _draw("gif")
