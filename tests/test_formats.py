"""The table of formats: one row and one module add a format to a command."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from types import ModuleType

import pytest

import stagegraph as sg
from stagegraph import formats

from .build import report

Run = Callable[..., "CompletedProcess[bytes]"]
NODE = "samples/nodejs"
RECORD = "samples/measured/build.dockerbuild"
ARGUMENTS = {
    "render": ("render", NODE),
    "report": ("report", NODE),
    "diff": ("diff", NODE, NODE),
    "check": ("check", NODE, "--no-discover"),
    "timings": ("timings", RECORD),
}


@pytest.fixture
def add_format(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Adds the format ``shout`` to a command: a module with ``render``, and a row of the table."""

    def add(command: str) -> None:
        module = ModuleType("stagegraph.formats.shout")
        module.render = lambda value: f"{type(value).__name__.upper()}!\n"  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "stagegraph.formats.shout", module)
        row = formats.Format(
            command=command, name="shout", description="for tests", module="shout", suffixes=(".shout",)
        )
        monkeypatch.setattr(formats, "FORMATS", (*formats.FORMATS, row))
        # the options of a command are made when its module is loaded
        monkeypatch.delitem(sys.modules, f"stagegraph.cli.{command.split()[0]}", raising=False)

    return add


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("render", b"REPORT!\n"),
        ("report", b"REPORT!\n"),
        ("diff", b"COMPARISON!\n"),
        ("check", b"RUN!\n"),
        ("timings", b"TIMINGS!\n"),
    ],
)
def test_a_row_adds_a_format_to_a_command(
    add_format: Callable[[str], None], in_process: Run, command: str, output: bytes
) -> None:
    add_format(command)
    text = " ".join(in_process(command, "--help").stdout.decode().split())
    assert "|shout]" in text
    assert "shout: for tests" in text
    done = in_process(*ARGUMENTS[command], "--format", "shout")
    assert done.stdout == output, done.stderr


def test_a_row_adds_a_format_to_a_comparison_of_timings(
    add_format: Callable[[str], None], in_process: Run
) -> None:
    add_format("timings --compare")
    add_format("timings")
    done = in_process("timings", "--compare", RECORD, RECORD, "--format", "shout")
    assert done.stdout == b"TIMINGSCOMPARISON!\n"


def test_a_row_adds_a_suffix(add_format: Callable[[str], None], in_process: Run, tmp_path: Path) -> None:
    add_format("render")
    assert in_process("render", NODE, "-o", str(tmp_path / "x.shout")).returncode == 0
    assert (tmp_path / "x.shout").read_bytes() == b"REPORT!\n"


def test_a_row_adds_a_format_to_the_library(add_format: Callable[[str], None]) -> None:
    add_format("render")
    assert sg.render(report("FROM a\n"), "shout") == b"REPORT!\n"


def test_every_row_has_a_module_that_renders() -> None:
    for row in formats.FORMATS:
        name, _, function = row.module.partition(":")
        module = importlib.import_module(f"stagegraph.formats.{name}")
        assert callable(getattr(module, function or "render")), row


def test_the_comparison_of_timings_has_no_page(in_process: Run) -> None:
    done = in_process("timings", "--compare", RECORD, RECORD, "--format", "html")
    assert done.returncode == 2
    assert b"--compare does not support html; use one of text, json, markdown" in done.stderr


def test_an_unknown_format() -> None:
    with pytest.raises(sg.OptionsError) as error:
        sg.render(report("FROM a\n"), "gif")
    assert str(error.value) == (
        "unknown format `gif`\nhint: use one of svg, png, pdf, html, dot, mermaid, json, text, markdown"
    )
