"""render and report with a record: times, cached marks, and the path that the build took."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import jsonschema
import pytest

import stagegraph as sg
from stagegraph.timings.match import match_record
from stagegraph.timings.timed_report import timed

from . import builds
from .conftest import ROOT

Run = Callable[..., subprocess.CompletedProcess[bytes]]


def report_of(path: str) -> sg.Report:
    (record,) = builds.records(path)
    build = match_record(record, builds.dockerfile(path), sg.Options()).build
    assert build is not None
    return timed(build, builds.timings(path))


def test_stages_and_sources_carry_their_times() -> None:
    report = report_of("parallel/cold.dockerbuild")
    found = {node.label: node.measured for node in report.nodes}
    assert found["web"] is not None
    assert found["web"].seconds == pytest.approx(3.757, abs=0.001)
    assert found["busybox:1.36"] is not None
    assert not found["web"].cached


def test_what_came_from_the_cache_is_marked() -> None:
    report = report_of("defaults/touched.dockerbuild")
    cached = {node.label for node in report.nodes if node.measured and node.measured.cached}
    assert cached == {"base", "deps", "api", "docs", "test", "assets", "release"}


def test_the_path_is_the_one_that_the_build_took() -> None:
    report = report_of("defaults/touched.dockerbuild")
    assert [node.label for node in report.nodes if node.critical] == [
        "deps",
        "web",
        "assets",
        "release",
        "build context",
    ]
    assert {(edge.source, edge.target) for edge in report.edges if edge.critical} == {
        ("context", "stage:1"),
        ("stage:1", "stage:3"),
        ("stage:3", "stage:6"),
        ("stage:6", "stage:7"),
    }
    names = [report.steps[step].name for step in report.critical_path]
    assert names[:2] == ["[internal] load build context", "[deps 1/2] COPY deps.txt ./"]


@pytest.mark.parametrize(
    "path", [path for path in builds.files() if not path.endswith("Dockerfile") and "bake" not in path]
)
def test_every_record_gives_a_report_that_its_schema_knows(path: str) -> None:
    report = report_of(path)
    schema = json.loads((ROOT / "docs/report.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(json.loads(sg.render(report, "json")))
    measured = [step for step in report.steps if step.measured]
    assert len(measured) >= sum(1 for step in report.steps if step.critical) > 0


def test_the_picture_shows_times_and_the_path(in_process: Run, tmp_path: Path) -> None:
    (tmp_path / "build.dockerbuild").write_bytes(builds.files()["parallel/cold.dockerbuild"])
    done = in_process("render", "--record", "build.dockerbuild", "-F", "svg", cwd=tmp_path)
    svg = done.stdout.decode()
    assert "3 steps · 3.76 s" in svg
    assert 'class="node stage upstream critical"' in svg


def test_the_report_says_how_long_the_path_took(in_process: Run, tmp_path: Path) -> None:
    (tmp_path / "build.dockerbuild").write_bytes(builds.files()["parallel/cold.dockerbuild"])
    text = in_process("report", "--record", "build.dockerbuild", cwd=tmp_path).stdout.decode()
    assert "[web 3/3] RUN sleep 3.2 && echo bundle-web > web.bundle" in text
    assert "3.32 s, line 20" in text


def test_a_stream_without_its_dockerfile_is_an_error(in_process: Run, tmp_path: Path) -> None:
    (tmp_path / "build.jsonl").write_bytes(builds.files()["parallel/cold.rawjson.jsonl"])
    done = in_process("render", "--record", "build.jsonl", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.decode() == (
        "error: build.jsonl contains no readable Dockerfile\n"
        "hint: pass the Dockerfile that it was built from\n"
    )


def test_a_dockerfile_is_parsed_and_resolved_once(
    in_process: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "build.dockerbuild").write_bytes(builds.files()["parallel/cold.dockerbuild"])
    calls: Counter[str] = Counter()

    def counted(module: str, name: str) -> None:
        original = getattr(import_module(module), name)

        def call(*args: object) -> object:
            calls[name] += 1
            return original(*args)

        monkeypatch.setattr(f"{module}.{name}", call)

    counted("stagegraph.timings.dockerfile_of_record", "read_dockerfile")
    counted("stagegraph.graph.build", "read_dockerfile")
    counted("stagegraph.graph.build", "TargetResolver")
    counted("stagegraph.graph.build", "raw_steps")
    for arguments in (
        ("render", "--record", "build.dockerbuild", "-o", "build.svg"),
        ("report", "--record", "build.dockerbuild"),
        ("timings", "build.dockerbuild", "--format", "html", "-o", "build.html"),
    ):
        calls.clear()
        assert in_process(*arguments, cwd=tmp_path).returncode == 0
        assert calls == {"read_dockerfile": 1, "TargetResolver": 1, "raw_steps": 1}
