"""What happens when a layout engine or a library is not there, fails, or takes too long."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

import stagegraph as sg
from stagegraph.picture import graphviz_engine

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
        "PDF needs the package typst or a system Graphviz, and neither is here\n"
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
