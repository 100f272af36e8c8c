"""``stagegraph diff`` as a user runs it: files, folders, standard input and revisions of git."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from stagegraph.dockerfile.logical import MAX_BYTES

from .tools import need

Run = Callable[..., subprocess.CompletedProcess[bytes]]
ONE, TWO = "FROM alpine AS a\nFROM a\n", "FROM alpine AS a\nRUN x\nFROM a\n"


def git(cwd: Path, *arguments: str) -> None:
    import shutil

    names = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    program = need(shutil.which("git"), "git")
    subprocess.run(
        [program, *arguments], cwd=cwd, check=True, capture_output=True, env={**os.environ, **names}
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose first commit has ONE in app/Dockerfile and whose working tree has TWO."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app/Dockerfile").write_text(ONE)
    (tmp_path / "-x").write_text(ONE)
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "--", "app", "-x")
    git(tmp_path, "commit", "-q", "-m", "one")
    (tmp_path / "app/Dockerfile").write_text(TWO)
    return tmp_path


def test_two_files(in_process: Run, tmp_path: Path) -> None:
    (tmp_path / "one").write_text(ONE)
    (tmp_path / "two").write_text(TWO)
    done = in_process("diff", "one", "two", cwd=tmp_path)
    assert done.stdout.decode() == (
        "one → two\n1 stage changed.\n\nStages\n  ~ a  1 instruction added, line 1\n      + RUN x\n"
    )
    assert done.returncode == 0


@pytest.mark.parametrize(
    "old", ["HEAD:app/Dockerfile", "main:app", "main:app/", "HEAD:./app", ":app/Dockerfile"]
)
def test_a_revision(old: str, in_process: Run, repository: Path) -> None:
    done = in_process("diff", old, "app", "--format", "json", cwd=repository)
    data = json.loads(done.stdout)
    assert [node["added"] for node in data["nodes"]] == [["RUN x"]]
    assert data["old"] == {"main:app": "main:app/Dockerfile", "main:app/": "main:app/Dockerfile"}.get(
        old, "HEAD:./app/Dockerfile" if old == "HEAD:./app" else old
    )


def test_a_path_behind_a_revision_can_be_seen_from_here(in_process: Run, repository: Path) -> None:
    done = in_process("diff", "HEAD:./Dockerfile", "Dockerfile", "--exit-code", cwd=repository / "app")
    assert (done.returncode, done.stderr) == (1, b"")


def test_two_revisions(in_process: Run, repository: Path) -> None:
    git(repository, "commit", "-q", "-a", "-m", "two")
    done = in_process("diff", "HEAD~1:app", "HEAD:app", "--exit-code", cwd=repository)
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_symbolic_link_in_a_revision_is_followed(in_process: Run, repository: Path) -> None:
    (repository / "link").symlink_to("app/Dockerfile")
    git(repository, "add", "link")
    git(repository, "commit", "-q", "-m", "link")
    done = in_process("diff", "HEAD:link", "HEAD:app", "--exit-code", cwd=repository)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_path_that_exists_is_a_path_whatever_its_name(in_process: Run, repository: Path) -> None:
    (repository / "HEAD:odd").write_text(TWO)
    done = in_process("diff", "HEAD:odd", "app", "--exit-code", cwd=repository)
    assert done.returncode == 0


def test_an_absolute_path_is_no_revision(in_process: Run, repository: Path) -> None:
    done = in_process("diff", f"{repository}/no:where", "app", cwd=repository)
    assert f"{repository}/no:where: No such file or directory" in done.stderr.decode()


def test_no_name_is_an_option_for_git(in_process: Run, repository: Path) -> None:
    done = in_process("diff", "--exit-code", "--", "--output=made:x", "HEAD:-x", cwd=repository)
    assert done.stderr.decode() == (
        "error: cannot find --output=made:x in git: unknown revision --output=made\n"
        "hint: use a commit, branch or tag of this repository\n"
    )
    assert not (repository / "made").exists()
    assert in_process("diff", "--exit-code", "HEAD:-x", "HEAD:app", cwd=repository).returncode == 0


@pytest.mark.parametrize(
    ("old", "hint"),
    [
        ("HEAD:no", "check the path: no starts at the root of the repository; use ./no for this directory"),
        (
            "HEAD:./no",
            "check the path: ./no starts at the current directory; without ./ it starts at the root",
        ),
        ("HEAD:a\nb", "check the path"),
    ],
)
def test_what_git_does_not_have(old: str, hint: str, in_process: Run, repository: Path) -> None:
    done = in_process("diff", old, "app", cwd=repository)
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[0].startswith("error: cannot find ")
    if "\n" not in old:
        assert done.stderr.decode() == f"error: cannot find {old} in git\nhint: {hint}\n"


def test_a_folder_outside_every_repository(
    in_process: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    done = in_process("diff", "HEAD:x", "y", cwd=tmp_path)
    assert done.stderr.decode().startswith("error: cannot find HEAD:x in git: not a git repository")


def test_a_repository_without_a_commit(in_process: Run, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    done = in_process("diff", "HEAD:x", "y", cwd=tmp_path)
    assert done.stderr.decode() == (
        "error: cannot find HEAD:x in git: unknown revision HEAD\n"
        "hint: use a commit, branch or tag of this repository\n"
    )


def test_without_git(in_process: Run, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    done = in_process("diff", "HEAD:app", "app", cwd=repository)
    assert done.stderr.decode() == (
        "error: git is not installed, so REV:PATH cannot be read\nhint: install git, or use a path\n"
    )


def test_a_file_of_a_revision_that_is_too_large(in_process: Run, repository: Path) -> None:
    (repository / "large").write_bytes(b"#" * (MAX_BYTES + 1))
    git(repository, "add", "large")
    done = in_process("diff", ":large", "app", cwd=repository)
    assert (
        done.stderr
        == b"error: :large: 4,194,305 bytes is too large for a Dockerfile; the limit is 4,194,304\n"
    )


def test_a_fault_in_a_revision_has_its_line(in_process: Run, repository: Path) -> None:
    (repository / "bad").write_text("FROM a\nRUNE x\n")
    git(repository, "add", "bad")
    done = in_process("diff", ":bad", "app", cwd=repository)
    assert done.returncode == 1
    assert b":bad:2" in done.stderr


def test_standard_input(stagegraph: Run, repository: Path) -> None:
    done = stagegraph("diff", "-", "app", "--exit-code", stdin=TWO.encode(), cwd=repository)
    assert (done.returncode, done.stderr) == (0, b"")
    both = stagegraph("diff", "-", "-", cwd=repository)
    assert both.returncode == 2
    assert b"OLD and NEW cannot both be standard input" in both.stderr


def test_differences_are_no_failure_unless_asked(in_process: Run, repository: Path) -> None:
    assert in_process("diff", "HEAD:app", "app", cwd=repository).returncode == 0
    assert in_process("diff", "HEAD:app", "app", "--exit-code", cwd=repository).returncode == 1
    assert in_process("diff", "app", "app", "--exit-code", cwd=repository).returncode == 0


def test_options_ask_both_sides(in_process: Run, repository: Path) -> None:
    done = in_process("diff", "HEAD:app", "app", "--target", "a", "--format", "json", cwd=repository)
    assert json.loads(done.stdout)["same"] is False
    bad = in_process("diff", "HEAD:app", "app", "--target", "b", cwd=repository)
    assert bad.returncode == 1
    assert bad.stderr.startswith(b"error: ")


def test_a_picture_is_written_whole(in_process: Run, repository: Path) -> None:
    in_process("diff", "HEAD:app", "app", "--format", "svg", "-o", "d.svg", cwd=repository)
    text = (repository / "d.svg").read_text("utf-8")
    assert text.startswith("<?xml")
    assert "HEAD:app/Dockerfile → app/Dockerfile" in text


def _program(tmp_path: Path) -> tuple[str, Path]:
    """A program that leaves a mark when it is run, and the mark."""
    mark, program = tmp_path / "mark", tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho run > '{mark}'\n")
    program.chmod(0o755)
    return str(program), mark


def test_the_configuration_of_a_repository_runs_nothing(in_process: Run, repository: Path) -> None:
    program, mark = _program(repository)
    for name in ("core.fsmonitor", "core.pager", "diff.external", "core.sshCommand", "core.gitProxy"):
        git(repository, "config", name, program)
    git(repository, "config", "core.hooksPath", str(repository))
    done = in_process("diff", ":app/Dockerfile", "HEAD:app", cwd=repository)
    assert done.returncode == 0
    assert not mark.exists()


def test_a_missing_object_is_not_fetched(in_process: Run, repository: Path) -> None:
    program, mark = _program(repository)
    for name, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.url": f"ext::{program}",
        "remote.origin.promisor": "true",
        "protocol.ext.allow": "always",
    }.items():
        git(repository, "config", name, value)
    for path in (repository / ".git/objects").glob("??/*"):
        path.unlink()
    done = in_process("diff", "HEAD:app/Dockerfile", "app", cwd=repository)
    assert done.returncode == 1
    assert b"cannot find HEAD:app/Dockerfile in git" in done.stderr
    assert not mark.exists()


def test_a_bare_repository_in_a_directory_is_not_used(in_process: Run, repository: Path) -> None:
    git(repository, "clone", "-q", "--bare", ".", "inside")
    done = in_process("diff", "HEAD:app/Dockerfile", "Dockerfile", cwd=repository / "inside")
    assert done.returncode == 1
    assert b"bare repository" in done.stderr


# bake and compose files at a revision

BAKE = """\
group "default" { targets = ["a", "b"] }
target "a" { context = "app" }
target "b" { context = "app" }
"""


@pytest.fixture
def bake_repository(repository: Path) -> Path:
    """A commit with a bake file, a compose file and their Dockerfile; the working tree has a new RUN."""
    (repository / "app/Dockerfile").write_text(ONE)
    (repository / "docker-bake.hcl").write_text(BAKE)
    (repository / "other").mkdir()
    text = "services:\n  a:\n    extends: {file: base.yaml, service: s}\n"
    (repository / "other/compose.yaml").write_text(text)
    (repository / "other/base.yaml").write_text("services:\n  s:\n    build: ../app\n")
    git(repository, "add", "docker-bake.hcl", "other")
    git(repository, "commit", "-q", "-m", "bake")
    (repository / "app/Dockerfile").write_text(TWO)
    return repository


@pytest.mark.parametrize(
    ("old", "new", "folder"),
    [
        ("HEAD:docker-bake.hcl", "docker-bake.hcl", "."),
        ("HEAD:docker-bake.hcl", "../docker-bake.hcl", "other"),
        ("HEAD:../docker-bake.hcl", "../docker-bake.hcl", "other"),
        ("HEAD:", ".", "."),
        ("HEAD:.", ".", "."),
        ("HEAD:./", ".", "."),
        (":docker-bake.hcl", "docker-bake.hcl", "."),
        ("HEAD:other/compose.yaml", "other", "."),
        ("HEAD:other", "other/compose.yaml", "."),
        ("HEAD:./compose.yaml", ".", "other"),
    ],
)
def test_all_files_of_a_bake_file_are_those_of_the_revision(
    old: str, new: str, folder: str, in_process: Run, bake_repository: Path
) -> None:
    done = in_process("diff", old, new, cwd=bake_repository / folder)
    assert "1 instruction added" in done.stdout.decode(), done.stderr
    assert done.stdout.decode().startswith(f"{old} → ")
    assert done.stdout.count(b"~ ") == 1


def test_a_bake_file_that_changed_adds_its_targets(in_process: Run, bake_repository: Path) -> None:
    text = BAKE.replace('"b"] }', '"b", "c"] }') + 'target "c" { dockerfile-inline = "FROM new" }\n'
    (bake_repository / "docker-bake.hcl").write_text(text)
    done = in_process("diff", "HEAD:docker-bake.hcl", "docker-bake.hcl", cwd=bake_repository)
    assert "+ new" in done.stdout.decode()
    git(bake_repository, "add", "docker-bake.hcl", "app")
    git(bake_repository, "commit", "-q", "-m", "two")
    both = in_process("diff", "HEAD~1:docker-bake.hcl", "HEAD:docker-bake.hcl", cwd=bake_repository)
    assert both.stdout.splitlines()[1:] == done.stdout.splitlines()[1:]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("HEAD:docker-bake.hcl", "."), "target a: there is no Dockerfile gone/Dockerfile"),
        (("HEAD:empty", "."), "cannot find HEAD:empty in git"),
        (("HEAD:gone", "."), "there is no Dockerfile and no bake or compose file in HEAD:gone"),
        (("HEAD:docker-bake.hcl", ".", "--target", "x"), "has the options of its builds"),
        (("none:docker-bake.hcl", "."), "unknown revision none"),
    ],
)
def test_a_bake_file_at_a_revision_that_cannot_be_read(
    words: tuple[str, ...], message: str, in_process: Run, bake_repository: Path
) -> None:
    (bake_repository / "docker-bake.hcl").write_text(
        BAKE.replace('a" { context = "app"', 'a" { context = "gone"')
    )
    (bake_repository / "gone").mkdir()
    (bake_repository / "gone/file").write_text("")
    git(bake_repository, "add", ".")
    git(bake_repository, "commit", "-q", "-m", "gone")
    (bake_repository / "gone/Dockerfile").write_text(ONE)
    done = in_process("diff", *words, cwd=bake_repository)
    assert done.returncode in (1, 2)
    assert message in done.stderr.decode()
