"""The sample notebook runs, and what it shows is what it holds."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
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


def test_the_notebook_holds_what_its_cells_show_today(
    executed: Any, golden: Callable[[Path, bytes], None]
) -> None:
    text: str = nbformat.writes(executed)  # type: ignore[no-untyped-call]
    golden(NOTEBOOK, (text + "\n").encode())


def test_builds_reports_and_comparisons_show_themselves_as_pictures(executed: Any) -> None:
    pictures = [bundle for bundle in _bundles(executed) if "image/svg+xml" in bundle]
    assert len(pictures) == 3
    assert all(bundle["text/plain"] for bundle in pictures)
    assert "runtime" in pictures[0]["image/svg+xml"]


def test_every_cell_of_code_has_words_above_it(executed: Any) -> None:
    cells = [cell.cell_type for cell in executed.cells]
    assert cells[0] == "markdown"
    assert all(a == "markdown" for a, b in pairwise(cells) if b == "code")
