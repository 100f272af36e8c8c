"""Logs of ``--progress=plain`` behind what CI systems and other programs write before each line."""

from __future__ import annotations

import io
import json
import re
import time
import tracemalloc
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import pytest

import stagegraph as sg
from stagegraph.records.prefix import numbered_lines
from stagegraph.records.reading import records_of

from . import builds

LOG = "parallel/cold.plain.log"
BEGUN = datetime(2026, 1, 5, 18, 59, 13, 32015, UTC)
Prefix = Callable[[int, datetime], str]  # of a line: its position and the time at which it was written


def read(text: str | bytes) -> list[sg.Record]:
    data = text.encode() if isinstance(text, str) else text
    return records_of(io.BytesIO(data), "build.log")


def plain(path: str = LOG) -> list[str]:
    return builds.files()[path].decode().splitlines()


def behind(prefix: Prefix, lines: Iterable[str], *, end: str = "\n") -> str:
    """``lines`` as a program shows them that writes ``prefix`` before each."""
    return "".join(
        f"{prefix(n, BEGUN + timedelta(milliseconds=137 * n))}{line}{end}" for n, line in enumerate(lines, 1)
    )


def iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def elapsed(moment: datetime) -> timedelta:
    return moment - BEGUN


# Without times that are exact enough to be used: the record is that of the log itself.
SAME: dict[str, Prefix] = {
    "Jenkins Timestamper": lambda n, t: f"{t:%H:%M:%S}  ",
    "Jenkins Timestamper, elapsed": lambda n, t: f"0{elapsed(t)}."[:8] + f".{n % 10}00  ",
    "Jenkins parallel branch": lambda n, t: "[api] ",
    "Jenkins parallel branch with time": lambda n, t: f"{t:%H:%M:%S}  [web-1] ",
    "Google Cloud Build": lambda n, t: 'Step #1 - "build": ',
    "Google Cloud Build, first step": lambda n, t: "Step #0: ",
    "docker compose": lambda n, t: "api-1  | ",
    "docker compose with colours": lambda n, t: "\x1b[36mapi   |\x1b[0m ",
    "kubectl --prefix": lambda n, t: "[pod/build-7f9c4d5b6-x2x9z/kaniko] ",
    "stern": lambda n, t: "\x1b[33mbuild-7f9c4d5b6-x2x9z\x1b[0m \x1b[33mbuildkit\x1b[0m ",
    "Buildkite": lambda n, t: f"\x1b_bk;t={int(t.timestamp() * 1000)}\x07",
    "Buildkite, escape lost": lambda n, t: f"_bk;t={int(t.timestamp() * 1000)}\x07",
    "Travis": lambda n, t: f"travis_time:start:{n:08x}\r\x1b[0K" if n % 9 == 0 else "",
    "CircleCI": lambda n, t: "\x1b[0m" if n % 2 else "",
    "TeamCity": lambda n, t: f"[{t:%H:%M:%S}] :\t [Step 1/2] ",
    "TeamCity with flow": lambda n, t: f"[{t:%H:%M:%S}]W:\t\t[docker build] ",
    "Drone": lambda n, t: f"[build:{n}] ",
    "Drone with time": lambda n, t: f"[build:L{n}:{elapsed(t).seconds}s] ",
    "systemd journal": lambda n, t: f"{t:%b} {t.day:2} {t:%H:%M:%S} host7 buildx[4711]: ",
    "systemd journal, iso": lambda n, t: f"{t:%Y-%m-%dT%H:%M:%S}+0000 host7 buildx[4711]: ",
    "AWS CodeBuild": lambda n, t: f"[Container] {t:%Y/%m/%d %H:%M:%S}.{t.microsecond:06} ",
    "GitLab without time": lambda n, t: f"section_start:{n}:build\r\x1b[0K" if n == 1 else "",
    "a clock with a zone": lambda n, t: f"{t:%Y-%m-%d %H:%M:%S} UTC | ",
    "a clock with AM and PM": lambda n, t: f"{t:%Y/%m/%d %I:%M:%S %p}: ",
    "seconds": lambda n, t: f"[{elapsed(t).total_seconds():9.3f}] ",
    "seconds with a unit": lambda n, t: f"({elapsed(t).seconds}s) ",
    "milliseconds": lambda n, t: f"{int(t.timestamp() * 1000)} ",
    "line numbers": lambda n, t: f"{n:5} ",
    "line numbers and a job": lambda n, t: f"job 7 line {n}: ",
    "a rocket": lambda n, t: "🚀 build » ",
    "indented": lambda n, t: "    ",
    "a byte order mark": lambda n, t: "\ufeff" if n == 1 else "",
}  # fmt: skip

# With the exact time of each line: each step ends when that was printed.
TIMED: dict[str, Prefix] = {
    "GitHub Actions": lambda n, t: f"{iso(t)[:-1]}0151Z ",
    "gh run view --log": lambda n, t: f"build (linux, 1)\tBuild and push\t{iso(t)} ",
    "GitLab": lambda n, t: f"{iso(t)} {n % 2:02}O ",
    "Azure Pipelines": lambda n, t: f"{iso(t)[:-1]}1234Z ",
    "Jenkins Timestamper": lambda n, t: f"[{iso(t)}] ",
    "Jenkins Timestamper and branch": lambda n, t: f"[{iso(t)}] [api] ",
    "Google Cloud Build": lambda n, t: f'{iso(t)} Step #1 - "build": ',
    "kubectl --timestamps": lambda n, t: f"[pod/a-1/b] {iso(t)[:-1]}123456Z ",
    "docker compose -t": lambda n, t: f"api  | {iso(t)} ",
    "a zone": lambda n, t: f"{iso(t)[:-1]}+00:00 ",
}


@pytest.mark.parametrize("name", SAME)
def test_a_log_behind_a_prefix_is_the_record_of_the_log(name: str) -> None:
    (record,) = read(behind(SAME[name], plain()))
    assert record.vertices == builds.records(LOG)[0].vertices


@pytest.mark.parametrize("name", TIMED)
def test_a_log_behind_exact_times_has_measured_ends_and_the_same_durations(name: str) -> None:
    text = behind(TIMED[name], plain())
    (record,) = read(text)
    known = builds.records(LOG)[0].vertices
    assert [(v.name, v.stated, v.cached) for v in record.vertices] == [
        (v.name, v.stated, v.cached) for v in known
    ]
    done = next(n for n, line in enumerate(plain(), 1) if line.startswith("#10 DONE"))
    (tenth,) = [vertex for vertex in record.vertices if vertex.digest == "#10"]
    ended = (BEGUN + timedelta(milliseconds=137 * done)).timestamp()
    assert tenth.intervals[-1].end / 1e9 == pytest.approx(ended, abs=0.001)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_and_line_ends_do_not_matter(encoding: str, end: str) -> None:
    text = behind(SAME["Google Cloud Build"], plain(), end=end)
    assert read(text.encode(encoding))[0].vertices == builds.records(LOG)[0].vertices


@pytest.mark.parametrize(
    "prefixes", [("[api] ", "[web] "), ("web-1  | ", "web-2  | "), ("Step #0: ", "Step #1: ")]
)
def test_builds_whose_lines_alternate_are_records_of_their_own(prefixes: tuple[str, str]) -> None:
    other = "arg-stage/cold.plain.log"
    first, second = plain(), plain(other)
    lines = []
    for n in range(max(len(first), len(second))):
        lines += [
            f"{prefix}{log[n]}\n"
            for prefix, log in zip(prefixes, (first, second), strict=True)
            if n < len(log)
        ]
    records = read("".join(lines))
    assert [record.name for record in records] == [prefix.strip(" []|:") for prefix in prefixes]
    assert [record.vertices for record in records] == [
        builds.records(LOG)[0].vertices,
        builds.records(other)[0].vertices,
    ]


def test_many_jobs_in_step_are_not_a_count_of_lines() -> None:
    lines = [f"[job-{job}] {line}\n" for line in plain() for job in range(40)]
    records = read("".join(lines))
    assert [record.name for record in records] == [f"job-{job}" for job in range(40)]
    assert {record.vertices for record in records} == {builds.records(LOG)[0].vertices}


def test_a_build_that_names_its_steps_again_is_behind_one_count_of_lines() -> None:
    again = [
        "#0 building with x",
        *["#3 [1/3] RUN a", "#3 0.1 x", "#3 ...", "", "#4 [2/3] RUN b", "#4 ..."] * 2,
    ]
    (record,) = read(behind(SAME["Drone"], [*again, "#3 DONE 1.0s", "#4 DONE 2.0s"]))
    assert [vertex.stated for vertex in record.vertices] == [1_000_000_000, 2_000_000_000]


def test_padded_lines_are_read() -> None:
    assert read("".join(f"{line:<90}\n" for line in plain()))[0].vertices == builds.records(LOG)[0].vertices


def test_one_build_after_another_behind_one_prefix_are_two() -> None:
    lines = behind(SAME["Jenkins Timestamper"], [*plain(), "[Pipeline] sh", "+ docker build .", *plain()])
    first, second = read(lines)
    assert (first.name, second.name) == ("build 1", "build 2")
    assert first.vertices == second.vertices == builds.records(LOG)[0].vertices


def test_steps_that_docker_compose_names_by_service_are_matched_to_their_lines() -> None:
    lines = [re.sub(r"^(#\d+ \[)", r"\1api ", line) for line in plain()]
    (record,) = read("\n".join(lines))
    timings = sg.measure(record, builds.dockerfile(LOG))
    known = builds.timings(LOG)
    assert [step.lines for step in timings.steps] == [step.lines for step in known.steps]
    assert timings.wall == known.wall


def test_output_that_looks_like_a_build_inside_a_build_belongs_to_its_step() -> None:
    inside = [f"#6 0.{n:03} {line}" for n, line in enumerate(plain("arg-stage/cold.plain.log"))]
    lines = plain()
    at = lines.index("#6 DONE 0.1s")
    (record,) = read(behind(SAME["Jenkins parallel branch"], [*lines[:at], *inside, *lines[at:]]))
    assert [v.name for v in record.vertices] == [v.name for v in builds.records(LOG)[0].vertices]


@pytest.mark.parametrize(
    "text",
    [
        "# Title\n\n## #5 Heading\n\nSee #5 and #6 for more. Fixes #7 (again).\n",
        "- #5 [a link](https://example.com)\n- #6 DONE 3.0s\n",
        "fixes #5 [the parser](x)\nfixes #5 DONE yesterday\n",
        "#1 best tool\n#2 second tool\n#1 DONE 1.0s\n",
        "commit abc (#12 [core] speed)\ncommit abc (#12 CACHED\n",
        '{"message": "#1 [internal] load"}\n{"message": "#1 [internal] load"}\n',
        "Jan 1 #1 priority: [x] #2 CACHED\n",
    ],
)
def test_text_with_references_is_not_a_build(text: str) -> None:
    with pytest.raises(sg.InputError, match="this file is not the record of a build"):
        read(text)


def test_steps_whose_first_line_is_missing_are_left_out_and_listed() -> None:
    text = "#3 0.512 compiling\n#4 [2/3] RUN a\n#3 DONE 0.7s\n#4 DONE 1.0s\n#5 [3/3] RUN b\n#5 CACHED\n"
    (record,) = read(text.replace("#4 [", "#2 CACHED\n#4 [", 1) + "#3 1.5 more\n")
    assert [vertex.name for vertex in record.vertices] == ["[2/3] RUN a", "[3/3] RUN b"]
    (record,) = read("#4 [2/3] RUN a\n#3 DONE 0.7s\n#2 CACHED\n#4 DONE 1.0s\n")
    assert record.notes == ("steps of which the log does not contain the first line were left out: #2, #3",)


TTY = """\
$ docker build .
[+] Building 4.2s (5/5) FINISHED                                docker:default
 => [a 1/2] FROM docker.io/library/alpine:latest@sha256:0123            0.3s
 => [a 2/2] RUN sleep 3                                                 3.3s
 => exporting to image                                                  0.1s
"""


@pytest.mark.parametrize(
    "text", [TTY, TTY.replace("[+] Building", "\x1b[34m[+] Building"), TTY.replace("\n", "\r\n")]
)
def test_what_a_terminal_shows_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(sg.InputError) as raised:
        read(text)
    lines = str(raised.value).splitlines()
    assert lines[0] == (
        "build.log:2:1: this is what a terminal shows of a build: it does not say when a step began"
    )
    assert lines[1].startswith("    2 | [+] Building 4.2s (5/5) FINISHED")
    assert lines[2] == "      | ^~~"
    assert (
        lines[3] == "hint: build with --progress=plain and pass that output, or pass the .dockerbuild bundle"
    )
    assert "\x1b" not in str(raised.value)


def test_a_log_after_what_a_terminal_shows_is_read() -> None:
    assert read(TTY + "\n".join(plain()))[0].vertices == builds.records(LOG)[0].vertices


STREAM = "target/cold.rawjson.jsonl"


def pretty(indent: int | str, *, array: bool = False) -> str:
    events = [json.loads(line) for line in builds.files()[STREAM].decode().splitlines()]
    if array:
        return json.dumps(events, indent=indent)
    return "\n".join(json.dumps(event, indent=indent) for event in events)


@pytest.mark.parametrize("array", [False, True])
@pytest.mark.parametrize("indent", [1, 2, 4, "\t"])
def test_events_over_several_lines_are_read(indent: int | str, array: bool) -> None:
    (record,) = read(pretty(indent, array=array))
    assert record.vertices == builds.records(STREAM)[0].vertices
    assert not record.notes


def test_events_behind_a_prefix_are_read() -> None:
    lines = builds.files()[STREAM].decode().splitlines()
    text = behind(SAME["Google Cloud Build"], ["Step 1: docker build", *lines])
    assert read(text)[0].vertices == builds.records(STREAM)[0].vertices


def test_an_event_that_is_cut_leaves_the_others() -> None:
    text = pretty(2)
    (record,) = read(text[: text.rindex("{\n")] + "{\n  ")
    assert len(record.vertices) > 3


@pytest.mark.parametrize(
    ("document", "what"),
    [
        (
            {"predicateType": "https://slsa.dev/provenance/v1", "predicate": {"buildDefinition": {}}},
            "the provenance",
        ),
        ({"buildType": "x", "buildConfig": {"llbDefinition": []}}, "the provenance"),
        ({"Name": "app", "NumCompletedSteps": 7, "NumTotalSteps": 7}, "an entry of the history"),
        ({"buildx.build.ref": "a/b/c", "containerimage.digest": "sha256:0"}, "the metadata"),
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_other_json_of_a_build_is_named(document: dict[str, object], what: str, indent: int | None) -> None:
    with pytest.raises(sg.InputError) as raised:
        read(json.dumps(document, indent=indent) + "\n")
    assert str(raised.value) == (
        f"build.log: this is {what} of a build: it has no times of its steps\n"
        "hint: pass the bundle that `docker buildx history export -o build.dockerbuild` writes"
    )


HOSTILE = {
    "numbers": "x#1 " * 200_000,
    "spaces": "[a]" + " " * 800_000 + "#1 [a] b",
    "digits": "1" * 800_000,
    "clocks": "12:00:07 " * 90_000,
    "dates": "Mon Jan  2 " * 70_000,
    "escapes": "\x1b]" * 400_000 + "#1 [a] b",
    "brackets": "#1 [" * 200_000,
    "layers": "#1 sha256:" + "a" * 800_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_long_line_takes_linear_time(name: str) -> None:
    started = time.process_time()
    list(numbered_lines([HOSTILE[name].encode()] * 3))
    assert time.process_time() - started < 1


@pytest.mark.parametrize("prefix", ["", "[build:{}] ", "pod-{} | ", "12:00:07 "])
def test_a_long_log_takes_bounded_memory(prefix: str) -> None:
    def lines() -> Iterable[bytes]:
        yield from (f"{prefix.format(n)}{line}\n".encode() for n, line in enumerate(plain()[:30]))
        for n in range(60_000):
            yield f"{prefix.format(n + 30)}#8 {n / 1000:.3f} compiling part {n} of the program\n".encode()

    tracemalloc.start()
    count = sum(1 for _ in numbered_lines(lines()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count > 60_000
    assert peak < 2_000_000
