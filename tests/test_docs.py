"""The documentation is true: its commands run, its outputs are the real ones, its tables complete."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stagegraph.formats import formats

from .commands_reference import commands_reference
from .conftest import ROOT
from .tools import program

PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "samples/README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
_BLOCK = re.compile(
    r"<!-- run(?:: (?P<how>[a-z ]+))? -->\n```(?P<language>\w+)\n(?P<body>.*?)```\n", re.DOTALL
)
_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)")


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(how: str, language: str) -> list[tuple[str, str]]:
    """Page and body of every block that is marked ``how``."""
    return [
        (_name(page), match["body"])
        for page in PAGES
        for match in _BLOCK.finditer(page.read_text("utf-8"))
        if (match["how"] or "") == how and match["language"] == language
    ]


def _git(*arguments: str | Path, cwd: Path = ROOT) -> None:
    names = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    command = [program("git"), "-c", "core.autocrlf=false", *map(str, arguments)]
    subprocess.run(command, cwd=cwd, check=True, capture_output=True, env=os.environ | names)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository whose only commit has the project as it is now, uncommitted changes included."""
    folder = tmp_path_factory.mktemp("published") / "stagegraph.git"
    _git("init", "-q", "-b", "main", "--bare", folder)
    here = (f"--git-dir={folder}", f"--work-tree={ROOT}")
    _git(*here, "add", ".")
    _git(*here, "commit", "-q", "-m", "all")
    return folder


@pytest.fixture(scope="session")
def clone(published: Path) -> Path:
    """A clone of the project, as a reader has it; no test writes into it."""
    return _cloned(published, published.parent / "clone")


@pytest.fixture
def own_clone(published: Path, tmp_path: Path) -> Path:
    """A clone of the project in which the test may write."""
    return _cloned(published, tmp_path / "clone")


def _cloned(published: Path, folder: Path) -> Path:
    _git("clone", "-q", published, folder)
    return folder


def run(command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a documented command line with this Python's stagegraph."""
    program, *arguments = shlex.split(command)
    assert program == "stagegraph", command
    return subprocess.run(
        [sys.executable, "-m", "stagegraph", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_examples_with_git_run(own_clone: Path) -> None:
    found = blocks("git", "sh")
    assert found
    for page, body in found:
        for line in body.splitlines():
            done = run(line, own_clone)
            assert done.returncode == 0, f"{page}: {line}\n{done.stderr}"


def test_shell_examples_run(own_clone: Path, golden: Callable[[Path, bytes], None]) -> None:
    found = blocks("", "sh")
    assert len(found) >= 1
    for page, body in found:
        for line in body.replace("\\\n", " ").splitlines():
            done = run(line, own_clone)
            assert done.returncode == 0, f"{page}: {line}\n{done.stderr}"
    for picture in sorted((ROOT / "docs").glob("*.svg")):
        golden(picture, (own_clone / "docs" / picture.name).read_bytes())


@pytest.mark.parametrize(("page", "body"), blocks("shown", "console"))
def test_shown_output_is_the_real_one(
    page: str, body: str, clone: Path, request: pytest.FixtureRequest
) -> None:
    command, _, shown = body.partition("\n")
    done = run(command.removeprefix("$ "), clone)
    assert done.stdout, done.stderr
    if request.config.getoption("--refresh"):
        _replace(page, f"{command}\n{shown}```", f"{command}\n{done.stdout}```")
    else:
        assert done.stdout == shown, f"{page}: {command}: run pytest --refresh"


def _replace(page: str, old: str, new: str) -> None:
    path = next(path for path in PAGES if _name(path) == page)
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


@pytest.mark.parametrize(("page", "body"), blocks("", "python"))
def test_python_examples_run(page: str, body: str, own_clone: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", body], cwd=own_clone, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, f"{page}\n{done.stderr}"


def test_the_gate_runs_the_two_commands_of_the_readme() -> None:
    gate = (ROOT / ".ci/run").read_text("utf-8")
    for how in ("setup", "tests"):
        found = blocks(how, "sh")
        assert "README.md" in [page for page, _ in found]
        assert all(body.strip() in gate for _, body in found)


def test_every_command_that_is_shown_is_run() -> None:
    for page in PAGES:
        text = page.read_text("utf-8")
        for block in re.finditer(r"^(.*)\n```(sh|console|python)\n(.*)", text, re.MULTILINE):
            assert block[1].startswith("<!-- run"), f"{_name(page)}: {block[3]}"


def test_the_diagrams_inside_pages_are_true() -> None:
    done = run("stagegraph embed --check README.md docs samples", ROOT)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_the_readme_has_a_live_diagram() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert "<!-- stagegraph: samples/python-web/Dockerfile -->\n\n```mermaid\n" in text


def test_every_sample_is_in_the_list_of_samples() -> None:
    text = (ROOT / "samples/README.md").read_text("utf-8")
    for folder in sorted(path for path in (ROOT / "samples").iterdir() if path.is_dir()):
        assert f"[{folder.name}](" in text


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for match in _LINK.finditer(page.read_text("utf-8")):
            assert (page.parent / match[1]).exists(), f"{page.name}: {match[1]}"


def test_the_commands_page_is_made_from_the_program(golden: Callable[[Path, bytes], None]) -> None:
    golden(ROOT / "docs/commands.md", commands_reference().encode())


def test_every_format_has_its_row() -> None:
    text = (ROOT / "docs/formats.md").read_text("utf-8")
    for row in formats("render").values():
        assert f"| `{row.name}` | {', '.join(f'`{suffix}`' for suffix in row.suffixes)} |" in text


def test_the_modules_that_the_rules_name_exist() -> None:
    modules = re.findall(r"`([\w/]+\.py)`", (ROOT / "docs/rules.md").read_text("utf-8"))
    assert modules
    assert [module for module in modules if not (ROOT / "stagegraph" / module).is_file()] == []
