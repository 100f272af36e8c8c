"""Faults that people met in other commands than ``check``, whose cases are in ``repositories/faults.txt``."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.mark.parametrize("options", [(), ("--build-arg", "UP=alpine")])
@pytest.mark.parametrize("command", ["report", "render"])
def test_the_hint_for_an_argument_inside_a_stage(
    command: str, options: tuple[str, ...], in_process: Run, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch AS c\nARG UP=alpine:3.20\nFROM ${UP} AS app\n")
    done = in_process(command, *options, ".", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.decode()) == (
        1,
        b"",
        (
            "error: Dockerfile:3:6: base image `${UP}` is empty after expansion\n"
            "    3 | FROM ${UP} AS app\n"
            "      |      ^~~~~\n"
            "hint: ARG UP is inside a stage, and FROM sees only those before the first FROM: move it up\n"
        ),
    )


def test_report_of_a_file_for_another_frontend(in_process: Run, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("# syntax = edrevo/dockerfile-plus\nFROM a\nINCLUDE+ x\n")
    done = in_process("report", ".", cwd=tmp_path)
    assert done.returncode == 1
    assert b"frontend" in done.stderr
    assert b"edrevo/dockerfile-plus" in done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# T\n", "error: page.md has no block\nhint: add one with --init, or use --allow-empty\n"),
        (
            "# T\n\n    <!-- stagegraph: Dockerfile -->\n    <!-- /stagegraph -->\n",
            "error: page.md:3:5: this marker does not start a block\n",
        ),
        (
            "# T\n\n<!-- stagegrahp: Dockerfile -->\n<!-- /stagegraph -->\n",
            "error: page.md:4:1: this end marker has no start marker\n",
        ),
    ],
)
def test_embed_check_of_a_page_without_a_block(
    text: str, message: str, in_process: Run, tmp_path: Path
) -> None:
    (tmp_path / "page.md").write_text(text)
    done = in_process("embed", "--check", "page.md", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.decode().startswith(message)


def test_embed_check_of_a_folder_without_a_block(in_process: Run, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("# T\n")
    assert in_process("embed", "--check", ".", cwd=tmp_path).returncode == 1
    assert in_process("embed", "--check", "--allow-empty", ".", cwd=tmp_path).returncode == 0
