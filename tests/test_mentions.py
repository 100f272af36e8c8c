"""What a repository calls a target, though no build of it is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagegraph.check.settings import Settings
from stagegraph.check.work import work_of
from stagegraph.discovery.discover import may_mention, mentions
from stagegraph.options import Options

from .test_check_rules import codes


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("buildxCmd build --target shell .", ["shell"]),
        ("img build --target=Dev .", ["dev"]),
        ('["--target", "dev"]', ["dev"]),
        ("'--target' 'dev'", ["dev"]),
        ("target: dev", ["dev"]),
        ('{"target": "dev"}', ["dev"]),
        ('\\"target\\": \\"dev\\"', ["dev"]),
        ("target = 'dev-env'", ["dev-env"]),
        ("TARGET=rootless make", ["rootless"]),
        ("targets: [lint, 'test', \"x.y\"]", ["lint", "test", "x.y"]),
        ("targets:\n  - lint\n  - 'test'\nother:\n  - no\n", ["lint", "test"]),
        ("Use `docker build --target debug.`", ["debug"]),
        ("--mount=type=bind,target=/src", []),
        ("--target $(TARGET)", []),
        ("ARG TARGETARCH", []),
        ("on target", []),
    ],
)
def test_words_that_are_called_a_target(text: str, words: list[str]) -> None:
    assert [word for word, _ in mentions(text)] == words


def test_each_word_has_its_line() -> None:
    assert list(mentions("x\n\ntarget: a\n--target b\n")) == [("a", 3), ("b", 4)]


def test_long_runs_of_spaces_cost_nothing() -> None:
    assert not list(mentions("--target" + " " * 200_000 + "=\n" + "targets:" + "\n" * 40_000))


@pytest.mark.parametrize(
    "name", ["README.md", "skaffold.yaml", "Tiltfile", "build", "Dockerfile.dev", "x.py"]
)
def test_files_that_are_read_for_words(name: str) -> None:
    assert may_mention(name)


@pytest.mark.parametrize("name", ["main.go", "x.png", "app.js", "uv.lock"])
def test_files_that_are_not(name: str) -> None:
    assert not may_mention(name)


def test_a_stage_that_something_names_is_not_called_idle(tmp_path: Path) -> None:
    dockerfile = "FROM a AS base\nFROM base AS dev\nFROM base AS old\nFROM base\n"
    (tmp_path / ".git").mkdir()
    (tmp_path / "Dockerfile").write_text(dockerfile)
    (tmp_path / "Makefile").write_text("image:\n\tdocker build .\n")
    (tmp_path / "README.md").write_text("Develop in a container:\n\n    mytool --target dev\n")
    (task,) = work_of([str(tmp_path)], Settings(), Options()).tasks
    assert task.known_builds.mentioned["dev"] == "README.md:3"
    assert codes(dockerfile, task.known_builds) == ["idle-stage"]
