"""Timings of a bake build: the records of its targets as one build."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from msgspec.structs import replace

import stagegraph as sg
from stagegraph.formats import render
from stagegraph.records.reading import records_of
from stagegraph.records.record import Interval, Vertex
from stagegraph.timings.bake_records import joined, measure_request

from . import builds
from .test_request import Run, request

BUNDLE = "bake/cold.2records.dockerbuild"
BAKE = (
    'group "default" { targets = ["a", "w"] }\ntarget "a" { target = "api" }\ntarget "w" { target = "web" }\n'
)


def repository(directory: Path, bake: str = BAKE) -> sg.Request:
    return request(
        directory, {"docker-bake.hcl": bake, "Dockerfile": builds.files()["bake/Dockerfile"].decode()}
    )


def timings(directory: Path, path: str = BUNDLE, bake: str = BAKE) -> sg.Timings:
    return measure_request(records_of(io.BytesIO(builds.files()[path]), path), repository(directory, bake))


def test_the_records_of_all_targets_are_one_build(tmp_path: Path) -> None:
    value = timings(tmp_path)
    names = [step.name for step in value.steps]
    assert sum("shared-build" in name for name in names) == 1
    assert value.wall is not None
    assert 0 <= value.wall - max(one.end or 0 for one in value.targets) < 10_000_000
    assert [lines for part in value.path if (lines := value.steps[part.step].lines)] == [(1,), (2,), (4,)]


def test_each_target_has_the_name_that_bake_gives_it(tmp_path: Path) -> None:
    value = timings(tmp_path)
    assert {one.name for one in value.targets} == {"a", "w"}
    assert any(step.name.startswith("[a api 1/1] RUN") for step in value.steps)


def test_shared_steps_are_not_a_targets_own(tmp_path: Path) -> None:
    value = timings(tmp_path)
    shared = sum(one.duration for one in value.steps if "[a " not in one.name and "[w web" not in one.name)
    by_name = {one.name: one for one in value.targets}
    assert by_name["a"].shared == by_name["w"].shared <= shared
    assert by_name["a"].on_path > 0
    assert by_name["w"].on_path == 0


def test_targets_without_a_record_are_named(tmp_path: Path) -> None:
    bake = BAKE.replace('["a", "w"]', '["a", "w", "c"]') + 'target "c" { target = "build" }\n'
    assert any(note.endswith("have no record: c") for note in timings(tmp_path, bake=bake).notes)


def test_a_record_that_fits_no_target_is_named(tmp_path: Path) -> None:
    bake = BAKE.replace('target = "web"', 'target = "web"\n  args = { A = "1" }')
    notes = timings(tmp_path, bake=bake).notes
    assert any("do not fit a target" in note and note.endswith(": web (#1)") for note in notes)


def test_only_the_last_bake_of_a_history_counts(tmp_path: Path) -> None:
    records = records_of(io.BytesIO(builds.files()[BUNDLE]), BUNDLE)
    earlier = [
        replace(one, span=_moved(one.span), vertices=tuple(map(_older, one.vertices))) for one in records
    ]
    now = measure_request(records, repository(tmp_path))
    both = measure_request([*earlier, *records], repository(tmp_path))
    assert both.wall == now.wall
    assert both.targets == now.targets
    assert any("do not fit a target" in note for note in both.notes)


def _moved(span: Interval | None) -> Interval:
    assert span is not None
    return Interval(span.start - 10**12, span.end - 10**12)


def _older(vertex: Vertex) -> Vertex:
    return replace(vertex, digest=f"{vertex.digest}0", intervals=tuple(map(_moved, vertex.intervals)))


def test_targets_of_several_dockerfiles_have_a_path_without_lines() -> None:
    first, second = records_of(io.BytesIO(builds.files()[BUNDLE]), BUNDLE)
    other = replace(second, dockerfile=sg.Source(name="Dockerfile", text="FROM alpine\n"))
    record = joined([first, other])
    assert record.dockerfile is None
    assert not record.lines
    assert sg.measure(record).path


@pytest.mark.parametrize("path", ["bake/cold.rawjson.jsonl", "bake/cold.plain.log"])
def test_an_event_stream_has_the_lines_of_the_one_dockerfile(tmp_path: Path, path: str) -> None:
    value = timings(tmp_path, path)
    assert {line for step in value.steps for line in step.lines} >= {2, 4, 6}
    assert not any("no record" in note for note in value.notes)


@pytest.mark.parametrize("name", ["text", "markdown", "json", "html"])
def test_every_format_shows_a_bake_build(tmp_path: Path, name: str) -> None:
    text = render("timings", timings(tmp_path), name, report=None).decode()
    assert "shared-build" in text
    if name == "json":
        assert {one["name"] for one in json.loads(text)["targets"]} == {"a", "w"}
    elif name != "html":
        assert "Targets" in text


def test_timings_joins_the_records_of_a_bake_file(stagegraph: Run, tmp_path: Path) -> None:
    repository(tmp_path)
    (tmp_path / "records").write_bytes(builds.files()[BUNDLE])
    done = stagegraph("timings", "records", "docker-bake.hcl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert b"Targets\n" in done.stdout
    assert b"records: 2.07 s, 1 of 4 steps from the cache" in done.stdout


@pytest.mark.parametrize(
    "option", [("--build", "api"), ("--plan",), ("--target", "api"), ("--since", "HEAD")]
)
def test_options_of_one_build_are_refused_with_a_bake_file(
    stagegraph: Run, tmp_path: Path, option: tuple[str, ...]
) -> None:
    repository(tmp_path)
    (tmp_path / "records").write_bytes(builds.files()[BUNDLE])
    done = stagegraph("timings", "records", "docker-bake.hcl", *option, cwd=tmp_path)
    assert done.returncode == 2
    assert b"bake or compose file" in done.stderr
