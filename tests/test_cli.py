"""The command as a user runs it: files, formats, streams, exit codes."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import ROOT

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
NODE = "samples/nodejs"


def test_help_names_every_command(stagegraph: Run) -> None:
    text = stagegraph("--help").stdout.decode()
    for name in ("render", "report", "explain"):
        assert f"  {name}" in text
        assert "Examples:" in stagegraph(name, "--help").stdout.decode()


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_load_neither_networkx_nor_renderers(option: str) -> None:
    code = (
        "import sys\nfrom stagegraph.cli import main\n"
        f"try: main(['{option}'])\nexcept SystemExit: pass\n"
        "heavy = ('networkx', 'stagegraph.formats', 'graphviz', 'rich')\n"
        "print([n for n in sys.modules if n.startswith(heavy)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=ROOT)
    assert done.stdout.decode().splitlines()[-1] == "[]"


def test_a_diagram_is_drawn_without_loading_a_layout_engine(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom stagegraph.cli import main\n"
        f"try: main(['render', {NODE!r}, '-o', {str(tmp_path / 'x.mmd')!r}])\nexcept SystemExit: pass\n"
        "print([n for n in sys.modules if n in ('graphviz', 'rich')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=ROOT)
    assert done.stdout.decode().splitlines()[-1] == "[]"
    assert (tmp_path / "x.mmd").read_bytes() == (ROOT / NODE / "build.mmd").read_bytes()


@pytest.mark.parametrize(
    ("suffix", "start"),
    [
        ("svg", b"<?xml"),
        ("png", b"\x89PNG"),
        ("pdf", b"%PDF"),
        ("dot", b"digraph"),
        ("mmd", b"---\nconfig"),
        ("json", b"{\n"),
        ("txt", "◉ stage-1".encode()),
        ("md", b"## "),
    ],
)
def test_the_suffix_chooses_the_format(stagegraph: Run, tmp_path: Path, suffix: str, start: bytes) -> None:
    done = stagegraph("render", NODE, "-o", str(tmp_path / f"x.{suffix}"))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (tmp_path / f"x.{suffix}").read_bytes().startswith(start)
    assert os.listdir(tmp_path) == [f"x.{suffix}"]


def test_piped_output_is_mermaid(stagegraph: Run) -> None:
    assert b"flowchart TB" in stagegraph("render", NODE).stdout


def test_a_terminal_gets_the_tree_in_colour_unless_no_color() -> None:
    assert "\x1b[" in _on_terminal({})
    plain = _on_terminal({"NO_COLOR": "1"})
    assert "\x1b[" not in plain
    assert "◉ stage-1 (2 steps)" in plain


def _on_terminal(env: dict[str, str]) -> str:
    primary, secondary = pty.openpty()
    clean = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    process = subprocess.Popen(
        [sys.executable, "-m", "stagegraph", "render", NODE],
        stdout=secondary,
        cwd=ROOT,
        env={**clean, "TERM": "xterm-256color", **env},
    )
    os.close(secondary)
    text = b""
    try:
        while chunk := os.read(primary, 65536):
            text += chunk
    except OSError:
        pass  # Linux says so when the other end is closed
    os.close(primary)
    assert process.wait(30) == 0
    return text.decode()


def test_standard_input(stagegraph: Run) -> None:
    done = stagegraph("report", "-", stdin=b"FROM alpine\n")
    assert done.stdout.startswith(b"<stdin>: target stage-0")


def test_without_a_path_the_dockerfile_or_containerfile_here(stagegraph: Run, tmp_path: Path) -> None:
    (tmp_path / "Containerfile").write_text("FROM a AS x\n")
    assert b"target x" in stagegraph("report", cwd=tmp_path).stdout
    (tmp_path / "Dockerfile").write_text("FROM a AS y\n")
    assert b"target y" in stagegraph("report", cwd=tmp_path).stdout


def test_a_build_argument_alone_comes_from_the_environment(stagegraph: Run) -> None:
    text = b"ARG V=1\nARG W=2\nFROM a:$V-$W AS x\n"
    done = stagegraph("report", "-", "--build-arg", "V", "--build-arg", "W", stdin=text, env={"V": "9"})
    assert b"a:9-2" in done.stdout


def test_platforms_and_contexts(stagegraph: Run) -> None:
    text = b"FROM a AS p-arm64\nFROM p-$TARGETARCH\nCOPY --from=lib /x /y\n"
    done = stagegraph(
        "report",
        "-",
        "--platform",
        "linux/arm64",
        "--build-context",
        "lib=./lib",
        "--format",
        "json",
        stdin=text,
    )
    report = json.loads(done.stdout)
    assert report["platforms"] == ["linux/arm64"]
    assert "named-context:lib" in [node["id"] for node in report["nodes"]]


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (
            ["render", "/no/such"],
            1,
            "error: /no/such: No such file or directory\nhint: give the path of a Dockerfile",
        ),
        (
            ["render", "docs"],
            1,
            "error: there is no Dockerfile or Containerfile in docs\nhint: give the path",
        ),
        (["render", NODE, "-o", "x.zip"], 2, "Error: unknown suffix in x.zip"),
        (
            ["render", NODE, "-o", "/no/such/x.svg"],
            1,
            "error: cannot write /no/such/x.svg: No such file",
        ),
        (["render", NODE, "-o", "/x/"], 2, "unknown suffix in /x/"),
        (["render", NODE, "--target", "nope"], 1, "there is no stage named nope"),
        (["render", NODE, "--platform", "a/b/c/d"], 2, "error: invalid platform `a/b/c/d`"),
        (["render", NODE, "--build-arg", "=x"], 2, "'=x' has no name"),
        (["render", NODE, "--build-context", "x"], 2, "'x' is not NAME=VALUE"),
        (
            ["render", NODE, "--link-base", "javascript:alert(1)"],
            2,
            "invalid link base `javascript:alert(1)`",
        ),
        (["render", NODE, "--nope"], 2, "No such option"),
        (["explain", "bulder", NODE], 1, "has no stage or image `bulder`\nhint: did you mean builder?"),
        (["nope"], 2, "No such command"),
    ],
)
def test_errors_have_one_clear_message(stagegraph: Run, args: list[str], code: int, message: str) -> None:
    done = stagegraph(*args)
    assert done.returncode == code
    assert message in done.stderr.decode()
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["render", "report"])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"\xff\xfe\x00",
        "FROM alpine".encode("utf-16"),
        os.urandom(2000),
        b"FROM \xe9\n",
        b"x" * 70_000,
    ],
    ids=["empty", "nul", "bom", "utf-16", "random", "latin-1", "long line"],
)
def test_any_bytes_give_one_clear_error(stagegraph: Run, command: str, data: bytes) -> None:
    done = stagegraph(command, "-", stdin=data)
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.startswith(b"error: <stdin>")
    assert b"Traceback" not in done.stderr


def test_a_hundred_megabytes_are_refused_at_once(stagegraph: Run, tmp_path: Path) -> None:
    big = tmp_path / "Dockerfile"
    with big.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    done = stagegraph("report", str(big))
    assert done.returncode == 1
    assert b"is too large for a Dockerfile" in done.stderr


def test_control_characters_of_the_file_do_not_reach_the_terminal(stagegraph: Run) -> None:
    done = stagegraph("report", "-", stdin=b"FROM alpine\nCOPY \x1b[31m\x07 /x\n\x1b]0;t\x07 y\n")
    assert b"\x1b" not in done.stderr + done.stdout
    shown = stagegraph("report", "-", stdin=b"FROM alpine\nCOPY \x1b[31m\x07 /x\n").stdout
    assert b"\x1b" not in shown


def test_a_file_is_replaced_whole_or_not_at_all(stagegraph: Run, tmp_path: Path) -> None:
    target = tmp_path / "x.svg"
    target.write_text("before")
    target.chmod(0o640)
    assert stagegraph("render", "-", "-o", str(target), stdin=b"FROM\n").returncode == 1
    assert target.read_text() == "before"
    assert stagegraph("render", NODE, "-o", str(target)).returncode == 0
    assert target.read_text().startswith("<?xml")
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(stagegraph: Run, tmp_path: Path) -> None:
    (tmp_path / "real.mmd").write_text("before")
    (tmp_path / "link.mmd").symlink_to("real.mmd")
    assert stagegraph("render", NODE, "-o", str(tmp_path / "link.mmd")).returncode == 0
    assert (tmp_path / "link.mmd").is_symlink()
    assert "flowchart" in (tmp_path / "real.mmd").read_text()


def test_a_broken_pipe_ends_quietly() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "stagegraph", "render", "samples/monorepo", "--format", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout
    process.stdout.close()
    assert process.stderr
    assert process.stderr.read() == b""
    assert process.wait() == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("command", ["render", "report", "check"])
def test_a_full_disk_is_one_clear_error(command: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "stagegraph", command, "samples/nodejs"],
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.decode() == (
        "error: cannot write standard output: No space left on device\n"
        "hint: write to a file in a directory that exists and is writable\n"
    )


def test_ctrl_c_ends_quietly() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "stagegraph", "report", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        # a shell starts background jobs, and so these tests, with SIGINT ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdin
    process.stdin.write(b"#" * 1_000_000)  # more than a pipe holds: returns when the process is reading
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, b"")
    assert b"Traceback" not in err


def test_explain_says_the_way(stagegraph: Run) -> None:
    assert stagegraph("explain", "node:16", NODE).stdout.decode() == (
        "`node:16` is not in the image, but the build needs it.\n"
        "\n"
        "  node:16\n"
        "    → builder: FROM, line 2\n"
        "    → stage-1: COPY /app/dist → ./dist, line 21\n"
    )


def test_explain_says_why_nothing_needs_a_stage(stagegraph: Run) -> None:
    assert stagegraph("explain", "test", "samples/dead-stages").stdout.decode() == (
        "`test` (line 18) is not needed.\n  Nothing reads it.\n  It is built only as target `test`.\n"
    )
