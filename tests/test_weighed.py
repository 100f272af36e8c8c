"""Bytes of an image and of BuildKit's cache on the graph, asked of real exports of BuildKit."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import stagegraph as sg
from stagegraph.errors import InputError
from stagegraph.formats import render
from stagegraph.formats.html.facts import graph_facts
from stagegraph.model import EdgeKind, Report
from stagegraph.sizes.weighed import weighed_from_files

from . import images

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


def _report(folder: Path, *, image: bool = True, usage: bool = True, name: str = "nodejs") -> Report:
    archive = images.written(folder, images.files()[f"{name}/image.oci.tar"]) if image else ""
    cache = images.written(folder, images.files()["du.jsonl"], "du.jsonl") if usage else ""
    return weighed_from_files(images.build(name), archive, cache, lambda _: None)


def _bytes(report: Report) -> dict[str, int | None]:
    return {node.label: node.bytes for node in report.nodes}


def test_nodes_have_the_bytes_of_the_image_and_of_the_cache(tmp_path: Path) -> None:
    assert _bytes(_report(tmp_path)) == {
        "builder": 733_232,
        "stage-1": 2_294_782,
        "build context": None,
        "node:16": 5_371_200,
        "node:16-alpine": 2_282_494,
    }


def test_edges_have_what_they_bring(tmp_path: Path) -> None:
    report = _report(tmp_path)
    found = {(report.node(edge.source).label, edge.line): edge.bytes for edge in report.edges}
    assert found == {
        ("node:16", 2): 5_371_200,
        ("build context", 8): 12_290,
        ("build context", 12): 24_580,
        ("node:16-alpine", 16): 2_282_494,
        ("builder", 21): 12_288,
    }


def test_what_arrives_at_the_target_is_its_image(tmp_path: Path) -> None:
    report = _report(tmp_path)
    arrives = sum(edge.bytes or 0 for edge in report.edges if edge.target in report.targets)
    assert arrives == report.node(report.targets[0]).bytes


def test_an_image_alone_says_nothing_of_what_stays_behind(tmp_path: Path) -> None:
    report = _report(tmp_path, usage=False)
    known = {label: count for label, count in _bytes(report).items() if count is not None}
    assert known == {"stage-1": 2_294_782, "node:16-alpine": 2_282_494}
    assert "2.29 MB ship." in render("report", report, "text").decode()
    assert "stay behind" not in render("report", report, "text").decode()


def test_a_cache_alone_says_nothing_of_what_ships(tmp_path: Path) -> None:
    text = render("report", _report(tmp_path, image=False), "text").decode()
    assert "6.1 MB stay behind: node:16 5.37 MB, builder 733 kB." in text
    assert " ship" not in text.partition("Left behind")[0]


def test_mounts_bring_no_bytes_of_their_own(tmp_path: Path) -> None:
    report = _report(tmp_path, name="link")
    assert {edge.bytes for edge in report.edges if edge.kind is EdgeKind.MOUNT} <= {None}


def test_a_dockerfile_that_did_not_make_the_image_is_an_error(tmp_path: Path) -> None:
    archive = images.written(tmp_path, images.files()["nodejs/image.oci.tar"])
    with pytest.raises(InputError) as error:
        weighed_from_files(images.build("wasteful"), archive, "", lambda _: None)
    assert "this Dockerfile did not make the image" in str(error.value)


def test_an_arrow_is_thicker_the_more_it_carries(tmp_path: Path) -> None:
    drawn = render("render", _report(tmp_path), "svg", view=sg.View(legend=True)).decode()
    widths: dict[str, float] = {}
    for edge, width in re.findall(r'<g class="edge (\w+ \w+)">.*?stroke-width="([\d.]+)"', drawn):
        widths.setdefault(edge, float(width))
    assert widths["from upstream"] > widths["from inherited"] - 1 > widths["copy copied"]
    assert "thicker: more bytes" in drawn


def test_a_picture_without_bytes_has_no_word_of_them() -> None:
    drawn = sg.render(images.build("nodejs"), "svg", sg.View(legend=True)).decode()
    assert "more bytes" not in drawn


@pytest.mark.parametrize("command", ["render", "report"])
def test_times_and_bytes_are_not_mixed(command: str, in_process: Run, tmp_path: Path) -> None:
    done = in_process(command, "--record", "a", "--image", "b", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"--record shows times, --image and --usage show bytes: choose one" in done.stderr


def test_a_block_shows_the_bytes_and_its_table_stays_true(in_process: Run, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(images.files()["nodejs/Dockerfile"])
    images.written(tmp_path, images.files()["nodejs/image.oci.tar"])
    images.written(tmp_path, images.files()["du.jsonl"], "du.jsonl")
    page = tmp_path / "README.md"
    settings = "Dockerfile report=true image=image.tar usage=du.jsonl"
    page.write_text(f"<!-- stagegraph: {settings} -->\n<!-- /stagegraph -->\n")
    assert in_process("embed", "README.md", cwd=tmp_path).returncode == 0
    text = page.read_text()
    assert "2.29 MB ship; 6.1 MB stay behind: node:16 5.37 MB, builder 733 kB." in text
    assert "12.3 kB, from builder" in text
    assert in_process("embed", "--check", "README.md", cwd=tmp_path).returncode == 0
    images.written(tmp_path, images.files()["wasteful/image.oci.tar"])
    assert in_process("embed", "--check", "README.md", cwd=tmp_path).returncode != 0


def test_the_page_of_the_graph_shows_bytes_of_nodes_and_edges(tmp_path: Path) -> None:
    data = graph_facts(_report(tmp_path))
    sizes = {node["label"]: dict(node["facts"]).get("Size") for node in data["nodes"]}
    assert sizes == {
        "builder": "733 kB",
        "stage-1": "2.29 MB",
        "build context": None,
        "node:16": "5.37 MB",
        "node:16-alpine": "2.28 MB",
    }
    assert {(edge["line"], edge["size"]) for edge in data["edges"]} >= {(21, "12.3 kB")}


@pytest.mark.parametrize(
    "words", [("docker-bake.hcl", "app"), ("app",), ("--bake", "app"), ("compose.yaml",)]
)
def test_one_target_of_a_bake_file_has_the_bytes_of_its_image(
    words: tuple[str, ...], in_process: Run, tmp_path: Path
) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x/Dockerfile").write_bytes(images.files()["nodejs/Dockerfile"])
    archive = images.written(tmp_path, images.files()["nodejs/image.oci.tar"])
    bake = 'target "app" { context = "x" }\ntarget "other" { dockerfile-inline = "FROM x" }\n'
    (tmp_path / "docker-bake.hcl").write_text(bake)
    if words == ("compose.yaml",):
        (tmp_path / "compose.yaml").write_text("services:\n  a: {build: ./x}\n")
    alone = in_process("report", "--image", archive, "x/Dockerfile", cwd=tmp_path)
    done = in_process("report", "--image", archive, *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == alone.stdout
