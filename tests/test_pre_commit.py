"""The hooks as pre-commit itself installs and runs them, and the files that they look at."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import stagegraph as sg
from stagegraph.discovery.file_names import is_dockerfile_name

from .conftest import ROOT
from .tools import need, program

HOOK = {one["id"]: one for one in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
_NAMES = """
Dockerfile dockerfile.dev app/Dockerfile-slim app/Dockerfile_x api.Dockerfile Containerfile x.containerfile
Dockerfile.j2 Dockerfile.dockerignore Dockerfile.md Dockerfiles mydockerfile Dockerfile/x main.py Dockerfile~
Dockerfile.yaml .Dockerfile
"""


@pytest.mark.parametrize("name", _NAMES.split())
def test_the_hook_sees_what_check_finds_in_a_directory(name: str) -> None:
    hook = HOOK["stagegraph-check"]
    seen = bool(re.search(hook["files"], name)) and not re.search(hook["exclude"], name)
    assert seen == is_dockerfile_name(name.rpartition("/")[2])


def git(*words: str, cwd: Path) -> str:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        [program("git"), *identity, *words], cwd=cwd, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def committed(folder: Path) -> str:
    """The commit of all that is in ``folder``, a repository from now on."""
    git("init", "--quiet", cwd=folder)
    git("add", "--all", cwd=folder)
    git("commit", "--quiet", "--message", "x", cwd=folder)
    return git("rev-parse", "HEAD", cwd=folder)


def project(folder: Path) -> Path:
    """What pre-commit clones: the project as it is here."""
    folder.mkdir()
    for name in ("stagegraph", "docs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.svg"))
    for name in (".pre-commit-hooks.yaml", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def drawn(dockerfile: Path) -> bytes:
    source = sg.Source(name=dockerfile.name, text=dockerfile.read_text("utf-8"))
    return sg.render(sg.analyse(sg.read(source)), "svg")


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("Dockerfile", True),
        ("app/Dockerfile-slim", True),
        ("app/api.Dockerfile", True),
        ("Containerfile.dev", True),
        ("docs/build.svg", True),
        ("docs/build.PNG", True),
        ("mydockerfile", False),
        ("main.py", False),
        ("README.md", False),
    ],
)
def test_the_hook_draws_when_a_dockerfile_or_a_picture_changes(name: str, runs: bool) -> None:
    assert bool(re.search(HOOK["stagegraph-render"]["files"], name)) == runs


def test_pre_commit_installs_and_runs_the_hooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = project(tmp_path / "source")
    used = tmp_path / "used"
    used.mkdir()
    (used / "Dockerfile").write_text("FROM a\nRUN x\n\nFROM b\n")
    (used / "Dockerfile.j2").write_text("{{ x }}\n")
    (used / "README.md").write_text("# x\n\n<!-- stagegraph: Dockerfile -->\n<!-- /stagegraph -->\n")
    (used / "build.svg").write_text("old\n")
    hooks: list[dict[str, object]] = [
        {"id": "stagegraph-check"},
        {"id": "stagegraph-embed-check"},
        {"id": "stagegraph-render", "args": ["-o", "build.svg", "Dockerfile"]},
        {"id": "stagegraph-render", "args": ["-o", "build.svg", "Dockerfile"], "name": "Draw it again"},
        {"id": "stagegraph-render", "args": ["--check", "-o", "build.png", "Dockerfile"]},
    ]
    config = {"repos": [{"repo": str(source), "rev": committed(source), "hooks": hooks}]}
    (used / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    committed(used)
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "home"))
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files", "--color", "never"],
        cwd=used,
        capture_output=True,
        text=True,
        check=False,
    )
    if "No matching distribution" in done.stdout:
        need(None, "a package index")
    assert done.returncode == 1, done.stdout
    assert "Check Dockerfiles for dead stages........" in done.stdout
    assert "1:6 warning: nothing can ever build `stage-0` [dead-stage]" in done.stdout
    assert "1 file checked: 1 warning" in done.stdout
    assert "README.md" in done.stdout
    assert "- files were modified by this hook" in done.stdout
    assert re.search(r"Draw it again\.+Passed", done.stdout)
    assert "build.png does not exist: run stagegraph render -o build.png Dockerfile" in done.stdout
    assert (used / "build.svg").read_bytes() == drawn(used / "Dockerfile")
    assert not (used / "build.png").exists()
