"""The analysis of records: matches to lines, critical path, slack, savings, totals."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagegraph as sg
from stagegraph.dockerfile.logical import source_from_bytes
from stagegraph.records.record import SECOND, Interval, Vertex
from stagegraph.timings.match import match_record
from stagegraph.timings.step_names import VertexKind

from . import builds
from .conformance import questions, text_of
from .made_record import eight_platforms, made_record

BUNDLES = builds.named(".dockerbuild")
ALL = [*BUNDLES, *builds.named(".jsonl"), *builds.named(".log")]
RECORDS = [(path, number) for path in ALL for number in range(len(builds.records(path)))]
PROVEN = [(path, number) for path, number in RECORDS if builds.records(path)[number].lines]


def lines_of(timings: sg.Timings) -> dict[str, tuple[tuple[int, ...], tuple[int, ...]]]:
    return {
        step.digest: (step.lines, tuple(timings.stages[stage].index or 0 for stage in step.stages))
        for step in timings.steps
    }


@pytest.mark.parametrize(("path", "number"), PROVEN)
def test_names_match_every_vertex_to_the_lines_of_its_provenance(path: str, number: int) -> None:
    record = builds.records(path)[number]
    proven = lines_of(sg.measure(record))
    named = sg.measure(builds.without_provenance(record), builds.dockerfile(path))
    assert lines_of(named) == proven
    assert named.unknown == 0


@pytest.mark.parametrize(("path", "number"), RECORDS)
def test_every_step_of_every_record_is_matched(path: str, number: int) -> None:
    timings = builds.timings(path, number)
    assert timings.unknown == 0
    assert timings.mismatch == ""
    assert not timings.interrupted
    assert all(step.lines for step in timings.steps if step.kind is VertexKind.STEP)


@pytest.mark.parametrize(("path", "number"), RECORDS)
def test_the_path_adds_up_to_the_wall_time(path: str, number: int) -> None:
    timings = builds.timings(path, number)
    assert timings.path
    ends = [part.end for part in timings.path]
    assert ends == sorted(ends)
    assert sum(part.time + part.waited for part in timings.path) == ends[-1] <= timings.known_wall
    assert (0.0 < timings.path_share <= 1.0) == (timings.known_wall > 0)  # a log may print only zeros


@pytest.mark.parametrize(("path", "number"), RECORDS)
def test_a_saving_is_at_most_what_was_taken_and_never_less_than_none(path: str, number: int) -> None:
    timings = builds.timings(path, number)
    for saving in timings.savings:
        assert 0 < saving.saves <= saving.took
    for step in timings.steps:
        assert (step.saving is not None) == step.critical
        assert step.slack is None or step.slack >= 0


@pytest.mark.parametrize(("path", "number"), RECORDS)
def test_what_is_on_the_path_has_no_slack(path: str, number: int) -> None:
    timings = builds.timings(path, number)
    assert {step.slack for step in timings.steps if step.critical} == {0}


@pytest.mark.parametrize(("path", "number"), RECORDS)
def test_the_curve_of_concurrency_holds_the_work(path: str, number: int) -> None:
    timings = builds.timings(path, number)
    times = [time for time, _ in timings.concurrency]
    held = sum(
        (after - time) * count for (time, count), after in zip(timings.concurrency, times[1:], strict=False)
    )
    assert times[0] == 0
    assert timings.concurrency[-1][1] == 0
    assert held == timings.work == sum(vertex.duration for vertex in builds.records(path)[number].vertices)


@pytest.mark.parametrize("path", BUNDLES)
def test_the_wall_time_of_a_bundle_is_that_of_its_record(path: str) -> None:
    for number, record in enumerate(builds.records(path)):
        assert record.span is not None
        # a step that several targets of bake share began before the record of one of them
        first = min(vertex.intervals[0].start for vertex in record.vertices if vertex.intervals)
        begun = min(first, record.span.start)
        assert builds.timings(path, number).wall == record.span.end - begun
        assert begun == record.span.start or (path.startswith("bake/") and record.name == "web")


# These logs leave out vertexes that the stream has: what never ran, or another run's steps.
_FEWER = (
    "bake/cold.plain.log",
    "failing/cold.plain.log",
    "failing/warm.plain.log",
    "multiplatform/warm.plain.log",
)


@pytest.mark.parametrize("path", [path for path in builds.named(".log") if path not in _FEWER])
def test_a_log_reads_what_the_stream_of_the_same_build_says(path: str) -> None:
    """The inputs that a log does not know come from the Dockerfile: they are those of BuildKit."""
    log = builds.timings(path)
    stream = builds.timings(path.replace(".plain.log", ".rawjson.jsonl"))
    seen = {key for step in log.steps if (key := _key(step))}
    assert _edges(log, seen) == _edges(stream, seen)


def _key(step: sg.TimedStep) -> tuple[object, ...]:
    if step.kind is VertexKind.CONTEXT:
        return ("context",)
    return (step.platform, *step.lines) if step.kind is VertexKind.STEP else ()


def _edges(timings: sg.Timings, seen: Iterable[object]) -> set[tuple[object, object]]:
    """Which line reads which, BuildKit's own vertices and copies that are merged left out."""
    wanted = set(seen)
    own: list[set[object]] = []
    edges: set[tuple[object, object]] = set()
    for step in timings.steps:
        read: set[object] = set().union(*(own[i] for i in step.inputs))
        key = _key(step)
        if key in wanted:
            edges |= {(other, key) for other in read if other != key}
        own.append({key} if key in wanted else read)
    return edges


def at(*spans: tuple[float, float]) -> tuple[Interval, ...]:
    return tuple(Interval(int(start * SECOND) + SECOND, int(end * SECOND) + SECOND) for start, end in spans)


def vertex(
    name: str, *inputs: str, at: tuple[Interval, ...] = (), cached: bool = False, error: str = ""
) -> Vertex:
    return Vertex(digest=name, name=name, inputs=inputs, intervals=at, cached=cached, error=error)


def measured(*vertices: Vertex) -> sg.Timings:
    return sg.measure(sg.Record(source="r", name="", format="rawjson", vertices=vertices))


def path(timings: sg.Timings) -> list[str]:
    return [timings.steps[part.step].name for part in timings.path]


def saved(timings: sg.Timings) -> dict[str, float]:
    return {step.name: step.saving / SECOND for step in timings.steps if step.saving}


def test_the_path_goes_through_the_input_that_ended_last() -> None:
    found = measured(
        vertex("a", at=at((0, 1))),
        vertex("b", at=at((0, 3))),
        vertex("c", "a", "b", at=at((3, 4))),
    )
    assert path(found) == ["b", "c"]
    assert found.steps[0].slack == 2 * SECOND


def test_a_saving_ends_where_another_chain_becomes_the_longest() -> None:
    found = measured(
        vertex("a", at=at((0, 2))),
        vertex("b", at=at((0, 3))),
        vertex("c", "a", "b", at=at((3, 7))),
    )
    assert saved(found) == {"b": 1.0, "c": 4.0}


def test_a_cached_step_passes_on_the_finish_of_what_ran_before_it() -> None:
    found = measured(
        vertex("slow", at=at((0, 3))),
        vertex("quick", at=at((3.2, 3.3))),
        vertex("hit", "slow", at=at((3.4, 3.4)), cached=True),
        vertex("end", "hit", "quick", at=at((3.4, 4))),
    )
    assert path(found) == ["quick", "end"]
    longer = measured(
        vertex("slow", at=at((0, 3))),
        vertex("quick", at=at((0, 1))),
        vertex("hit", "slow", at=at((3.4, 3.4)), cached=True),
        vertex("end", "hit", "quick", at=at((3.4, 4))),
    )
    assert path(longer) == ["slow", "hit", "end"]


def test_times_of_cached_steps_are_not_believed() -> None:
    """A naive walk takes the hit that was seen last, and loses what ran for three seconds."""
    found = builds.timings("defaults/touched.dockerbuild")
    assert "[web 3/3] RUN sleep 3.2 && echo bundle-web > web.bundle" in path(found)
    assert found.path_share > 0.95
    assert found.savings[1].lines == (20,)


def test_a_base_that_is_pulled_late_waits_for_what_set_it_off() -> None:
    found = measured(
        vertex("[a 1/2] FROM x", at=at((0, 0.1), (5, 6))),
        vertex("slow", at=at((0, 5))),
        vertex("copy", "[a 1/2] FROM x", "slow", at=at((6, 7))),
    )
    assert path(found) == ["slow", "[a 1/2] FROM x", "copy"]
    assert saved(found) == {"slow": 4.9, "[a 1/2] FROM x": 1.0, "copy": 1.0}


def test_waiting_for_a_turn_does_not_count_as_work() -> None:
    found = measured(vertex("a", at=at((0, 1))), vertex("b", "a", at=at((3, 4))))
    assert found.steps[1].queued == 2 * SECOND
    assert [(part.waited, part.time) for part in found.path] == [(0, SECOND), (2 * SECOND, SECOND)]
    assert found.path_share == 0.5


def test_a_builder_of_one_step_at_a_time_shows_as_queues() -> None:
    found = builds.timings("parallelism1/cold.dockerbuild")
    (step,) = [step for step in found.steps if step.lines == (10,)]
    assert step.queued / SECOND == pytest.approx(2.11, abs=0.01)
    assert found.parallelism < 1.05


def test_the_definition_comes_before_and_the_export_after() -> None:
    found = builds.timings("parallel/cold.dockerbuild")
    assert [(phase.name, len(phase.steps)) for phase in found.phases] == [("before", 3), ("after", 1)]
    names = path(found)
    assert names[0] == "[internal] load build definition from Dockerfile"
    assert names[-1] == "exporting to oci image format"


def test_each_target_of_bake_is_exported_after_its_own_steps() -> None:
    found = path(builds.timings("bake/cold.rawjson.jsonl"))
    assert found[-3:] == [
        "[api api 1/1] RUN sleep 0.9 && echo api > /api",
        "[api] exporting to oci image format",
        "[api] resolving provenance for metadata file",
    ]


def test_the_path_of_a_failed_build_ends_at_what_failed() -> None:
    found = builds.timings("failing/cold.dockerbuild")
    last = found.steps[found.path[-1].step]
    assert last.lines == (8,)
    assert found.error.endswith("exit code: 7")
    (canceled,) = [step for step in found.steps if step.canceled]
    assert canceled.lines == (5,)
    assert canceled.slack is None


def test_steps_on_several_platforms_save_together() -> None:
    found = builds.timings("multiplatform/cold.dockerbuild")
    (saving,) = [saving for saving in found.savings if saving.lines == (5,)]
    assert len(saving.steps) == 2
    assert saving.saves > max(found.steps[step].saving or 0 for step in saving.steps)


def test_without_a_clock_the_dockerfile_places_the_steps() -> None:
    found = builds.timings("parallel/cold.plain.log")
    assert found.estimated
    assert found.wall == 7_100_000_000
    assert "[web 3/3] RUN sleep 3.2 && echo bundle-web > web.bundle" in path(found)
    assert any("no clock" in note for note in found.notes)


def test_another_dockerfile_is_said_to_be_another() -> None:
    found = sg.measure(
        builds.without_provenance(builds.records("parallel/cold.dockerbuild")[0]),
        sg.Source(name="Dockerfile", text="FROM alpine AS a\nRUN one\n"),
    )
    assert found.mismatch == (
        "parallel/cold.dockerbuild does not seem to be a build of Dockerfile: "
        "23 of 23 steps are not in the Dockerfile"
    )
    assert found.unknown == 23


def test_a_dockerfile_that_changed_since_is_said_to_have_changed() -> None:
    found = sg.measure(
        builds.records("target/cold.dockerbuild")[0], sg.Source(name="Dockerfile", text="FROM alpine\n")
    )
    assert found.mismatch.startswith("Dockerfile differs from the Dockerfile of this build; ")
    assert found.unknown == 0


def test_without_a_dockerfile_names_tell_the_stages() -> None:
    found = sg.measure(builds.without_provenance(builds.records("parallel/cold.dockerbuild")[0]))
    assert {stage.name for stage in found.stages} == {
        "base", "deps", "api", "web", "docs", "test", "assets", "release"
    }  # fmt: skip
    assert all(stage.index is None and stage.line is None for stage in found.stages)
    assert found.unknown == 23


def test_arguments_that_the_steps_show_are_taken_and_said() -> None:
    found = builds.timings("arg-stage/cold.plain.log")
    assert found.notes[0] == "the names of the steps show that the build used VARIANT=release"


def test_what_cannot_be_told_apart_stays_unknown() -> None:
    text = dedent(
        """\
        FROM alpine AS x
        RUN make one
        FROM alpine AS x
        RUN make two
        """
    )
    record = sg.Record(
        source="r",
        name="",
        format="rawjson",
        vertices=(
            vertex("[x 2/2] RUN make three", at=at((0, 1))),
            vertex("[x 2/2] RUN make two", at=at((0, 1))),
        ),
    )
    found = sg.measure(record, sg.Source(name="Dockerfile", text=text))
    assert [(step.name[-5:], step.lines, step.unknown) for step in found.steps] == [
        ("three", (), True),
        ("e two", (4,), False),
    ]


def test_what_a_replaced_stage_read_was_not_built() -> None:
    text = dedent(
        """\
        FROM alpine AS tools
        RUN make
        FROM tools AS lib
        FROM alpine AS app
        RUN make
        COPY --from=lib /out /
        """
    )
    record = sg.Record(
        source="r", name="", format="rawjson", vertices=(vertex("[app 2/3] RUN make", at=at((0, 1))),)
    )
    source = sg.Source(name="Dockerfile", text=text)
    assert sg.measure(record, source).steps[0].lines == (2, 5)
    assert sg.measure(record, source, sg.Options(contexts={"lib": "."})).steps[0].lines == (5,)


def test_the_static_graph_takes_the_durations_of_a_record() -> None:
    timings = builds.timings("parallel/cold.dockerbuild")
    build = sg.read(builds.dockerfile("parallel/"))
    report = sg.analyse(build, sg.weights(timings, build))
    names = [report.steps[step].name for step in report.critical_path]
    assert names[-2:] == [
        "[release 5/6] COPY --from=test /app/test.ok ./",
        "[release 6/6] RUN sleep 0.3 && ls -la",
    ]
    assert "[web 3/3] RUN sleep 3.2 && echo bundle-web > web.bundle" in names
    measured = [step for step in timings.steps if step.kind in (VertexKind.STEP, VertexKind.CONTEXT)]
    assert report.parallelism.total == pytest.approx(sum(step.duration for step in measured) / SECOND)


@given(st.data())
def test_savings_are_what_a_replay_gives(data: st.DataObject) -> None:
    """For builds that waited for nothing but their inputs: the length of the longest chain without it."""
    count = data.draw(st.integers(1, 7))
    inputs = [data.draw(st.sets(st.integers(0, n - 1))) if n else set() for n in range(count)]
    lasts = [data.draw(st.integers(1, 9)) for _ in range(count)]

    def ends(without: int = -1) -> list[int]:
        found: list[int] = []
        for n in range(count):
            found.append(max((found[i] for i in inputs[n]), default=0) + (0 if n == without else lasts[n]))
        return found

    normal = ends()
    timings = measured(
        *(
            vertex(f"{n}", *(f"{i}" for i in inputs[n]), at=at((normal[n] - lasts[n], normal[n])))
            for n in range(count)
        )
    )
    length = max(normal)
    assert timings.wall == timings.path_time == length * SECOND
    for step in timings.steps:
        if step.critical:
            assert step.saving == (length - max(ends(int(step.name)))) * SECOND


@given(st.data())
def test_a_record_of_any_shape_is_measured(data: st.DataObject) -> None:
    """Cycles, missing inputs, clocks that run backwards: no exception, and the sums hold."""
    names = st.sampled_from(
        ["a", "b", "c", "[internal] load x", "[x 1/2] FROM y", "exporting to z", "[x 2/2] RUN"]
    )
    digests = [str(n) for n in range(data.draw(st.integers(1, 8)))]
    times = st.lists(st.tuples(st.integers(1, 10**10), st.integers(0, 10**10)), max_size=3)
    vertices = []
    for digest in digests:
        from stagegraph.records.collector import merged

        vertices.append(
            Vertex(
                digest=digest,
                name=data.draw(names),
                inputs=tuple(data.draw(st.lists(st.sampled_from([*digests, "gone"]), max_size=3))),
                intervals=merged(Interval(start, start + length) for start, length in data.draw(times)),
                cached=data.draw(st.booleans()),
                error=data.draw(st.sampled_from(["", "", "boom", "context canceled"])),
            )
        )
    span = data.draw(st.none() | st.just(Interval(0, 10)) | st.just(Interval(0, 10**11)))
    record = sg.Record(
        source="r",
        name="",
        format="rawjson",
        vertices=tuple(vertices),
        span=span,
        has_inputs=data.draw(st.booleans()),
    )
    text = data.draw(
        st.sampled_from(["", "FROM y AS x\nRUN\n", "FROM y AS x\nRUN a\nFROM x\nCOPY --from=x a b\n"])
    )
    timings = sg.measure(record, sg.Source(name="Dockerfile", text=text) if text else None)
    assert len(timings.steps) == len(vertices)
    assert timings.work == sum(vertex.duration for vertex in vertices)
    assert all(read < step.id for step in timings.steps for read in step.inputs)
    assert (timings.wall is None) <= (not timings.dependencies_known and not timings.path)
    assert sum(part.time + part.waited for part in timings.path) <= timings.known_wall


@pytest.mark.parametrize("part", range(4))
def test_names_of_buildkits_own_answers_are_matched_to_its_lines(part: int) -> None:
    """Every vertex of the conformance set that BuildKit gives a line."""
    matched, wrong = 0, []
    for question in [question for question in questions() if "vertices" in question][part::4]:
        vertices = tuple(
            vertex(v["name"]) for v in question["vertices"] if v["name"] and v["line"] is not None
        )
        record = sg.Record(source="r", name="", format="rawjson", vertices=vertices)
        options = sg.Options(
            target=question["target"], build_args=question["build_args"], platforms=(question["platform"],)
        )
        source = source_from_bytes(text_of(question), question["file"])
        matches = match_record(record, source, options).matches
        for v in question["vertices"]:
            if v["name"] and v["line"] is not None:
                matched += 1
                if v["line"] not in matches[v["name"]].lines:
                    wrong.append((question["id"], v["name"], v["line"], matches[v["name"]].lines))
    assert matched > 3000
    assert wrong == []


def test_steps_on_eight_platforms_are_matched_and_share_their_lines() -> None:
    source, options = eight_platforms()
    record = made_record(source, options)
    found = sg.measure(builds.without_provenance(record), source)
    assert len(found.steps) > 300
    assert found.unknown == 0
    wanted = {step.name: step.span.line for step in sg.read(source, options).steps if step.span}
    assert {step.name: step.lines[0] for step in found.steps if step.name in wanted} == wanted
    assert max(len(stage.platforms) for stage in found.stages) >= 8
    best = next(saving for saving in found.savings if saving.kind is sg.SavingKind.STEP)
    assert len({found.steps[step].lines for step in best.steps}) == 1


def test_what_a_registry_cache_still_pulls_is_on_the_path() -> None:
    """A step from a remote cache is a hit, and its layers are fetched when a later step needs them."""
    found = measured(
        vertex("[internal] load metadata for x", at=at((0, 0.5))),
        vertex("importing cache manifest from ghcr.io/me/app:cache", at=at((0.5, 1))),
        vertex("[a 1/3] FROM x", at=at((1, 1)), cached=True),
        vertex("[a 2/3] RUN install", "[a 1/3] FROM x", at=at((1, 1), (1.1, 9)), cached=True),
        vertex("[a 3/3] RUN make", "[a 2/3] RUN install", at=at((9, 12))),
    )
    assert path(found)[-2:] == ["[a 2/3] RUN install", "[a 3/3] RUN make"]
    assert saved(found)["[a 2/3] RUN install"] == 7.9
    assert found.cached_time == 7_900_000_000
