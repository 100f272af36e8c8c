"""stagegraph timings as a user runs it: what it says, what it writes, what it exits with."""

from __future__ import annotations

import io
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

import stagegraph as sg
from stagegraph import formats
from stagegraph.cli.recorded import progress_of
from stagegraph.formats.html.timings_page import render as html_page
from stagegraph.formats.timings_json import render as timings_json
from stagegraph.formats.timings_markdown import render as timings_markdown
from stagegraph.formats.timings_perfetto import lanes
from stagegraph.formats.timings_perfetto import render as perfetto
from stagegraph.formats.timings_text import render as timings_text
from stagegraph.records.reading import records_of
from stagegraph.source import columns
from stagegraph.timings.compare import ChangeKind, compare_timings
from stagegraph.units import duration, share, size

from . import builds
from .conftest import ROOT
from .mermaid_parser import parse_errors

Run = Callable[..., subprocess.CompletedProcess[bytes]]
RECORDS = [path for path in builds.files() if not path.endswith("Dockerfile")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """All real builds, as files."""
    for name, data in builds.files().items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    return tmp_path


def test_the_first_lines_say_which_line_to_change_and_what_it_saves() -> None:
    lines = timings_text(builds.timings("parallel/cold.dockerbuild")).splitlines()
    assert lines[:3] == [
        "parallel/cold.dockerbuild: 7.69 s, 23 steps, none from the cache",
        "Change line 10 first; without it the build would end 1.74 s (23%) sooner:",
        "  RUN sleep 1.5 && cat deps.txt > deps.lock",
    ]


def test_the_stages_are_bars_and_the_path_is_solid() -> None:
    lines = timings_text(builds.timings("parallel/cold.dockerbuild")).splitlines()
    (web,) = [line for line in lines if line.startswith("  web ")]
    assert web == "  web            17-20     3.76 s   1.31 s  ·············██████████████████·····"
    (api,) = [line for line in lines if line.startswith("  api ")]
    assert api == "  api            12-15     1.88 s           ·············▒▒▒▒▒▒▒▒▒▒·············"


def test_the_path_is_told_step_by_step_with_lines() -> None:
    text = timings_text(builds.timings("parallel/cold.dockerbuild"))
    _, path = text.split("Critical path: 7.61 s of 7.69 s\n")
    assert path.splitlines()[2:6] == [
        "    0.20 s  line 5       [base 2/3] WORKDIR /app",
        "    0.74 s  line 6       [base 3/3] RUN sleep 0.6 && echo base > /app/base.txt",
        "     22 ms  line 9       [deps 1/2] COPY deps.txt ./",
        "    1.74 s  line 10      [deps 2/2] RUN sleep 1.5 && cat deps.txt > deps.lock",
    ]


def test_a_failed_build_says_where_it_failed() -> None:
    lines = timings_text(builds.timings("failing/cold.dockerbuild")).splitlines()
    assert "The build failed at line 8, 1.47 s after it started:" in lines


@pytest.mark.parametrize("path", RECORDS)
@pytest.mark.parametrize("width", [60, 80])
def test_the_text_fits_the_terminal(path: str, width: int) -> None:
    for number in range(len(builds.records(path))):
        text = timings_text(builds.timings(path, number), width=width)
        assert max(map(columns, text.splitlines())) <= width


@pytest.mark.parametrize("path", RECORDS)
def test_the_json_follows_its_schema(path: str) -> None:
    schema = json.loads((ROOT / "docs/timings.schema.json").read_text("utf-8"))
    data = json.loads(timings_json(builds.timings(path)))
    jsonschema.Draft202012Validator(schema).validate(data)


def test_the_json_is_in_seconds() -> None:
    found = builds.timings("parallel/cold.dockerbuild")
    data = json.loads(timings_json(found))
    assert data["wall"] == 7.685204827
    assert data["begun"] == "2026-11-23T15:39:10.274757632Z"
    assert data["steps"][3]["lines"] == [3, 35]
    assert sum(part["time"] for part in data["path"]) == pytest.approx(data["path_time"])


@pytest.mark.parametrize(
    "path", ["parallel/cold.dockerbuild", "multiplatform/cold.plain.log", "syntax/cold.rawjson.jsonl"]
)
def test_the_chart_in_the_markdown_is_read_by_mermaid(path: str) -> None:
    text = timings_markdown(builds.timings(path))
    _, _, rest = text.partition("```mermaid\n")
    chart, _, _ = rest.partition("```")
    assert parse_errors({path: chart}) == []


def test_nothing_of_a_record_is_markup_in_the_markdown() -> None:
    vertex = sg.records.record.Vertex(
        digest="1",
        name="[x 1/1] RUN <script>|`**[a](b)**\n# no",
        intervals=(sg.records.record.Interval(1, 9**9),),
    )
    record = sg.Record(source="<b>", name="", format="rawjson", vertices=(vertex,))
    lines = timings_markdown(sg.measure(record)).splitlines()
    assert not any("<script>" in line or "<b>" in line or "**[a]" in line for line in lines)
    assert "# no" not in lines


@pytest.mark.parametrize("path", RECORDS)
def test_the_slices_of_a_lane_never_overlap_and_hold_all_the_work(path: str) -> None:
    found = builds.timings(path)
    ends: dict[int, int] = {}
    for lane, (start, end), _ in lanes(found):
        assert ends.get(lane, 0) <= start
        ends[lane] = end
    assert sum(end - start for _, (start, end), _ in lanes(found)) == found.work
    assert len(ends) == max(count for _, count in found.concurrency)


def test_the_trace_is_one_that_perfetto_opens() -> None:
    trace = json.loads(perfetto(builds.timings("parallel/cold.dockerbuild")))
    slices = [event for event in trace["traceEvents"] if event["ph"] == "X"]
    assert {"name", "ph", "pid", "tid", "ts", "dur"} <= set(slices[0])
    longest = max(slices, key=lambda event: event["dur"])
    assert longest["name"] == "[web 3/3] RUN sleep 3.2 && echo bundle-web > web.bundle"
    assert longest["dur"] == 3_317_285.699  # microseconds
    assert longest["args"]["lines"] == [20]


def test_a_bundle_needs_no_dockerfile(in_process: Run, folder: Path) -> None:
    done = in_process("timings", "parallel/cold.dockerbuild", cwd=folder)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().splitlines()[1].startswith("Change line 10 first")


def test_a_stream_is_read_from_standard_input(stagegraph: Run, folder: Path) -> None:
    data = builds.files()["parallel/cold.rawjson.jsonl"]
    done = stagegraph("timings", "-", "parallel", stdin=data, cwd=folder)
    assert done.returncode == 0
    assert done.stdout.decode().splitlines()[1].startswith("Change line 10 first")


def test_the_dockerfile_here_is_taken_if_it_fits(in_process: Run, folder: Path) -> None:
    fits = in_process("timings", "cold.rawjson.jsonl", cwd=folder / "parallel")
    assert "note: this record has no Dockerfile; line numbers are those of Dockerfile" in fits.stdout.decode()
    other = in_process("timings", "../target/cold.rawjson.jsonl", cwd=folder / "parallel")
    assert "note: this record has no Dockerfile; pass it as a second argument" in other.stdout.decode()


LOG = "parallel/cold.plain.log"
UNKNOWN = "The dependencies of the steps are unknown: a log does not contain them, and "


def without_dockerfile(path: str = LOG) -> sg.Timings:
    return sg.measure(builds.records(path)[0])


def with_clock() -> sg.Timings:
    """A log with the time of each line, without its Dockerfile."""
    lines = builds.files()[LOG].decode().splitlines()
    text = "".join(f"2026-01-05T18:29:{n // 10:02}.{n % 10}000000Z {line}\n" for n, line in enumerate(lines))
    return sg.measure(records_of(io.BytesIO(text.encode()), "x.log")[0])


@pytest.mark.parametrize("path", builds.named(".log"))
def test_a_log_without_its_dockerfile_gives_sums_and_no_predictions(path: str) -> None:
    bare, known = without_dockerfile(path), builds.timings(path)
    assert not bare.dependencies_known
    assert (bare.wall, bare.path, bare.savings, bare.estimated) == (None, (), (), False)
    assert (bare.work, bare.cached_steps, bare.total_steps) == (
        known.work,
        known.cached_steps,
        known.total_steps,
    )
    assert sorted((s.name, s.duration, s.ran) for s in bare.steps) == sorted(
        (s.name, s.duration, s.ran) for s in known.steps
    )
    for step in bare.steps:
        assert (step.start, step.slack, step.saving, step.inputs, step.critical) == (
            None,
            None,
            None,
            (),
            False,
        )


@pytest.mark.parametrize("timings", [without_dockerfile(), with_clock()])
def test_no_format_predicts_where_dependencies_are_unknown(timings: sg.Timings) -> None:
    text = timings_text(timings)
    assert " ".join(text.split()).startswith(
        f"warning: {UNKNOWN}no Dockerfile was given. Pass the Dockerfile"
    )
    shown = timings_markdown(timings)
    assert shown.splitlines()[2].startswith(f"**Warning:** {UNKNOWN}")
    for each in (text, shown, html_page(timings)):
        assert not re.search(r"first; without|Time saved|saves|worth optim|Critical path: |path took", each)
    data = json.loads(timings_json(timings))
    schema = json.loads((ROOT / "docs/timings.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(data)
    assert data["dependencies_known"] is False
    assert (data["path"], data["savings"], data["path_time"], data["path_share"]) == ([], [], None, None)
    assert {(step["critical"], step["inputs"], step["queued"], step["slack"]) for step in data["steps"]} == {
        (None, None, None, None)
    }


def test_a_clock_gives_the_length_of_the_build_and_its_bars_without_dependencies() -> None:
    timings = with_clock()
    assert timings.wall
    assert re.search(r"\n  web +3\.\d\d s +·*▒+·*\n", timings_text(timings))
    assert "gantt" in timings_markdown(timings)
    assert all(
        event.get("args", {}).get("critical") is None
        for event in json.loads(perfetto(timings))["traceEvents"]
    )
    assert json.loads(timings_json(timings))["parallelism"] > 0


def test_without_clock_and_dependencies_there_are_no_bars_and_no_trace() -> None:
    timings = without_dockerfile()
    text = timings_text(timings)
    assert not re.search("[█▒·]", text)
    assert re.search(r"\n  web +3\.\d\d s\n", text)
    assert "gantt" not in timings_markdown(timings)
    with pytest.raises(sg.RenderError, match="a trace needs the times at which steps began"):
        perfetto(timings)
    data = json.loads(timings_json(timings))
    assert (data["wall"], data["parallelism"], data["begun"]) == (None, None, None)


def test_a_log_in_another_folder_warns_first_and_with_its_dockerfile_predicts(
    in_process: Run, folder: Path, tmp_path: Path
) -> None:
    (folder / "empty").mkdir()
    bare = in_process("timings", "../parallel/cold.plain.log", cwd=folder / "empty")
    assert bare.returncode == 0
    assert bare.stdout.decode().startswith("warning: The dependencies of the steps are unknown")
    known = in_process("timings", "../parallel/cold.plain.log", "../parallel", cwd=folder / "empty")
    assert "Change line" in known.stdout.decode().splitlines()[1]
    here = in_process("timings", "cold.plain.log", cwd=folder / "parallel")
    assert "note: this record has no Dockerfile; line numbers are those of Dockerfile" in here.stdout.decode()
    assert "Change line" in here.stdout.decode().splitlines()[1]


def test_a_dockerfile_that_does_not_fit_a_log_gives_no_dependencies(in_process: Run, folder: Path) -> None:
    done = in_process("timings", "target/cold.plain.log", "parallel", cwd=folder)
    text = " ".join(done.stdout.decode().split())
    assert text.startswith(f"warning: {UNKNOWN}parallel/Dockerfile does not match it. ")
    assert "Change" not in text
    (folder / "Broken").write_text("FROM a\nCOPPY x y\n")
    text = " ".join(
        in_process("timings", "target/cold.plain.log", "Broken", cwd=folder).stdout.decode().split()
    )
    assert text.startswith(f"warning: {UNKNOWN}Broken is invalid. ")


@pytest.mark.parametrize(
    ("option", "what"), [("--fail-over", "the build"), ("--fail-path-over", "the critical path")]
)
def test_a_limit_on_what_is_unknown_is_an_error(
    option: str, what: str, in_process: Run, folder: Path
) -> None:
    (folder / "empty").mkdir()
    done = in_process("timings", "../parallel/cold.plain.log", option, "1", cwd=folder / "empty")
    assert done.returncode == 2
    assert done.stderr.decode() == (
        f"error: it is unknown how long {what} took: a log does not say what each step waited for\n"
        "hint: pass the Dockerfile of this build after the record\n"
    )


def test_a_picture_of_a_log_needs_its_dockerfile(in_process: Run, folder: Path) -> None:
    done = in_process(
        "render", "--record", "target/cold.plain.log", "parallel", "--format", "mermaid", cwd=folder
    )
    assert done.returncode == 1
    assert "target/cold.plain.log does not seem to be a build of parallel/Dockerfile" in done.stderr.decode()


def test_logs_without_a_dockerfile_are_compared_by_step(in_process: Run, folder: Path) -> None:
    (folder / "empty").mkdir()
    logs = ("../parallel/cold.plain.log", "../parallel/warm.plain.log")
    done = in_process("timings", "--compare", *logs, cwd=folder / "empty")
    text = done.stdout.decode()
    assert " ".join(text.split()).startswith(f"Warning: {UNKNOWN}no Dockerfile was given. ")
    assert "Critical path" not in text
    assert "faster" not in text.split("\n\n")[0]
    assert re.search(r"Newly cached\n.*RUN", text)
    data = json.loads(
        in_process("timings", "--compare", *logs, "--format", "json", cwd=folder / "empty").stdout
    )
    assert (data["difference"], data["before"]["wall"], data["after"]["path_time"]) == (None, None, None)
    shown = in_process(
        "timings", "--compare", *logs, "--format", "markdown", cwd=folder / "empty"
    ).stdout.decode()
    assert shown.startswith("### Build times by step\n")


def test_a_dockerfile_of_another_build_is_said_to_be_one(in_process: Run, folder: Path) -> None:
    done = in_process("timings", "target/cold.rawjson.jsonl", "parallel", cwd=folder)
    text = " ".join(done.stdout.decode().split())
    assert "target/cold.rawjson.jsonl does not seem to be a build of parallel/Dockerfile: " in text


def test_of_several_builds_one_is_chosen_by_name_or_number(in_process: Run, folder: Path) -> None:
    name = "bake/cold.2records.dockerbuild"
    asked = in_process("timings", name, cwd=folder)
    assert asked.returncode == 2
    assert asked.stderr.decode() == (
        "error: bake/cold.2records.dockerbuild contains 2 builds:\n"
        "    1  web: 7 steps, 1 cached, 1.70 s\n"
        "    2  api: 7 steps, 1 cached, 2.07 s\n"
        "hint: choose one with `--build NAME` (a name or number from the list)\n"
    )
    by_name = in_process("timings", name, "--build", "api", cwd=folder)
    by_number = in_process("timings", name, "--build", "2", cwd=folder)
    assert by_name.stdout == by_number.stdout
    assert in_process("timings", name, "--build", "db", cwd=folder).returncode == 2


def test_the_list_of_builds_names_the_option_of_the_command(in_process: Run, folder: Path) -> None:
    for command in ("render", "report"):
        asked = in_process(command, "--record", "bake/cold.2records.dockerbuild", cwd=folder)
        assert asked.returncode == 2
        assert asked.stderr.decode().splitlines()[-1] == (
            "hint: choose one with `--build NAME` (a name or number from the list)"
        )


def test_a_build_that_took_too_long_exits_3_and_says_so(in_process: Run, folder: Path) -> None:
    name = "parallel/cold.dockerbuild"
    over = in_process("timings", name, "--fail-over", "7", cwd=folder)
    assert over.returncode == 3
    assert over.stderr == b"the build took 7.69 s; the limit is 7 s\n"
    path = in_process("timings", name, "--fail-path-over", "7.5", cwd=folder)
    assert path.returncode == 3
    assert path.stderr == b"the critical path took 7.61 s; the limit is 7.5 s\n"
    assert (
        in_process("timings", name, "--fail-over", "8", "--fail-path-over", "8", cwd=folder).returncode == 0
    )


def test_the_trace_is_written_beside_the_report(in_process: Run, folder: Path) -> None:
    done = in_process("timings", "parallel/cold.dockerbuild", "--perfetto", "trace.json", cwd=folder)
    assert done.returncode == 0
    assert json.loads((folder / "trace.json").read_text("utf-8"))["traceEvents"]


def test_two_records_are_compared_by_line(in_process: Run, folder: Path) -> None:
    done = in_process(
        "timings", "--compare", "defaults/noprov.dockerbuild", "defaults/touched.dockerbuild", cwd=folder
    )
    lines = done.stdout.decode().splitlines()
    assert lines[1] == "defaults/touched.dockerbuild: 3.87 s, 3.83 s slower (88 times as long)"
    assert lines[4:6] == [
        "Newly missed",
        "    +3.31 s  line 20     web          cached → 3.31 s     RUN sleep 3.2 &&…",
    ]
    data = json.loads(
        in_process(
            "timings",
            "--compare",
            "target/cold.dockerbuild",
            "target/warm.dockerbuild",
            "-F",
            "json",
            cwd=folder,
        ).stdout
    )
    assert {change["kind"] for change in data["changes"]} == {"newly missed", "newly cached", "same"}


COMPARE_SCHEMA = json.loads((ROOT / "docs/timings-compare.schema.json").read_text("utf-8"))


@pytest.mark.parametrize("path", RECORDS)
def test_the_json_of_a_comparison_follows_its_schema(path: str) -> None:
    validator = jsonschema.Draft202012Validator(COMPARE_SCHEMA)
    for before, after in ((path, RECORDS[0]), (RECORDS[-1], path), (path, path)):
        comparison = compare_timings(builds.timings(before), builds.timings(after))
        data = json.loads(formats.render("timings --compare", comparison, "json"))
        validator.validate(data)
        data["changes"] += [{"kind": "other"}]
        assert not validator.is_valid(data)


def test_a_comparison_of_one_record_is_wrong_usage(in_process: Run, folder: Path) -> None:
    assert in_process("timings", "--compare", "parallel/cold.dockerbuild", cwd=folder).returncode == 2


def test_a_line_that_moved_is_the_same_line() -> None:
    record = builds.records("parallel/cold.rawjson.jsonl")[0]
    source = builds.dockerfile("parallel/")
    moved = sg.Source(name="Dockerfile", text=f"# one more line\n{source.text}")
    found = compare_timings(sg.measure(record, source), sg.measure(record, moved))
    assert {change.kind for change in found.changes} == {ChangeKind.SAME}
    assert {(c.line_after or 0) - (c.line_before or 0) for c in found.changes if c.line_before} == {1}


def test_steps_that_are_in_one_build_only_are_added_or_removed() -> None:
    before = builds.timings("target/cold.dockerbuild")
    after = builds.timings("dead-stage/cold.dockerbuild")
    kinds = {change.kind for change in compare_timings(before, after).changes}
    assert {ChangeKind.ADDED, ChangeKind.REMOVED} <= kinds


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (0, "0 ms"),
        (1000, "<1 ms"),
        (16_300_000, "16 ms"),
        (99_999_999, "100 ms"),
        (1_736_000_000, "1.74 s"),
        (9_996_000_000, "10.0 s"),
        (53_500_000_000, "53.5 s"),
        (125_000_000_000, "2m 05s"),
        (3_725_000_000_000, "1h 02m"),
    ],
)
def test_times_have_about_three_digits(time: int, text: str) -> None:
    assert duration(time) == text


def test_sizes_are_those_that_buildkit_prints() -> None:
    assert [size(n) for n in (0, 47, 3_620_000, 999_600, 12_300_000_000)] == [
        "0 B",
        "47 B",
        "3.62 MB",
        "1 MB",
        "12.3 GB",
    ]


def test_a_share_is_never_all_or_nothing_unless_it_is() -> None:
    assert [share(part, 1000) for part in (0, 1, 500, 999, 1000)] == ["0%", "1%", "50%", "99%", "100%"]


def test_a_bar_shows_on_a_terminal_once_reading_takes_a_second(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "build.jsonl"
    path.write_bytes(b"x" * 1000)
    terminal = Terminal()
    now = [0.0]
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr("stagegraph.cli.recorded.time.monotonic", lambda: now[0])
    with progress_of(str(path)) as tick:
        tick(10)
        assert terminal.getvalue() == ""
        now[0] = 1.5
        tick(490)
    assert "Reading" in terminal.getvalue()
    assert "500/1,000 bytes" in terminal.getvalue().replace("0.5/1.0 kB", "500/1,000 bytes")


def test_no_bar_shows_where_nobody_looks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.stderr", pipe := io.StringIO())
    times = iter(range(100))
    monkeypatch.setattr("stagegraph.cli.recorded.time.monotonic", lambda: float(next(times)))
    with progress_of(str(tmp_path)) as tick:
        tick(10)
        tick(10)
    assert pipe.getvalue() == ""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True
