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
from stagegraph.timings.timed_request import timed_request

from . import builds
from .made_record import made_record
from .test_request import FILES, Run, request

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


# the times in the picture and the report


def timed(directory: Path, path: str = BUNDLE, bake: str = BAKE) -> sg.Report:
    return timed_request(records_of(io.BytesIO(builds.files()[path]), path), repository(directory, bake))


def path_of(report: sg.Report) -> list[str]:
    return [report.steps[step].name.split(" echo")[0] for step in report.critical_path]


NAMED_AS_LOGGED = BAKE.replace('"a"', '"api"').replace('"w"', '"web"')


@pytest.mark.parametrize(
    ("record", "bake"),
    [(BUNDLE, BAKE), (BUNDLE, NAMED_AS_LOGGED), ("bake/cold.rawjson.jsonl", NAMED_AS_LOGGED)],
)
def test_the_report_has_the_critical_path_of_all_targets(tmp_path: Path, record: str, bake: str) -> None:
    report = timed(tmp_path, record, bake)
    target = "a" if bake is BAKE else "api"
    assert path_of(report) == [
        f"[{target} build 1/2] FROM docker.io/library/busybox:1.36",
        f"[{target} build 2/2] RUN sleep 0.6 &&",
        f"[{target} api 1/1] RUN sleep 0.9 &&",
    ]
    times = {node.label: node.measured.seconds for node in report.nodes if node.measured}
    assert times["api"] > times["web"] > 0
    assert times["build"] > 0
    assert [node.label for node in report.nodes if node.critical] == ["build", "api", "busybox:1.36"]


def test_targets_without_a_record_have_no_times_and_a_note(tmp_path: Path) -> None:
    bake = BAKE.replace('["a", "w"]', '["a", "w", "c"]') + 'target "c" { dockerfile-inline = "FROM x" }\n'
    report = timed(tmp_path, bake=bake)
    assert any(note.endswith("have no record: c") for note in report.notes)
    assert not [node for node in report.nodes if node.part == "c" and node.measured]


def test_targets_that_are_built_alike_share_their_times(tmp_path: Path) -> None:
    bake = NAMED_AS_LOGGED.replace('target "api"', 'target "a" { target = "api" }\ntarget "api"')
    bake = bake.replace('["api", "web"]', '["a", "api", "web"]')
    assert path_of(timed(tmp_path, "bake/cold.rawjson.jsonl", bake))[-1].startswith("[a api 1/1] RUN")


def recorded(value: sg.Request) -> list[sg.Record]:
    """A record of each target of ``value``, with the lines of its steps and a time that all share."""
    result = []
    for number, one in enumerate(value.builds):
        options = replace(one.part.build.options, target=None)
        record = made_record(one.part.build.source, options, seed=number)
        vertices = tuple(
            replace(
                vertex,
                digest=f"{number}{vertex.digest}",
                inputs=tuple(f"{number}{read}" for read in vertex.inputs),
            )
            for vertex in record.vertices
        )
        span = Interval(
            min(i.start for v in vertices for i in v.intervals), max(v.intervals[-1].end for v in vertices)
        )
        result.append(replace(record, vertices=vertices, span=span))
    return result


def test_targets_of_several_dockerfiles_have_their_own_times(tmp_path: Path) -> None:
    files = {name: text for name, text in FILES.items() if name.startswith(("docker", "base", "web"))}
    bake = 'group "default" { targets = ["base", "web"] }\ntarget "base" { context = "base" }\n'
    value = request(tmp_path, files | {"docker-bake.hcl": bake + 'target "web" { context = "web" }\n'})
    records = recorded(value)
    report = timed_request(records, value)
    for record in records:
        for vertex in record.vertices:
            took = sum(i.end - i.start for i in vertex.intervals) / 10**9
            steps = [step for step in report.steps if step.name.endswith(vertex.name.rpartition("]")[2])]
            assert any(step.measured and step.measured.seconds == pytest.approx(took) for step in steps)
    assert report.critical_path


@pytest.mark.parametrize(
    ("record", "bake", "message"),
    [
        (BUNDLE, BAKE.replace('target = "', 'args = { A = "1" }\n target = "'), "fits a target of"),
        ("bake/cold.plain.log", BAKE, "fits a target of"),
        (
            "bake/cold.plain.log",
            NAMED_AS_LOGGED
            + 'target "c" { dockerfile-inline = "FROM x" }\ngroup "default" { targets = ["api", "c"] }',
            "does not say what each step waited for",
        ),
    ],
)
def test_a_record_without_times_for_the_request_is_an_error(
    tmp_path: Path, record: str, bake: str, message: str
) -> None:
    with pytest.raises(sg.InputError, match=message) as caught:
        timed(tmp_path, record, bake.replace("}\n target", "}\n  target"))
    assert caught.value.hint


@pytest.mark.parametrize("command", ["render", "report"])
def test_a_command_shows_the_times_of_a_bake_file(stagegraph: Run, tmp_path: Path, command: str) -> None:
    repository(tmp_path)
    (tmp_path / "records").write_bytes(builds.files()[BUNDLE])
    text = ("-F", "text") if command == "render" else ()
    done = stagegraph(command, "--record", "records", "docker-bake.hcl", *text, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert b"1.05 s" in done.stdout
    assert b"0.74 s" in done.stdout
    one = stagegraph(command, "--record", "records", "docker-bake.hcl", "a", *text, cwd=tmp_path)
    assert b"1.05 s" in one.stdout
    refused = stagegraph(command, "--record", "records", "--build", "api", "docker-bake.hcl", cwd=tmp_path)
    assert refused.stderr.splitlines()[-1] == (
        b"Error: --build chooses one record; leave out the bake or compose file"
    )
