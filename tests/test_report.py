"""Reports as text, Markdown and JSON: several targets, platforms, long paths, notes and parallelism."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import stagegraph as sg
from stagegraph.formats import render

from .build import report

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]

TARGETS = """
FROM ubuntu AS base
FROM base AS a
RUN a
FROM base AS b
RUN b
FROM base AS c
RUN c
FROM a AS q
COPY --from=b /b /b
FROM c AS z
FROM scratch AS own
"""
LONG = "/usr/local/lib/" + "/".join(f"directory-{number}" for number in range(30))


def _sections(text: str) -> dict[str, list[str]]:
    blocks = [block.split("\n") for block in text.strip().split("\n\n")]
    return {block[0]: [line.strip() for line in block[1:]] for block in blocks}


def _text(found: sg.Report) -> dict[str, list[str]]:
    return _sections(render("report", found, "text").decode())


def test_each_target_has_its_own_lists() -> None:
    found = _text(report(TARGETS, targets=("q", "z", "own")))
    assert "Dockerfile: targets q, z, own on linux/amd64" in found
    assert found["In the image of q"] == [
        "ubuntu   base image, line 2",
        "base     stage, line 3",
        "a        stage, line 9",
        "/b → /b  from b, line 10",
    ]
    assert found["Left behind by q"] == ["b  1 step, all but /b"]
    assert found["In the image of z"] == [
        "ubuntu  base image, line 2",
        "base    stage, line 7",
        "c       stage, line 11",
    ]
    assert found["In the image of own"] == ["Only what its own steps create."]
    assert "Left behind by z" not in found


def test_one_target_is_not_named_again() -> None:
    found = _text(report(TARGETS, targets=("q",)))
    assert found.keys() >= {"Dockerfile: target q on linux/amd64", "In the image", "Left behind"}


def test_a_name_after_an_at_sign_in_markdown_notifies_nobody() -> None:
    text = render(
        "report", report("FROM a AS b\nRUN npm i @org/x u@v\nFROM b\n"), "markdown", view=sg.View()
    ).decode()
    assert "RUN npm i @\u200borg/x u@v" in text


def test_markdown_and_html_have_the_lists_of_each_target() -> None:
    found = report(TARGETS, targets=("q", "z"))
    for command, name in (("report", "markdown"), ("render", "markdown"), ("render", "html")):
        text = render(command, found, name, view=sg.View()).decode()
        assert (
            text.index("In the image of q") < text.index("Left behind by q") < text.index("In the image of z")
        )


def test_the_json_says_whose_image_it_is_about() -> None:
    data = json.loads(render("report", report(TARGETS, targets=("q", "z")), "json"))
    labels = {node["id"]: node["label"] for node in data["nodes"]}
    ships = [(labels[item["target"]], labels[item["node"]], item["path"]) for item in data["shipped"]]
    assert ships == [
        ("q", "ubuntu", ""),
        ("q", "base", ""),
        ("q", "a", ""),
        ("q", "b", "/b"),
        ("z", "ubuntu", ""),
        ("z", "base", ""),
        ("z", "c", ""),
    ]
    assert [(labels[item["target"]], labels[item["node"]]) for item in data["left_behind"]] == [("q", "b")]


def test_what_one_target_ships_another_one_leaves_behind() -> None:
    text = "FROM a AS one\nRUN x\nFROM b AS two\nCOPY --from=one /x /x\n"
    found = report(text, targets=("one", "two"))
    labels = {node.id: node.label for node in found.nodes}
    assert [(labels[item.target], labels[item.node], item.kept) for item in found.left_behind] == [
        ("two", "one", ("/x",)),
        ("two", "a", ()),
    ]


def test_the_base_of_each_platform_has_its_line() -> None:
    found = report(
        """\
        ARG TARGETARCH
        FROM alpine AS base-amd64
        FROM alpine AS base-arm64
        COPY x /x
        FROM base-${TARGETARCH}
        """,
        platforms=("linux/amd64", "linux/arm64"),
    )
    found_sections = _text(found)
    assert found_sections["In the image of stage-2 on linux/amd64"] == [
        "alpine      base image, line 2",
        "base-amd64  stage, line 5",
    ]
    assert found_sections["In the image of stage-2 on linux/arm64"] == [
        "alpine      base image, line 3",
        "base-arm64  stage, line 5",
        "x → /x      from the build context via base-arm64, line 4",
    ]


def test_nothing_runs_in_parallel() -> None:
    assert _text(report("FROM a\nRUN x\nRUN y\n"))["Parallelism"] == [
        "3 steps in 3 levels; one step runs after the other.",
        "The longest chain is 3 of 3 steps (every step counted as 1).",
    ]
    assert _text(report("FROM a\n"))["Parallelism"] == [
        "1 step in 1 level.",
        "The longest chain is 1 of 1 step (every step counted as 1).",
    ]


@pytest.mark.parametrize("name", ["Containerfile.in", "app/Dockerfile.in", "x.in"])
def test_a_file_for_the_preprocessor_has_a_note(name: str, in_process: Run, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("#ifdef DEBUG\nFROM a AS dbg\n#endif\nFROM b\n")
    base = name.rpartition("/")[2]
    note = f"podman and buildah run the C preprocessor on {base} first; this graph is of the text before"
    assert json.loads(in_process("report", name, "-F", "json", cwd=tmp_path).stdout)["notes"] == [note]
    assert f"  P{note[1:]}.\n" in in_process("report", name, cwd=tmp_path).stdout.decode().replace(
        "<br/>", " "
    )
    for kind in ("text", "mermaid", "svg"):
        assert note[1:] in in_process("render", name, "-F", kind, cwd=tmp_path).stdout.decode().replace(
            "<br/>", " "
        )
    assert b"FROM" in in_process("explain", "b", name, cwd=tmp_path).stdout


def test_other_files_have_no_note() -> None:
    assert report("FROM a\n").notes == ()
    assert json.loads(render("report", report("FROM a\n"), "json"))["notes"] == []


def test_a_piped_line_is_never_broken(in_process: Run, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM a AS b\nFROM c\nCOPY --from=b {LONG} {LONG}\n")
    (tmp_path / "Other").write_text(f"FROM a AS b\nFROM c\nCOPY --from=b {LONG}/x {LONG}\n")
    for command in (
        ("report",),
        ("explain", "b"),
        ("diff", "Dockerfile", "Other"),
    ):
        lines = in_process(*command, cwd=tmp_path).stdout.decode().splitlines()
        assert any(f"{LONG} → {LONG}" in line or f"{LONG}/x → {LONG}" in line for line in lines), command


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_terminal_breaks_lines_at_separators(width: int) -> None:
    from stagegraph.formats import explanation, text
    from stagegraph.graph.explain import explain

    found = report(f"FROM a AS b\nFROM c\nCOPY --from=b {LONG} {LONG}\n")
    lines = text.render(found, width=width).splitlines()
    lines += explanation.render(found, explain(found, found.nodes[0]), width=width).splitlines()
    assert max(map(len, lines)) <= width
    names = {f"directory-{number}" for number in range(30)}
    seen = {part for line in lines for word in line.split() for part in word.split("/")}
    assert names <= seen
    assert not {part for part in seen if part.startswith("directory-")} - names - {"directory-29,"}
