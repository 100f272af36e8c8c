"""Text of files that would be a command in the log of a GitHub job: ``::error::`` and ``##[add-mask]``."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[bytes]]
DOCKERFILE = """\
FROM alpine AS a
RUN echo "##[add-mask]secret"
FROM alpine AS a
RUN <<END
::error::in a heredoc
END
COPY --from=alpine ["/x##[stop-commands]t", "::error::forged-by-a-Dockerfile-aaaaaaaaaaaaaaaaaaaaaaa/"]
"""
PAGE = """\
  ::warning::of a page
<!-- stagegraph: Dockerfile -->
##[stop-commands]t
<!-- /stagegraph -->
::notice::after
"""
LOG = """\
#1 [internal] load build definition from Dockerfile
#1 DONE 0.1s
#2 [a 1/1] RUN echo ##[add-mask]x
#2 DONE 5s
#3 [b 1/1] RUN aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ::error::forged-bbbbbbbbbbbb
#3 ERROR: process did ::error::x aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ::error::forged-bbbbbbbbbbbbbbbbbbbbb
"""
COMMAND = re.compile(rb"^\s*::|##\[", re.MULTILINE)
COMMANDS = [
    *[f"render Dockerfile --format {name}" for name in ("svg", "dot", "mermaid", "json", "text", "markdown")],
    *[f"report Dockerfile --format {name}" for name in ("text", "json", "markdown")],
    "explain Dockerfile a",
    *[f"check Dockerfile --format {name}" for name in ("text", "json", "sarif")],
    "check Dockerfile --diff",
    "check broken",
    "render broken",
    *[f"diff Dockerfile other --format {name}" for name in ("text", "json", "mermaid", "markdown")],
    *[f"timings log --format {name}" for name in ("text", "json", "markdown")],
    "embed --check page.md",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_text_of_a_file_is_a_command(
    command: str, in_process: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "other").write_text("FROM alpine\n")
    (tmp_path / "broken").write_text("FROM alpine\nBAD ##[stop-commands]tok\n")
    (tmp_path / "page.md").write_text(PAGE)
    (tmp_path / "log").write_text(LOG)
    done = in_process(*command.split(), cwd=tmp_path)
    output = done.stdout + b"\n" + done.stderr
    assert output.strip()
    assert b"stagegraph failed" not in output
    assert COMMAND.findall(output) == []


def test_a_diff_is_unchanged_outside_of_a_job(in_process: Run, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    done = in_process("check", "Dockerfile", "--diff", cwd=tmp_path)
    assert b"##[add-mask]secret" in done.stdout
