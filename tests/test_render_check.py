"""``render --check``: whether a file is the picture that would be drawn."""

from __future__ import annotations

import re
import subprocess
import sys
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from stagegraph.formats import formats

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
SUFFIXES = [row.suffixes[0] for row in formats("render").values()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text("FROM a AS b\nRUN x\nFROM c\nCOPY --from=b /x /y\n")
    return tmp_path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_of_every_format_is_true_until_the_dockerfile_changes(
    suffix: str, stagegraph: Run, in_process: Run, folder: Path
) -> None:
    file = folder / f"build{suffix}"
    assert stagegraph("render", "-o", file.name, cwd=folder).returncode == 0
    data = file.read_bytes()
    done = in_process("render", "--check", "-o", file.name, cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    (folder / "Dockerfile").write_text("FROM a AS changed\nRUN x\nFROM c\nCOPY --from=changed /x /y\n")
    done = in_process("render", "--check", "-o", file.name, cwd=folder)
    said = f"{file.name} is out of date: run stagegraph render -o {file.name}\n"
    assert (done.returncode, done.stdout, done.stderr.decode()) == (1, b"", said)
    assert file.read_bytes() == data


def test_a_missing_file_is_not_written(in_process: Run, folder: Path) -> None:
    done = in_process("render", "--check", "--title", "a b", "-o", "build.svg", cwd=folder)
    said = "build.svg does not exist: run stagegraph render --title 'a b' -o build.svg\n"
    assert (done.returncode, done.stderr.decode()) == (1, said)
    assert [path.name for path in folder.iterdir()] == ["Dockerfile"]


def test_an_option_of_the_picture_matters(in_process: Run, folder: Path) -> None:
    in_process("render", "-o", "build.svg", "--legend", cwd=folder)
    assert in_process("render", "--check", "-o", "build.svg", "--legend", cwd=folder).returncode == 0
    assert in_process("render", "--check", "-o", "build.svg", cwd=folder).returncode == 1


@pytest.mark.parametrize(("suffix", "code"), [("svg", 0), ("mmd", 0), ("png", 1)])
def test_git_may_change_the_line_ends_of_a_text(
    suffix: str, code: int, in_process: Run, folder: Path
) -> None:
    file = folder / f"build.{suffix}"
    in_process("render", "-o", file.name, cwd=folder)
    file.write_bytes(file.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    assert in_process("render", "--check", "-o", file.name, cwd=folder).returncode == code


@pytest.mark.parametrize("level", [0, 1, 6])
def test_a_page_is_true_whatever_zlib_packed_its_drawings(
    level: int, in_process: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compress = zlib.compress
    with monkeypatch.context() as other_zlib:
        other_zlib.setattr(zlib, "compress", lambda data, _: compress(data, level))
        in_process("render", "-o", "build.html", cwd=folder)
    file = folder / "build.html"
    held = file.read_bytes()
    assert in_process("render", "--check", "-o", "build.html", cwd=folder).returncode == 0
    in_process("render", "-o", "build.html", cwd=folder)
    assert file.read_bytes() != held
    file.write_bytes(held + b" ")
    assert in_process("render", "--check", "-o", "build.html", cwd=folder).returncode == 1


def test_another_drawing_in_a_page_is_out_of_date(in_process: Run, folder: Path) -> None:
    in_process("render", "-o", "build.html", cwd=folder)
    file = folder / "build.html"
    page = file.read_text("utf-8")
    pack = re.findall(r'"([\w+/=]{99,})"', page.partition('"packed":[')[2].partition("]")[0])[0]
    text = zlib.decompress(b64decode(pack)).decode()
    for other in (
        b64encode(zlib.compress(text.replace("stage", "staqe").encode())),
        b64encode(zlib.compress(text.encode()) + b"more"),
        b64encode(zlib.compress(text.encode())[:-9]),
        b64encode(zlib.compress(bytes(50_000_000))),
        b"AAAA",
    ):
        file.write_text(page.replace(pack, other.decode()), "utf-8")
        done = in_process("render", "--check", "-o", "build.html", cwd=folder)
        assert (done.returncode, done.stderr.decode().partition(":")[0]) == (1, "build.html is out of date")


@pytest.mark.parametrize("more", [b" ", b"x" * 10_000])
def test_more_than_the_picture_is_out_of_date(more: bytes, in_process: Run, folder: Path) -> None:
    in_process("render", "-o", "build.svg", cwd=folder)
    file = folder / "build.svg"
    file.write_bytes(file.read_bytes() + more)
    assert in_process("render", "--check", "-o", "build.svg", cwd=folder).returncode == 1


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        ((), 2, "--check compares a file with what would be drawn; name it with -o FILE"),
        (("-o", "-"), 2, "--check compares a file with what would be drawn; name it with -o FILE"),
        (
            ("-o", "x.svg", "--engine", "system"),
            2,
            "--check cannot be used with --engine system: each version of Graphviz draws something else",
        ),
        (("-o", ".", "-F", "svg"), 1, "error: . is not a file\nhint: name the file of the picture with -o"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    args: tuple[str, ...], code: int, said: str, in_process: Run, folder: Path
) -> None:
    done = in_process("render", "--check", *args, cwd=folder)
    assert (done.returncode, done.stdout) == (code, b"")
    assert said in done.stderr.decode()


def test_a_pdf_that_the_system_would_draw_is_refused(
    in_process: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    done = in_process("render", "--check", "-o", "build.pdf", cwd=folder)
    assert done.returncode == 1
    assert done.stderr.decode() == "error: PDF needs the package typst\nhint: pip install 'stagegraph[pdf]'\n"
