"""Every option of every command changes what it does in every format, or is refused."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from stagegraph.cli import cli
from stagegraph.formats import formats

from . import images
from .conftest import ROOT

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]

DOCKERFILE = """\
# syntax=docker/dockerfile:1
ARG V=1
FROM alpine:$V AS base-amd64
FROM alpine:3 AS base-arm64
RUN --device=x make
FROM other AS base-none
FROM base-${TARGETARCH} AS base
FROM base AS builder
WORKDIR /src
RUN make
FROM other AS unused
RUN b
FROM other AS lint
RUN lint
FROM other AS docs
RUN docs
FROM other AS types
RUN types
FROM other AS notes
RUN notes
FROM base AS side
RUN c
COPY --from=lint /x /lint
COPY --from=docs /x /docs
COPY --from=types /x /types
COPY --from=notes /x /notes
FROM base
COPY --from=builder /src/a/very/long/path /usr/bin/app
COPY --from=side /x /x
"""
OTHER = (
    DOCKERFILE.replace("RUN make", "RUN make all")
    .replace("FROM alpine:3 AS", "FROM debian AS")
    .replace("alpine:$V", "alpine:${V}0")
)
_BUILD: dict[str, tuple[str, ...]] = {
    "targets": ("--target", "builder"),
    "build_args": ("--build-arg", "V=2"),
    "platforms": ("--platform", "linux/arm64"),
    "contexts": ("--build-context", "side=./x"),
}
_VIEW = {
    "direction": ("--direction", "RL"),
    "prune": ("--prune",),
    "all": ("--all",),
    "steps": ("--steps",),
    "critical_path": ("--critical-path",),
    "legend": ("--legend",),
    "labels": ("--no-labels",),
    "theme": ("--theme", "dark"),
    "link_base": ("--link-base", "https://example.com/Dockerfile"),
    "title": ("--title", "A title"),
    "engine": ("--engine", "system"),  # which is not there: the path is empty
    "dialect": ("--dialect", "azure"),
    "detail": ("--detail", "targets"),
}
_MEASURED = {
    "record": ("--record", "build.dockerbuild"),
    "build": ("--record", "build.dockerbuild", "--build", "9"),
    "image": ("--image", "image.tar"),
    "usage": ("--usage", "du.jsonl"),
}
LOG = """\
#1 [internal] load build definition from Dockerfile
#1 DONE 0.1s

#2 [base-amd64 1/1] FROM docker.io/library/alpine:1
#2 DONE 0.5s

#3 [builder 1/2] WORKDIR /src
#3 DONE 0.1s

#4 [builder 2/2] RUN make
#4 DONE 2.0s

#5 [side 1/1] RUN c
#5 DONE 1.0s
"""
USAGE = """\
{"ID": "a", "Description": "pulled from docker.io/library/alpine:1", "Size": "5MB"}
{"ID": "b", "Parents": ["a"], "Description": "mount / from exec /bin/sh -c c", "Size": "1MB"}
"""
_READERS = {"reader": ("--bake",), "overrides": ("--set", "a.args.V=2")}
# by command: what it is run with, and an option that should matter
_Options = dict[str, tuple[str, ...]]
CASES: dict[str, tuple[tuple[str, ...], _Options]] = {
    "render": (
        ("Dockerfile",),
        _BUILD | _READERS | _VIEW | _MEASURED | {"check": ("--check",), "since": ("--since", "none")},
    ),
    "report": (("Dockerfile",), _BUILD | _READERS | _MEASURED),
    "explain": (("alpine:1", "Dockerfile"), _BUILD | _READERS),
    "diff": (
        ("Dockerfile", "other/Dockerfile"),
        _BUILD
        | {name: _VIEW[name] for name in ("direction", "labels", "theme", "title")}
        | {"targets": ("--target", "none"), "exit_code": ("--exit-code",)},
    ),
    "check": (
        (".",),
        _BUILD
        | {
            "contexts": ("--build-context", "bulder=./x"),
            "build_args": ("--build-arg", "W=x"),
            "platforms": ("--platform", "none"),
            "select": ("--select", "dead-stage"),
            "enable": ("--enable", "cache-order"),
            "ignore": ("--ignore", "would-fail"),
            "exclude": ("--exclude", "compose.yaml"),
            "include_fixtures": ("--include-fixtures",),
            "fail_on": ("--fail-on", "never"),
            "discover": ("--no-discover",),
            "fix": ("--fix",),
            "fix_idle": ("--fix-idle",),
            "diff": ("--diff",),
            "verbose": ("--verbose",),
            "list_rules": ("--list-rules",),
            "explain": ("--explain", "dead-stage"),
        },
    ),
    "timings": (
        ("build.log", "Dockerfile"),
        _BUILD
        | {
            "targets": ("--target", "none"),
            "build_args": ("--build-arg", "V=:"),
            "build": ("--build", "9"),
            "compare": ("--compare", "build.log"),
            "since": ("--since", "none"),
            "plan": ("--plan",),
            "fail_over": ("--fail-over", "0"),
            "fail_path_over": ("--fail-path-over", "0"),
            "perfetto": ("--perfetto", "trace.json"),
        },
    ),
    "sizes": (
        ("image.tar", "Dockerfile"),
        _BUILD
        | {
            "build_args": ("--build-arg", "V=:"),
            "contexts": ("--build-context", "builder"),
            "name": ("--name", "other"),
            "usage": _MEASURED["usage"],
            "compare": ("--compare",),
            "fail_over": ("--fail-over", "0"),
            "fail_wasted": ("--fail-wasted", "0%"),
        },
    ),
    "embed": (
        ("README.md",),
        {
            "check": ("--check",),
            "allow_empty": ("--check", "--allow-empty"),
            "init": ("--init",),
            "dockerfile": ("--init", "--dockerfile", "other/Dockerfile"),
            "heading": ("--init", "--heading", "Other"),
        },
    ),
}
_BASE = {"allow_empty": ("--check",), "dockerfile": ("--init",), "heading": ("--init",)}
# said elsewhere: test_cli has --file and --tag; affected has tests of its own
_ELSEWHERE = {"format_name", "output", "file", "record_build", "tag", "fail_on_empty", "help"}


def _prepare(folder: Path) -> None:
    files = {
        "Dockerfile": DOCKERFILE,
        "other/Dockerfile": OTHER,
        "args/Dockerfile": "ARG W\nFROM $W\n",
        "typo/Dockerfile": "FROM a AS builder\nFROM b\nCOPY --from=bulder / /x\n",
        "late/Dockerfile": "FROM node\nCOPY . .\nRUN npm ci\n",
        "fixtures/Dockerfile": "FROM x\nFROM y\nFROM z\n",
        "compose.yaml": "services:\n  a:\n    build: {context: ., target: tests}\n",
        "README.md": "# Title\n\n## Other\n\ntext\n",
    }
    (folder / "build.log").write_text(LOG)
    (folder / ".git").mkdir()
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    contents = ({"bin/sh": b"x", "x": b"y"}, {"usr/bin/app": b"x" * 100}, {"x": b"x" * 100})
    layers = [images.tar_of(content) for content in contents]
    history = ["ADD file", "COPY /src/a/very/long/path /usr/bin/app # buildkit", "COPY /x /x # buildkit"]
    image = images.image_of(*layers, history=[{"created_by": text} for text in history])
    (folder / "image.tar").write_bytes(image)
    (folder / "du.jsonl").write_text(USAGE)
    shutil.copy(ROOT / "samples/measured/build.dockerbuild", folder / "build.dockerbuild")


def _outcome(run: Run, folder: Path, *args: str) -> tuple[int, bytes, bytes, dict[str, bytes]]:
    """Exit code, output, and the files that were written; the folder is then as it was."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = run(*args, cwd=folder)
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for path in after:
        path.write_bytes(before[path]) if path in before else path.unlink()
    written = {str(path): data for path, data in after.items() if before.get(path) != data}
    return done.returncode, done.stdout, done.stderr, written


def _cases() -> Iterator[tuple[str, str, str]]:
    for command, (_, options) in CASES.items():
        for name in formats(command) or [""]:
            yield from ((command, name, option) for option in options)


@pytest.mark.parametrize(("command", "name", "option"), list(_cases()))
def test_an_option_matters_or_is_refused(
    command: str, name: str, option: str, in_process: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    _prepare(tmp_path)
    arguments, options = CASES[command]
    chosen = ("--format", name) if name else ()
    written = ("-o", "out") if name in ("png", "pdf") else ()
    base = _BASE.get(option, ()) if command == "embed" else ()
    plain = _outcome(in_process, tmp_path, command, *arguments, *chosen, *written, *base)
    with_option = _outcome(in_process, tmp_path, command, *arguments, *chosen, *written, *options[option])
    assert plain[0] in (0, 1), plain[2]
    assert with_option != plain
    if with_option[0] == 2:
        assert b"rror" in with_option[2]


@pytest.mark.parametrize("command", sorted(CASES))
def test_every_option_has_a_case(command: str) -> None:
    own = cli.get_command(click.Context(cli), command)
    assert own
    names = {parameter.name for parameter in own.params if isinstance(parameter, click.Option)}
    assert names - _ELSEWHERE == CASES[command][1].keys()


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (("check", "--list-rules", "-F", "json"), "--format has no effect with --list-rules"),
        (("check", "--explain", "dead-stage", "-v"), "--verbose has no effect with --explain"),
        (("check", "--list-rules", "."), "PATHS has no effect with --list-rules"),
        (("render", "--build", "x"), "--build"),
        (("report", "--record-build", "x"), "--build"),
    ],
)
def test_an_option_without_the_one_it_belongs_to_is_refused(
    args: tuple[str, ...], text: str, in_process: Run, tmp_path: Path
) -> None:
    _prepare(tmp_path)
    done = in_process(*args, cwd=tmp_path)
    assert (done.returncode, text in done.stderr.decode()) == (2, True), done.stderr


def test_build_options_of_a_record_without_a_dockerfile_are_refused(in_process: Run, tmp_path: Path) -> None:
    log = "#1 [internal] load build definition\n#1 DONE 0.1s\n\n#2 [1/2] FROM a\n#2 DONE 0.2s\n"
    (tmp_path / "build.log").write_text(log)
    assert in_process("timings", "build.log", cwd=tmp_path).returncode == 0
    done = in_process("timings", "build.log", "--target", "x", cwd=tmp_path)
    assert done.returncode == 2
    assert b"--target has no effect without a Dockerfile; pass it after the record" in done.stderr


def test_options_that_a_record_states_are_refused(in_process: Run, tmp_path: Path) -> None:
    _prepare(tmp_path)
    for args in (("timings", "build.dockerbuild"), ("render", "--record", "build.dockerbuild")):
        done = in_process(*args, "--target", "release", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, b"")
        assert b"--target has no effect on a record that says what was built" in done.stderr


def test_build_options_of_an_image_without_a_dockerfile_are_refused(in_process: Run, tmp_path: Path) -> None:
    images.written(tmp_path, images.files()["nodejs/image.docker.tar"])
    done = in_process("sizes", "image.tar", "--target", "x", cwd=tmp_path)
    assert b"--target has no effect without a Dockerfile; pass it after the image" in done.stderr
