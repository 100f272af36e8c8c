"""What a change makes BuildKit run again, against the answers of BuildKit for 400 changes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagegraph as sg
from stagegraph.rebuild.ignore import PathPatterns, ignore_patterns

from .rebuilds import Case, cases

AGAIN, MAY, CACHED = sg.StepStatus.RUNS_AGAIN, sg.StepStatus.MAY_RUN, sg.StepStatus.CACHED


def impact(case: Case) -> sg.Impact:
    """What the change of ``case`` runs again."""
    before = sg.BuildState.from_files(case.before, options=sg.Options(build_args=case.arguments_before))
    after = sg.BuildState.from_files(case.after, options=sg.Options(build_args=case.arguments_after))
    return sg.affected(before, after)


def test_buildkit_ran_what_runs_again_and_took_what_is_cached_from_the_cache() -> None:
    wrong, built = [], set()
    counts: Counter[sg.StepStatus] = Counter()
    for number, case in cases().items():
        steps = {step.name: step for step in impact(case).steps}
        for answer in case.answer:
            step = steps.get(answer["name"])
            if step is None or step.kind == "source":  # equal to a step of another name, or a FROM
                continue
            counts[step.status] += 1
            # one builder ran all cases: on an image alone, it may know a step from an earlier one
            text = answer["name"].partition("] ")[2]
            inputs = [one for one in steps.values() if one.id in step.inputs]
            known = text in built and all(one.kind == "source" for one in inputs)
            built.add(text)
            if step.status is (AGAIN if answer["cached"] else CACHED) and not known:
                wrong.append((number, case.kind, step.name, step.status))
    assert wrong == []
    assert counts[CACHED] > 2000
    assert counts[AGAIN] > 700
    assert counts[MAY] <= 96  # as few as the rules allow


def test_a_step_may_run_only_below_a_run_that_runs_again() -> None:
    for case in cases().values():
        steps = impact(case).steps
        below: set[int] = set()
        for step in steps:
            if below.intersection(step.inputs) or any(
                steps[one].kind == "exec" and steps[one].status is AGAIN for one in step.inputs
            ):
                below.add(step.id)
            assert step.status is not MAY or step.id in below, step.name


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> dict[int | None, str]:
    """The status of each step of an instruction by its line."""
    found = sg.affected(sg.BuildState.from_files(before), sg.BuildState.from_files(after))
    shown = (step for step in found.steps if step.kind not in ("source", "result"))
    return {step.line: step.status.value for step in shown}


FILES = {"a/x": "1", "a/y": "2", "b/z": "3"}


@pytest.mark.parametrize(
    ("dockerfile", "path", "status"),
    [
        ("COPY a /", "b/z", "cached"),
        ("COPY a /", "a/x", "runs again"),
        ("COPY --exclude=x a /", "a/x", "cached"),
        ("COPY a/* /", "a/new", "runs again"),
        ("COPY b/*.txt a/x /", "b/z", "cached"),
        ("COPY --parents a/x /", "a/y", "cached"),
        ("RUN --mount=type=bind,source=a,target=/m make", "a/x", "runs again"),
        ("RUN --mount=type=bind,source=a,target=/m make", "b/z", "cached"),
        ("RUN --mount=type=cache,target=/c make", "a/x", "cached"),
    ],
)
def test_only_the_selected_paths_count(dockerfile: str, path: str, status: str) -> None:
    before = {**FILES, "Dockerfile": f"# syntax=docker/dockerfile:1-labs\nFROM alpine\n{dockerfile}\n"}
    assert changed(before, {**before, path: "changed"}) == {3: status}


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        ("LABEL a=1", "LABEL a=2", "cached"),
        ("# one", "# two", "cached"),
        ("ENV A=1", "ENV A=2", "runs again"),
        ("USER a", "USER b", "runs again"),
        ("EXPOSE 1", "EXPOSE 2", "cached"),
        ('SHELL ["/bin/sh", "-c"]', 'SHELL ["/bin/bash", "-c"]', "runs again"),
    ],
)
def test_an_instruction_above_a_run(old: str, new: str, status: str) -> None:
    text = "FROM alpine\n{}\nRUN make\n"
    before, after = ({"Dockerfile": text.format(one)} for one in (old, new))
    assert changed(before, after) == {3: status}


def test_a_stage_that_is_renamed_moved_or_not_needed_changes_nothing() -> None:
    before = {"Dockerfile": "FROM alpine AS a\nRUN a\nFROM alpine AS b\nRUN b\nFROM b\nCOPY --from=a /a /\n"}
    after = {
        "Dockerfile": "FROM alpine AS y\nRUN b\nFROM alpine AS x\nRUN a\nFROM alpine AS new\nRUN new\n"
        "FROM y\nCOPY --from=x /a /\n"
    }
    assert set(changed(before, after).values()) == {"cached"}


def test_what_is_ignored_does_not_count() -> None:
    before = {**FILES, ".dockerignore": "**/x\n!a/x\nb\n", "Dockerfile": "FROM alpine\nCOPY . /\n"}
    assert changed(before, {**before, "b/z": "other"}) == {2: "cached"}
    assert changed(before, {**before, "b/x": "other"}) == {2: "cached"}
    assert changed(before, {**before, "a/x": "other"}) == {2: "runs again"}


_NAMES = st.sampled_from(["a", "b", "ab", "a/b", "a/b/c", "b/a", "ab/c", "c"])
_PATTERNS = st.sampled_from(
    ["a", "*", "a*", "a/b", "**/b", "a/**", "!a/b", "!**/c", "?", "[ab]", "b/", "/c", "!a"]
)


@given(st.lists(_PATTERNS, max_size=5), _NAMES)
def test_patterns_match_as_those_of_moby(patterns: list[str], path: str) -> None:
    matcher = PathPatterns(ignore_patterns("\n".join(patterns).encode()))
    bits, excluded = 0, False
    parts = path.split("/")
    for length in range(1, len(parts) + 1):
        excluded, bits = matcher.match("/".join(parts[:length]), bits)
    assert excluded == _ignored(patterns, path)


def _ignored(patterns: list[str], path: str) -> bool:
    """Whether a path is ignored, folder by folder (moby/patternmatcher, MatchesUsingParentResults).

    A pattern that could change nothing is not tried, so what it would match below is not known either.
    """
    ignored, of_parent = False, [False] * len(patterns)
    parts = path.split("/")
    for length in range(1, len(parts) + 1):
        ignored, of_folder = False, []
        for pattern, inherited in zip(patterns, of_parent, strict=True):
            negated = pattern.startswith("!")
            tried = negated == ignored and _matches(pattern.lstrip("!").strip("/"), "/".join(parts[:length]))
            of_folder.append(inherited or tried)
            ignored = (not negated) if of_folder[-1] else ignored
        of_parent = of_folder
    return ignored


def _matches(pattern: str, path: str) -> bool:
    """Whether a whole path matches a pattern, by a regular expression."""
    expression = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"/\*\*", "/.*")
    expression = expression.replace(r"\*", "[^/]*").replace(r"\?", "[^/]").replace(r"\[ab\]", "[ab]")
    return bool(re.fullmatch(expression, path))


def test_the_memory_of_ignore_patterns_is_linear() -> None:
    import tracemalloc

    tracemalloc.start()
    patterns = PathPatterns([f"a{number}" for number in range(40_000)])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60_000_000
    matched, bits = patterns.match("a39999")
    assert matched
    assert patterns.match("a39999/x", bits)[0]
