"""PDF: what other programs read of it."""

from __future__ import annotations

import subprocess
import time
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

import stagegraph as sg

from .build import report
from .conftest import ROOT
from .tools import program

VIEWS = {
    "plain": sg.View(),
    "dark": sg.View(theme="dark", legend=True),
    "steps": sg.View(steps=True, critical_path=True, title='A (title) "x" \\ é 文'),
}
SAMPLES = ("nodejs", "selectors", "measured")


@pytest.fixture(params=VIEWS)
def view(request: pytest.FixtureRequest) -> sg.View:
    return VIEWS[request.param]


@pytest.fixture(params=SAMPLES)
def file(request: pytest.FixtureRequest, view: sg.View, tmp_path: Path) -> Path:
    text = (ROOT / "samples" / request.param / "Dockerfile").read_text("utf-8")
    path = tmp_path / "build.pdf"
    path.write_bytes(sg.render(report(text), "pdf", view))
    return path


def run(*words: str) -> str:
    done = subprocess.run([program(words[0]), *words[1:]], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


def test_qpdf_finds_no_fault(file: Path) -> None:
    assert "No syntax or stream encoding errors" in run("qpdf", "--check", str(file))


def test_poppler_reads_it_without_a_warning(file: Path) -> None:
    said = run("pdfinfo", str(file))
    assert "Pages:           1" in said
    assert "Date" not in said
    assert run("pdftotext", str(file), "-").strip()
    run("pdftoppm", "-png", "-r", "36", str(file), str(file.with_suffix("")))


def test_its_title_and_description_are_those_of_the_picture() -> None:
    data = sg.render(report("FROM a\n"), "pdf", sg.View(title='#x "y" \\ ]'))
    reader = PdfReader(BytesIO(data))
    assert reader.metadata
    assert reader.metadata.title == '#x "y" \\ ]'
    assert b"/Alt(Build graph with 1 stage, 1 of them needed. The image holds a.)" in data


def test_it_is_the_same_file_at_another_time() -> None:
    one = sg.render(report("FROM a\n"), "pdf")
    time.sleep(1.1)
    assert sg.render(report("FROM a\n"), "pdf") == one
