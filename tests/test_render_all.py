"""``render --all DIR``: every Dockerfile of a repository that has no bake file."""

from __future__ import annotations

from pathlib import Path

import pytest

import stagegraph as sg
from stagegraph.errors import InputError
from stagegraph.request.repository import read_repository

from .bake_projects import write
from .test_request import Run

FILES = {
    "base/Dockerfile": "FROM alpine\nRUN x\n",
    "api/Dockerfile": "FROM org/base:1\nRUN y\n",
    "web/dev.Dockerfile": "FROM node AS build\nRUN z\nFROM nginx\n",
    "Makefile": (
        "all:\n\tdocker build -t org/base:1 base\n\tdocker build --tag=org/api api\n"
        "\tdocker build --target build -f web/dev.Dockerfile web\n"
    ),
}


def report(directory: Path, files: dict[str, str] | None = None) -> sg.Report:
    write(directory, FILES | (files or {}))
    return sg.analyse(read_repository(str(directory)))


def test_all_dockerfiles_are_one_graph_connected_by_tag(tmp_path: Path) -> None:
    value = report(tmp_path)
    assert [one.name for one in value.bake_targets] == ["api", "base", "web/dev.Dockerfile:build"]
    tags = [(e.source, e.target, e.paths) for e in value.edges if e.kind is sg.EdgeKind.TAG]
    assert tags == [("base/stage:0", "image:docker.io/org/base:1", ("org/base:1",))]


def test_a_tag_that_a_variable_sets_is_not_known(tmp_path: Path) -> None:
    value = report(tmp_path, {"Makefile": "all:\n\tdocker build -t org/base:$(VERSION) base\n"})
    assert not [edge for edge in value.edges if edge.kind is sg.EdgeKind.TAG]


def test_a_dockerfile_that_is_invalid_is_left_out_with_a_note(tmp_path: Path) -> None:
    value = report(tmp_path, {"bad/Dockerfile": "FRM x\n"})
    assert "bad" not in [one.name for one in value.bake_targets]
    assert any(note.startswith("bad/Dockerfile is left out: ") for note in value.notes)


def test_without_a_dockerfile_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no Dockerfiles found below"):
        read_repository(str(tmp_path))
    write(tmp_path, {"a/Dockerfile": "FRM x\n"})
    with pytest.raises(InputError, match="no valid Dockerfile"):
        read_repository(str(tmp_path))


def test_render_all_draws_the_repository(stagegraph: Run, tmp_path: Path) -> None:
    write(tmp_path, FILES)
    done = stagegraph("render", "--all", "-F", "mermaid", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert b"stroke-dasharray:2 3" in done.stdout  # the arrow by tag
    missing = stagegraph("render", "-F", "mermaid", cwd=tmp_path)
    assert missing.returncode == 1
    assert missing.stderr.endswith(b"hint: name a Dockerfile, or draw all with --all\n")


def test_render_all_of_a_dockerfile_is_as_before(stagegraph: Run, tmp_path: Path) -> None:
    write(tmp_path, FILES | {"Dockerfile": "FROM alpine AS only\nRUN x\n"})
    done = stagegraph("render", "--all", "-F", "mermaid", cwd=tmp_path)
    assert b"only" in done.stdout
    assert b"org/base" not in done.stdout


def test_render_all_of_a_named_directory_has_its_own_dockerfile_and_those_below(
    stagegraph: Run, tmp_path: Path
) -> None:
    write(tmp_path, FILES | {"Dockerfile": "FROM alpine AS only\nRUN x\n"})
    done = stagegraph("render", "--all", ".", "-F", "mermaid", cwd=tmp_path)
    assert b"only" in done.stdout
    assert b"org/base" in done.stdout


def test_render_all_of_a_directory_refuses_what_is_about_one_dockerfile(
    stagegraph: Run, tmp_path: Path
) -> None:
    write(tmp_path, FILES)
    done = stagegraph("render", "--all", ".", "--record", "x.dockerbuild", "-F", "mermaid", cwd=tmp_path)
    assert done.returncode == 2
    assert b"--record is about one Dockerfile" in done.stderr
    done = stagegraph("render", "--all", ".", "--target", "build", "-F", "mermaid", cwd=tmp_path)
    assert done.returncode == 2
    assert b"name a Dockerfile" in done.stderr


WORKFLOW = """\
jobs:
  build:
    strategy: {matrix: {image: [base]}}
    steps:
      - uses: docker/build-push-action@v6
        with:
          context: ${{ matrix.image }}
          tags: |
            ghcr.io/org/base:${{ github.sha }}
            org/base:1
      - uses: docker/build-push-action@v6
        with:
          context: api
          tags: org/api,org/api:${{ github.ref_name }}
"""


def _tags(value: sg.Report) -> set[tuple[str, str]]:
    return {(e.source, e.target) for e in value.edges if e.kind is sg.EdgeKind.TAG}


def test_tags_of_a_build_action_connect_images(tmp_path: Path) -> None:
    files = {"Makefile": "", ".github/workflows/ci.yml": WORKFLOW}
    value = report(tmp_path, files)
    assert _tags(value) == {("base/stage:0", "image:docker.io/org/base:1")}
    (base,) = (one for one in value.bake_targets if one.name == "base")
    assert base.tags == ("org/base:1",)  # the other one is not known


def test_tags_of_a_bake_file_below_connect_images(tmp_path: Path) -> None:
    bake = 'target "b" {\n  context = "../base"\n  tags = ["org/base:1"]\n}\n'
    assert _tags(report(tmp_path, {"Makefile": "", "ci/bake.hcl": bake}))
    compose = "services:\n  b: {image: 'org/base:1', build: ../base}\n"
    (tmp_path / "ci/bake.hcl").unlink()
    assert _tags(report(tmp_path, {"Makefile": "", "ci/compose.yaml": compose}))


@pytest.mark.parametrize(
    "files",
    [
        {
            "Makefile": (
                "all:\n\tdocker build -t org/own base\n"
                "\tdocker build --build-context org/base:1=docker-image://org/own api\n"
            )
        },
        {
            "Makefile": "",
            ".github/workflows/ci.yml": WORKFLOW.replace("org/base:1", "org/own").replace(
                "          context: api\n",
                "          context: api\n          build-contexts: |\n            org/base:1=docker-image://org/own\n",
            ),
        },
    ],
)
def test_an_image_as_a_named_context_is_an_edge_by_tag(tmp_path: Path, files: dict[str, str]) -> None:
    assert _tags(report(tmp_path, files)) == {("base/stage:0", "named-context:org/base:1")}


LINKED = {
    "ci/bake.hcl": """\
target "b" { context = "../base" }
target "a" {
  context = "../api"
  contexts = { "org/base:1" = "target:b" }
}
""",
    "ci/compose.yaml": """\
services:
  b: {build: ../base}
  a:
    build:
      context: ../api
      additional_contexts: ['org/base:1=service:b']
""",
}


@pytest.mark.parametrize("name", LINKED)
def test_a_target_as_a_named_context_is_an_edge(tmp_path: Path, name: str) -> None:
    value = report(tmp_path, {"Makefile": "", name: LINKED[name]})
    assert ("base/stage:0", "api/stage:0") in {(e.source, e.target) for e in value.edges}
    assert "image:docker.io/org/base:1" not in {node.id for node in value.nodes}


def test_named_contexts_that_form_a_cycle_are_a_note(tmp_path: Path) -> None:
    text = "".join(
        f'target "{one}" {{\n  context = "../{folder}"\n  contexts = {{ x = "target:{other}" }}\n}}\n'
        for one, folder, other in (("a", "api", "b"), ("b", "base", "a"))
    )
    value = report(tmp_path, {"Makefile": "", "ci/bake.hcl": text})
    assert any("form a cycle: api, base" in note for note in value.notes)


def test_a_folder_as_a_named_context_replaces_the_image(tmp_path: Path) -> None:
    make = "all:\n\tdocker build --build-context org/base:1=$(DIR) api\n"
    value = report(tmp_path, {"Makefile": make})
    assert "image:docker.io/org/base:1" not in {node.id for node in value.nodes}
