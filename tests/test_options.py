"""Every option of a picture changes the output of a format, or is refused for it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from stagegraph.formats import FORMATS
from stagegraph.picture.view import View

from .build import report

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]

DOCKERFILE = """\
ARG V=a
FROM golang:1.23 AS build
COPY . .
RUN make
FROM build AS test
FROM alpine AS x-a
FROM alpine AS x-b
FROM x-${V}
COPY --from=build /app /usr/bin/app
"""
VALUES: dict[str, tuple[str, ...]] = {
    "direction": ("--direction", "BT"),
    "prune": ("--prune",),
    "steps": ("--steps",),
    "critical_path": ("--critical-path",),
    "legend": ("--legend",),
    "labels": ("--no-labels",),
    "theme": ("--theme", "dark"),
    "link_base": ("--link-base", "https://example.org/Dockerfile"),
    "title": ("--title", "The build of the app"),
    "dialect": ("--dialect", "plain"),
}
ROWS = [(row.name, field) for row in FORMATS if row.command == "render" for field in VALUES]


def test_every_option_of_a_picture_is_asked_for() -> None:
    # the layout engine draws the same, unless the two differ; the detail is that of a bake file; all
    # changes only what is folded, see test_every_option; the page of a bake file sets what is opened
    # and whether only what is near it is drawn
    assert {*VALUES, "engine", "detail", "all", "opened", "near"} == set(View.__struct_fields__)


@pytest.mark.parametrize(("name", "field"), ROWS)
def test_an_option_changes_the_output_or_is_refused(
    name: str, field: str, in_process: Run, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    plain = in_process("render", "-F", name, "-o", "plain", cwd=tmp_path)
    assert plain.returncode == 0
    done = in_process("render", "-F", name, "-o", "with", *VALUES[field], cwd=tmp_path)
    honoured = next(row.view for row in FORMATS if (row.command, row.name) == ("render", name))
    if field in honoured:
        assert done.returncode == 0
        assert (tmp_path / "with").read_bytes() != (tmp_path / "plain").read_bytes()
    else:
        assert done.returncode == 2
        assert f"{VALUES[field][0]} has no effect on {name}; formats that it changes:" in done.stderr.decode()
        assert not (tmp_path / "with").exists()


@pytest.mark.parametrize("row", [row for row in FORMATS if row.command == "diff"], ids=lambda row: row.name)
@pytest.mark.parametrize("field", ["direction", "labels", "theme", "title"])
def test_options_of_a_comparison_too(row: object, field: str, in_process: Run, tmp_path: Path) -> None:
    from stagegraph.formats import Format

    assert isinstance(row, Format)
    (tmp_path / "old").write_text(DOCKERFILE)
    (tmp_path / "new").write_text(DOCKERFILE.replace("make", "make all").replace("/app", "/bin", 1))
    words = ("diff", "old", "new", "-F", row.name)
    plain = in_process(*words, cwd=tmp_path)
    done = in_process(*words, *VALUES[field], cwd=tmp_path)
    if field in row.view:
        assert done.returncode == 0
        assert done.stdout != plain.stdout
    else:
        assert done.returncode == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("render", "-F", "mermaid", "-o", "x.svg"), "x.svg has the suffix of another format than mermaid"),
        (("report", "-o", "x.svg"), "report cannot write .svg files; its formats are text, json, markdown"),
        (("diff", "Dockerfile", "Dockerfile", "-o", "x.png"), "diff cannot write .png files"),
        (("check", "-o", "x.pdf"), "check cannot write .pdf files"),
        (("check", "-F", "json", "-v"), "--verbose has no effect on json; it changes text"),
        (("check", "--fix", "-F", "json"), "--format has no effect with --fix"),
        (("check", "--diff", "--fail-on", "never"), "--fail-on has no effect with --fix"),
        (("embed", "README.md", "--heading", "x"), "--heading is for --init"),
        (("embed", "README.md", "--allow-empty"), "--allow-empty is for --check"),
    ],
)
def test_what_has_no_effect_is_refused(
    words: tuple[str, ...], message: str, in_process: Run, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "README.md").write_text("")
    done = in_process(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr.decode()
    assert {path.name for path in tmp_path.iterdir()} == {"Dockerfile", "README.md"}


@pytest.mark.parametrize(
    ("words", "start"),
    [
        (("report", "-o", "x.json"), b"{"),
        (("report", "-o", "x.md"), b"## "),
        (("check", "-o", "x.sarif"), b"{"),
        (("check", "-F", "sarif", "-o", "x.json"), b"{"),
        (("diff", "Dockerfile", "Dockerfile", "-o", "x.svg"), b"<?xml"),
        (("report", "-o", "x.unknown"), b"Dockerfile: target"),
    ],
)
def test_the_suffix_selects_the_format(
    words: tuple[str, ...], start: bytes, in_process: Run, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    assert in_process(*words, cwd=tmp_path).returncode == 0
    assert (tmp_path / words[-1]).read_bytes().startswith(start)


def test_each_image_has_a_list_of_its_own() -> None:
    text = "FROM ubuntu AS base\nFROM base AS a\nFROM base AS b\nCOPY --from=a /a /a\n"
    both = report(text, targets=("a", "b"))
    assert [(one.target, one.node) for one in both.shipped] == [
        ("stage:1", "image:docker.io/library/ubuntu:latest"),
        ("stage:1", "stage:0"),
        ("stage:2", "image:docker.io/library/ubuntu:latest"),
        ("stage:2", "stage:0"),
        ("stage:2", "stage:1"),
    ]
    assert [(one.target, one.node) for one in both.left_behind] == [("stage:2", "stage:1")]


def test_images_of_platforms_are_apart_only_if_they_differ() -> None:
    platforms = ("linux/amd64", "linux/arm64")
    text = "ARG TARGETARCH\nFROM alpine AS base-amd64\nFROM debian AS base-arm64\nFROM base-${TARGETARCH}\n"
    found = report(text, platforms=platforms).shipped
    assert [(one.platform, one.node, one.line) for one in found] == [
        ("linux/amd64", "image:docker.io/library/alpine:latest", 2),
        ("linux/amd64", "stage:0", 4),
        ("linux/arm64", "image:docker.io/library/debian:latest", 3),
        ("linux/arm64", "stage:1", 4),
    ]
    same = report("FROM alpine AS a\nFROM a\n", platforms=platforms).shipped
    assert [(one.platform, one.line) for one in same] == [("", 1), ("", 2)]
