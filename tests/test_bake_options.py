"""Every command with a bake or compose file, or a directory that has only one: a result or one error."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from . import builds, images
from .bake_projects import write
from .test_affected import git

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
BAKE = """\
group "default" { targets = ["api", "web"] }
target "api" {
  context = "src"
  target = "api"
}
target "web" {
  context = "src"
  target = "web"
}
"""
COMPOSE = """\
services:
  api: {build: {context: ../src, target: api}}
  web: {build: {context: ../src, target: web}}
"""
PLACES = ("bake/docker-bake.hcl", "bake", "stack/compose.yaml", "stack")
# by command: the words before the file, and the options that have no effect with such a file
BUILD = (
    ("--target", "api"),
    ("--build-arg", "A=1"),
    ("--platform", "linux/arm64"),
    ("--build-context", "x=."),
)
RECORD = ("--record", "records")
COMMANDS: dict[str, tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]] = {
    "render": (("-F", "text"), (*BUILD, ("--image", "image.tar"), (*RECORD, "--build", "api"))),
    "report": ((), (*BUILD, ("--image", "image.tar"), ("--usage", "du.jsonl"), (*RECORD, "--build", "api"))),
    "explain": (("api",), BUILD),
    "affected": (("--since", "HEAD"), (*BUILD, ("--context", "src"), RECORD)),
    "timings": (("records",), (*BUILD, ("--since", "HEAD"), ("--plan",), ("--build", "api"))),
}
CASES = [(name, place, option) for name, row in COMMANDS.items() for place in PLACES for option in row[1]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with a bake file and a compose file, each alone in a directory, and a record."""
    files = {
        "bake/docker-bake.hcl": BAKE.replace('"src"', '"../src"'),
        "stack/compose.yaml": COMPOSE,
        "src/Dockerfile": builds.files()["bake/Dockerfile"].decode(),
    }
    write(tmp_path, files)
    (tmp_path / "records").write_bytes(builds.files()["bake/cold.2records.dockerbuild"])
    images.written(tmp_path, images.files()["nodejs/image.oci.tar"])
    images.written(tmp_path, images.files()["du.jsonl"], "du.jsonl")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("command", [*COMMANDS, "check", "diff"])
def test_every_command_takes_such_a_file(command: str, place: str, in_process: Run, folder: Path) -> None:
    words = COMMANDS[command][0] if command in COMMANDS else ()
    both = (place,) if command == "diff" else ()
    done = in_process(command, *words, *both, place, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert not done.stderr or command == "check"
    expected = {"check": "1 file checked", "diff": "same", "affected": "0 of 2 targets"}
    assert expected.get(command, "api") in done.stdout.decode()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "words",
    [
        ("render", "--since", "HEAD", "-F", "text"),
        ("render", "--record", "records", "-F", "text"),
        ("report", "--record", "records"),
    ],
)
def test_what_changes_the_graph_takes_such_a_file(
    words: tuple[str, ...], place: str, in_process: Run, folder: Path
) -> None:
    done = in_process(*words, place, cwd=folder)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout != in_process(*words[:1], *words[3:], place, cwd=folder).stdout


@pytest.mark.parametrize(("command", "place", "option"), CASES)
def test_an_option_of_one_dockerfile_is_refused(
    command: str, place: str, option: tuple[str, ...], in_process: Run, folder: Path
) -> None:
    words = COMMANDS[command][0]
    done = in_process(command, *words, place, *option, cwd=folder)
    lines = done.stderr.decode().splitlines()
    assert (done.returncode, done.stdout) == (2, b""), lines
    assert len([line for line in lines if line.startswith("Error: ")]) == 1
    named = [word for word in option if word.startswith("--")]
    assert any(word in lines[-1] for word in [*named, "change them with --set"])


@pytest.mark.parametrize("place", PLACES)
def test_an_image_is_of_one_dockerfile(place: str, in_process: Run, folder: Path) -> None:
    done = in_process("sizes", "image.tar", place, cwd=folder)
    assert done.returncode == 1
    assert b"src/Dockerfile" in done.stderr
    assert done.stderr.endswith(b"hint: name a Dockerfile\n")


@pytest.mark.parametrize("name", ["docker-bake.hcl", "docker-bake.json", "compose.yaml"])
@pytest.mark.parametrize("command", ["render", "report", "explain", "affected", "timings", "diff"])
def test_a_file_without_targets_is_named(name: str, command: str, in_process: Run, folder: Path) -> None:
    text = {"docker-bake.hcl": "", "docker-bake.json": "{}", "compose.yaml": "services: {}\n"}[name]
    write(folder, {f"empty/{name}": text})
    words = {"explain": ("x",), "timings": ("records",), "diff": (f"empty/{name}",)}.get(command, ())
    for place in (f"empty/{name}", "empty"):
        done = in_process(command, *words, place, cwd=folder)
        assert (done.returncode, done.stdout) == (1, b"")
        assert done.stderr.decode() == (
            f"error: empty/{name}: failed to find target default\n"
            "hint: add a target to the file, or name another file\n"
        )


def test_a_file_without_a_default_says_what_to_name(in_process: Run, folder: Path) -> None:
    (folder / "bake/docker-bake.hcl").write_text('target "a" {}\ntarget "b" {}\n')
    assert in_process("render", "bake", cwd=folder).stderr.decode() == (
        "error: bake/docker-bake.hcl: failed to find target default\n"
        "hint: name what to build, or add a group default; targets are a, b\n"
    )


@pytest.mark.parametrize(
    ("text", "option"),
    [('target "a" {}\n', "--bake"), ("services:\n  a:\n    build: .\n", "--compose")],
)
def test_a_bake_file_on_standard_input_needs_an_option(
    text: str, option: str, stagegraph: Run, folder: Path
) -> None:
    done = stagegraph("render", "-", stdin=text.encode(), cwd=folder)
    assert done.returncode == 1
    assert done.stderr.decode().endswith(f"hint: add {option} to read it as one\n")


def test_a_target_in_a_directory_with_a_dockerfile_needs_an_option(in_process: Run, folder: Path) -> None:
    write(folder, {"both/docker-bake.hcl": 'target "api" {}\n', "both/Dockerfile": "FROM alpine\n"})
    done = in_process("render", "api", cwd=folder / "both")
    assert done.stderr.decode() == (
        "error: api: No such file or directory\n"
        "hint: give the path of a Dockerfile, or add --bake to name a target of docker-bake.hcl\n"
    )
    assert in_process("render", "--bake", ".", "api", cwd=folder / "both").returncode == 0
    done = in_process("render", "x/api", cwd=folder / "both")
    assert "--bake" not in done.stderr.decode()
