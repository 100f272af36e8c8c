"""``--fix-idle`` removes the stages that no known build needs, and keeps those of which that is in doubt."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from stagegraph.check.fix import fix_dockerfile
from stagegraph.check.known_builds import KnownBuilds
from stagegraph.check.rules import RULES
from stagegraph.dockerfile.file import Dockerfile, read_dockerfile
from stagegraph.dockerfile.resolve import resolve
from stagegraph.errors import StagegraphError
from stagegraph.options import Options
from stagegraph.source import Source

from .brute_force import random_dockerfile
from .strategies import count

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
IDLE = """\
FROM alpine AS base

# tools for people
FROM base AS tools
FROM tools AS debug
RUN true

FROM base AS app
"""
APP = "services: {a: {build: {context: ., target: app}}}"
DEFAULT = "services: {a: {build: .}}"


def project(folder: Path, text: str = IDLE, builds: str = APP) -> Path:
    """The Dockerfile of a repository whose compose file is ``builds``."""
    (folder / ".git").mkdir()
    (folder / "compose.yaml").write_text(builds)
    (folder / "Dockerfile").write_text(text)
    return folder / "Dockerfile"


def test_what_no_known_build_needs_is_removed(in_process: Run, tmp_path: Path) -> None:
    path = project(tmp_path)
    done = in_process("check", "--fix-idle", cwd=tmp_path)
    message = (
        "Dockerfile: removed `tools`, `debug`; the graph of every known build and of every target "
        "that is left stays the same\n"
    )
    assert (done.returncode, done.stderr.decode()) == (0, message)
    assert path.read_text() == "FROM alpine AS base\n\nFROM base AS app\n"
    again = in_process("check", "--fix-idle", cwd=tmp_path)
    assert (again.returncode, again.stdout, again.stderr) == (0, b"", b"")


def test_diff_only_shows(in_process: Run, tmp_path: Path) -> None:
    path = project(tmp_path)
    done = in_process("check", "--fix-idle", "--diff", cwd=tmp_path)
    assert done.returncode == 1
    assert b"-FROM tools AS debug\n" in done.stdout
    assert b"would remove `tools`, `debug`" in done.stderr
    assert path.read_text() == IDLE


def test_fix_alone_keeps_idle_stages(in_process: Run, tmp_path: Path) -> None:
    path = project(tmp_path)
    assert in_process("check", "--fix", cwd=tmp_path).returncode == 0
    assert path.read_text() == IDLE


@pytest.mark.parametrize(
    ("text", "builds", "kept"),
    [
        pytest.param(
            IDLE,
            "services: {a: {build: {context: ., target: $T}}, b: {build: .}}",
            ["`tools`, `debug`: compose.yaml:1 has an unknown target, which could be it"],
            id="unknown target",
        ),
        pytest.param(
            IDLE,
            "",
            ["`tools`, `debug`: no build of this file was found; name the targets with --target"],
            id="no build",
        ),
        pytest.param(
            "FROM a AS x\nFROM b AS y\nFROM c\nFROM d AS app\nCOPY --from=2 /a /b\n",
            APP,
            ["`x`, `y`: removing them would change another stage (for example what `--from=1` refers to)"],
            id="number",
        ),
        pytest.param(
            "FROM a AS x\n# stagegraph: ignore=idle-stage ours\nFROM x AS own\nFROM b\n",
            DEFAULT,
            ["`x`: `own` reads it"],
            id="comment",
        ),
        pytest.param(
            "FROM node AS tools\nFROM tools AS builder\nFROM scratch\nCOPY --from=bulider /x /y\n",
            DEFAULT,
            ["`tools`: `builder` reads it", "`builder`: another stage reads a name that is similar"],
            id="typo",
        ),
    ],
)
def test_what_may_be_built_is_kept(
    in_process: Run, tmp_path: Path, text: str, builds: str, kept: list[str]
) -> None:
    path = project(tmp_path, text, builds)
    done = in_process("check", "--fix-idle", cwd=tmp_path)
    assert path.read_text() == text
    assert done.stdout == b""
    lines = [line for line in done.stderr.decode().splitlines() if "kept" in line]
    assert lines == [f"Dockerfile: kept {one}" for one in kept]


def test_a_target_that_a_document_names_is_kept(in_process: Run, tmp_path: Path) -> None:
    path = project(tmp_path)
    (tmp_path / "README.md").write_text("    docker build --target debug .\n")
    done = in_process("check", "--fix-idle", cwd=tmp_path)
    assert done.stderr.decode() == (
        "Dockerfile: kept `tools`: `debug` reads it\n"
        "Dockerfile: kept `debug`: README.md:1 names this target\n"
    )
    assert path.read_text() == IDLE


def test_a_stage_that_a_variable_can_choose_is_kept(in_process: Run, tmp_path: Path) -> None:
    text = "ARG V=a\nFROM x AS base-a\nFROM y AS base-b\nFROM z AS other\nFROM base-$V\n"
    path = project(tmp_path, text, DEFAULT)
    in_process("check", "--fix-idle", cwd=tmp_path)
    assert path.read_text() == text.replace("FROM z AS other\n", "")


def test_targets_on_the_command_line_are_taken_for_all(in_process: Run, tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text(IDLE)
    assert in_process("check", "--fix-idle", "--target", "tools", "Dockerfile", cwd=tmp_path).returncode == 0
    assert path.read_text() == IDLE.replace("FROM tools AS debug\nRUN true\n\n", "")


def test_no_known_build_changes_in_generated_files() -> None:
    removed = 0
    for seed in range(count(15)):
        text = random_dockerfile(seed)
        file = dockerfile(text)
        names = [
            stage.head.name for stage in file.stages if stage.head.name and not stage.head.name.isdecimal()
        ]
        targets = random.Random(seed).sample(names, min(len(names), 2))
        questions = (Options(), *(Options(target=name) for name in targets))
        known = KnownBuilds(questions=questions, builds=("x:1",) * len(questions), targets_known=True)
        found = fix_dockerfile(text.encode(), "Dockerfile", known, RULES.keys(), idle=True)
        removed += len(found.removed)
        after = dockerfile(found.after.decode())
        assert [built(file, one) for one in questions] == [built(after, one) for one in questions], text
    assert removed > count(2)


def dockerfile(text: str) -> Dockerfile:
    return read_dockerfile(Source(name="Dockerfile", text=text))


def built(file: Dockerfile, question: Options) -> object:
    """The base and the instructions of everything that a build needs; None where BuildKit rejects it."""
    try:
        resolved = resolve(file, question, question.target or "", question.all_platforms[0])
    except StagegraphError:
        return None
    needed = [resolved.sources[index] for index in resolved.needed]
    return sorted((one.base, [command.instruction.text for command in one.commands]) for one in needed)
