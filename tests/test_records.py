"""Records of real builds: bundles, event streams and logs of one build agree."""

from __future__ import annotations

import io
import re
import zipfile

import pytest

import stagegraph as sg
from stagegraph.records.collector import merged
from stagegraph.records.reading import records_of
from stagegraph.records.record import Interval, Vertex
from stagegraph.timings.step_names import canonical_name

from . import builds

BUNDLES = builds.named(".dockerbuild")
LOGS = builds.named(".log")
TWINS = [path for path in BUNDLES if path.replace(".dockerbuild", ".rawjson.jsonl") in builds.files()]
# The logs of the same run as the stream beside them; the others are of a second run.
SAME_RUN = ("defaults/touched", "failing/warm", "parallelism1/cold")

_DONE = re.compile(r"^(#\d+) DONE (\d+\.\d)s$", re.MULTILINE)


def read(text: str | bytes) -> list[sg.Record]:
    data = text.encode() if isinstance(text, str) else text
    return records_of(io.BytesIO(data), "record")


def printed(path: str) -> dict[str, str]:
    """The figure that a log has at last for each number."""
    return dict(_DONE.findall(builds.files()[path].decode()))


@pytest.mark.parametrize("path", BUNDLES)
def test_a_bundle_carries_its_dockerfile_unless_the_build_failed(path: str) -> None:
    for record in builds.records(path):
        assert record.format == "dockerbuild"
        assert (record.dockerfile is None) == bool(record.error)
        if record.dockerfile:
            assert record.dockerfile.text == builds.dockerfile(path).text


@pytest.mark.parametrize("path", [path for path in TWINS if not path.startswith("bake/")])
def test_a_bundle_and_a_stream_of_one_build_agree(path: str) -> None:
    (bundle,) = builds.records(path)
    (stream,) = builds.records(path.replace(".dockerbuild", ".rawjson.jsonl"))
    live = {vertex.digest: vertex for vertex in stream.vertices}
    for vertex in bundle.vertices:
        twin = live[vertex.digest]
        assert (vertex.name, vertex.inputs, vertex.cached) == (twin.name, twin.inputs, twin.cached)
        assert (vertex.pulled, vertex.duration) == (twin.pulled, twin.duration)


@pytest.mark.parametrize("path", LOGS)
def test_a_log_is_read_to_the_digit_that_it_prints(path: str) -> None:
    (record,) = builds.records(path)
    done = [v for v in record.vertices if v.stated is not None and not v.error]
    found = {v.digest: f"{v.duration / 1e9:.1f}" for v in done}
    assert found == printed(path)


@pytest.mark.parametrize("path", SAME_RUN)
def test_durations_of_a_stream_are_the_done_figures_of_its_log(path: str) -> None:
    (record,) = builds.records(f"{path}.rawjson.jsonl")
    (log,) = builds.records(f"{path}.plain.log")
    durations = {canonical_name(v.name).text: f"{v.duration / 1e9:.1f}" for v in record.vertices}
    said = {
        canonical_name(v.name).text: f"{v.stated / 1e9:.1f}" for v in log.vertices if v.stated is not None
    }
    assert len(said) >= 3
    assert {name: durations[name] for name in said} == said


def test_bake_writes_a_record_for_each_target() -> None:
    assert [record.name for record in builds.records("bake/cold.2records.dockerbuild")] == ["web", "api"]


def test_the_steps_of_copy_link_are_two_that_share_a_group() -> None:
    (record,) = builds.records("copy-link/cold.dockerbuild")
    groups: dict[str, list[Vertex]] = {}
    for vertex in record.vertices:
        if vertex.group:
            groups.setdefault(vertex.group, []).append(vertex)
    kinds = sorted(["LINK" in vertex.name for vertex in group] for group in groups.values())
    # the one onto scratch merges nothing
    assert [sorted(kind) for kind in kinds] == [[False]] + [[False, True]] * 5


def test_intervals_that_overlap_count_once() -> None:
    assert merged([Interval(5, 9), Interval(1, 3), Interval(2, 4), Interval(4, 5)]) == (Interval(1, 9),)


def event(name: str, *, digest: str = "", **times: object) -> str:
    import json

    item = {"digest": digest or f"sha256:{name}", "name": name, **times}
    return json.dumps({"vertexes": [item]}) + "\n"


A, B, C = (f"2026-01-01T00:00:0{n}.5Z" for n in (1, 2, 3))


def test_inputs_that_a_later_event_leaves_out_stay() -> None:
    text = event("a") + event("b", inputs=["sha256:a"]) + event("b", started=A, completed=B)
    (record,) = read(text)
    assert record.vertices[1].inputs == ("sha256:a",)


def test_cached_once_is_cached() -> None:
    (record,) = read(event("a", cached=True, started=A, completed=A) + event("a", started=B, completed=C))
    assert record.vertices[0].cached
    assert record.vertices[0].duration == 1_000_000_000


def test_what_has_no_end_ends_with_the_record_and_is_unfinished() -> None:
    (record,) = read(event("a", started=A) + event("b", started=A, completed=C))
    assert record.vertices[0].unfinished
    assert record.vertices[0].duration == 2_000_000_000


def test_a_clock_that_runs_backwards_takes_no_time() -> None:
    (record,) = read(event("a", started=B, completed=A))
    assert record.vertices[0].duration == 0


def test_the_zero_time_of_go_is_no_time() -> None:
    (record,) = read(event("a", started="0001-01-01T00:00:00Z", completed=A))
    assert record.vertices[0].intervals == ()


def test_noise_around_events_is_skipped_and_cut_events_are_counted() -> None:
    text = (
        f"WARNING: No output specified\n{event('a', started=A, completed=B)}ERROR: failed\n"
        '{"vertexes":[{"dig'
    )
    (record,) = read(text)
    assert [vertex.name for vertex in record.vertices] == ["a"]
    assert record.notes == ("1 line could not be read as events",)


def test_two_builds_in_one_stream_are_two_records() -> None:
    path = "target/cold.rawjson.jsonl"
    both = builds.files()[path] + builds.files()["parallel/warm.rawjson.jsonl"]
    first, second = read(both)
    assert (first.name, second.name) == ("build 1", "build 2")
    assert first.vertices == builds.records(path)[0].vertices
    assert second.vertices == builds.records("parallel/warm.rawjson.jsonl")[0].vertices


def test_a_frontend_that_loads_the_definition_again_begins_no_build() -> None:
    load = "[internal] load build definition from Dockerfile"
    text = event(load, digest="1", started=A, completed=A) + event(load, digest="2", started=B, completed=B)
    assert len(read(text)) == 1


def test_a_stream_in_utf_16_of_powershell_is_read() -> None:
    data = builds.files()["target/cold.rawjson.jsonl"].decode().encode("utf-16")
    assert read(data)[0].vertices == builds.records("target/cold.rawjson.jsonl")[0].vertices


def test_a_stream_in_the_log_of_github_actions_is_read() -> None:
    lines = builds.files()["target/cold.rawjson.jsonl"].decode().splitlines()
    stamped = "\ufeff" + "".join(f"2026-01-05T18:29:13.0320151Z {line}\n" for line in lines)
    assert read(stamped)[0].vertices == builds.records("target/cold.rawjson.jsonl")[0].vertices


def test_a_bundle_in_the_zip_of_an_artifact_is_read() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("README.md", "not a record")
        archive.writestr("me~app~ABC.dockerbuild", builds.files()["target/cold.dockerbuild"])
    assert read(out.getvalue())[0].vertices == builds.records("target/cold.dockerbuild")[0].vertices


ACTIONS = """\
2026-01-05T18:29:13.0320151Z ##[group]Run docker/build-push-action@v6
2026-01-05T18:29:13.1000000Z #0 building with "builder" instance using docker-container driver
2026-01-05T18:29:13.2000000Z #1 [internal] load build definition from Dockerfile
2026-01-05T18:29:13.3000000Z #1 DONE 0.1s
2026-01-05T18:29:13.3000000Z #2 [1/2] FROM docker.io/library/alpine:3.20@sha256:{digest}
2026-01-05T18:29:13.9000000Z #2 sha256:{digest} 3.62MB / 3.62MB 0.2s done
2026-01-05T18:29:14.3000000Z #2 DONE 1.0s
2026-01-05T18:29:14.3000000Z #3 [2/2] RUN make
2026-01-05T18:29:15.3000000Z #3 0.912 make: done
2026-01-05T18:29:16.3000000Z #3 DONE 2.0s
2026-01-05T18:29:16.4000000Z ##[endgroup]
2026-01-05T18:29:20.2000000Z #1 [internal] load build definition from Dockerfile
2026-01-05T18:29:20.3000000Z #1 DONE 0.1s
2026-01-05T18:29:20.3000000Z #2 [1/2] FROM docker.io/library/alpine:3.20@sha256:{digest}
2026-01-05T18:29:20.4000000Z #2 CACHED
2026-01-05T18:29:20.4000000Z #3 [2/2] RUN make
2026-01-05T18:29:20.4000000Z #3 CACHED
""".format(digest="0" * 64)


def test_a_log_of_github_actions_has_a_clock_and_may_have_several_builds() -> None:
    first, second = read(ACTIONS)
    assert [vertex.stated for vertex in first.vertices] == [100_000_000, 1_000_000_000, 2_000_000_000]
    assert first.vertices[1].pulled == 3_620_000
    assert first.vertices[2].intervals[0].end - first.vertices[1].intervals[0].end == 2_000_000_000
    assert [vertex.cached for vertex in second.vertices] == [False, True, True]


def test_the_log_of_a_run_may_have_job_and_step_before_the_time() -> None:
    lines = "".join(f"build\tBuild and push\t{line}\n" for line in ACTIONS.splitlines())
    assert [record.vertices for record in read(lines)] == [record.vertices for record in read(ACTIONS)]


def test_a_log_that_was_cut_off_has_an_unfinished_step() -> None:
    (record,) = read("#1 [internal] load build definition from Dockerfile\n#1 DONE 0.0s\n#2 [2/2] RUN make\n")
    assert [vertex.unfinished for vertex in record.vertices] == [False, True]


def test_what_failed_in_a_log_ran_at_least_up_to_its_last_line() -> None:
    (record,) = builds.records("failing/warm.plain.log")
    (failed,) = [vertex for vertex in record.vertices if "exit code" in vertex.error]
    assert failed.duration == 1_086_000_000
    assert record.notes


def test_a_canceled_and_a_failed_step_of_a_log_have_their_errors() -> None:
    (record,) = builds.records("failing/warm.plain.log")
    errors = [vertex.error for vertex in record.vertices if vertex.error]
    assert len(errors) == 2
    assert "context canceled" in errors
    assert any(error.endswith("exit code: 7") for error in errors)
