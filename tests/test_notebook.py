"""The sample notebook runs, and what it shows is what it holds."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from .conftest import ROOT

NOTEBOOK = ROOT / "samples" / "notebook" / "build-graph.ipynb"


@pytest.fixture(scope="module")
def executed() -> Any:
    """The notebook with every cell run anew, without what differs from run to run."""
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
