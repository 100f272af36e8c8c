"""The sample notebook shows today what is stored in it, and values show themselves as pictures."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

import stagegraph as sg

from .build import report
from .conftest import ROOT

NOTEBOOK = ROOT / "samples" / "notebook" / "build-graph.ipynb"


@pytest.fixture(scope="module")
def executed() -> Any:
    """The notebook with every cell run again, without what differs from run to run."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        notebook, timeout=120, record_timing=False, resources={"metadata": {"path": str(NOTEBOOK.parent)}}
    )
    client.execute()
    notebook.metadata.pop("language_info", None)
    return notebook


def _bundles(notebook: Any) -> list[dict[str, str]]:
    return [out.data for cell in notebook.cells for out in cell.get("outputs", ()) if "data" in out]


def _said(notebook: Any) -> list[Any]:
    """Sources and outputs of all cells; of a picture its words, as its looks may change."""
    said: list[Any] = []
    for cell in notebook.cells:
        said.append(cell.source)
        for out in cell.get("outputs", ()):
            data = dict(out.get("data", {"text": out.get("text")}))
            if "image/svg+xml" in data:
                data["image/svg+xml"] = sorted(
                    re.findall(r">([^<>]*\S[^<>]*)</(?:text|title|desc)>", data["image/svg+xml"])
                )
            said.append(data)
    return said


def test_the_notebook_holds_what_its_cells_show_today(executed: Any, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--refresh"):
        text: str = nbformat.writes(executed)  # type: ignore[no-untyped-call]
        NOTEBOOK.write_text(text + "\n", "utf-8")
    stored = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    assert _said(stored) == _said(executed), "look at it, then run pytest --refresh"


def test_builds_reports_and_comparisons_show_themselves_as_pictures(executed: Any) -> None:
    pictures = [bundle for bundle in _bundles(executed) if "image/svg+xml" in bundle]
    assert len(pictures) == 3
    assert all(bundle["text/plain"] for bundle in pictures)
    assert "runtime" in pictures[0]["image/svg+xml"]


def test_every_cell_of_code_has_words_above_it(executed: Any) -> None:
    cells = [cell.cell_type for cell in executed.cells]
    assert cells[0] == "markdown"
    assert all(a == "markdown" for a, b in pairwise(cells) if b == "code")


def test_a_report_shows_its_picture_or_its_tree() -> None:
    value: Any = report("FROM a AS builder\nFROM b\nCOPY --from=builder /x /y\n")
    picture = sg.render(value, "svg").decode()
    assert value._repr_svg_() == picture
    assert value._repr_mimebundle_() == {
        "image/svg+xml": picture,
        "text/plain": sg.render(value, "text").decode(),
    }


def test_a_build_shows_its_report(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine AS a\n")
    build: Any = sg.read(tmp_path)
    shown: Any = sg.analyse(build)
    assert build._repr_svg_() == shown._repr_svg_()
    assert build._repr_mimebundle_() == shown._repr_mimebundle_()


def test_a_comparison_shows_its_picture_or_its_differences() -> None:
    old, new = (sg.read(sg.Source(name="Dockerfile", text=f"FROM {base}\n")) for base in "ab")
    value: Any = sg.compare(old, new)
    assert value._repr_svg_() == sg.render(value, "svg").decode()
    assert value._repr_mimebundle_()["text/plain"] == sg.render(value, "text").decode()


@pytest.mark.parametrize(
    "first", ["Report", "Build", "Comparison", "analyse", "compare", "timed", "render", "read"]
)
def test_values_show_themselves_whichever_name_was_loaded_first(first: str) -> None:
    code = (
        f"import stagegraph as sg\nsg.{first}\n"
        "build = sg.read(sg.Source(name='Dockerfile', text='FROM a'))\n"
        "for value in (build, sg.analyse(build), sg.compare(build, build)):\n"
        "    assert value._repr_svg_().startswith('<?xml'), value\n"
        "    assert set(value._repr_mimebundle_()) == {'image/svg+xml', 'text/plain'}\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_a_build_renders_as_its_report_and_has_a_short_repr() -> None:
    text = "FROM a AS base\n" + "RUN make\n" * 500 + "FROM base AS app\nFROM base\n"
    source = sg.Source(name="Dockerfile", text=text)
    build = sg.read(source, sg.Options(targets=("app", "base"), platforms=("linux/amd64", "linux/arm64")))
    assert sg.render(build, "mermaid") == sg.render(sg.analyse(build), "mermaid")
    assert repr(build) == "<Build of Dockerfile for app, base>"
    assert repr(sg.read(source)) == "<Build of Dockerfile for stage-2>"
