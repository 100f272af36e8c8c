"""The critical path in pictures: one chain of marked arrows, whatever lies between, and numbers along it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagegraph as sg
from stagegraph.picture.picture import picture
from stagegraph.picture.view import Picture

from .build import report
from .strategies import dockerfiles, examples

ALIASES = """\
    FROM golang AS go
    FROM go AS tools
    FROM alpine AS build
    RUN --mount=from=tools,target=/x make
    RUN make test
    FROM build AS tested
    FROM tested
"""
FORMS = (
    "RUN make",
    "RUN --mount=from={source},target=/m make",
    "RUN --mount=type=cache,uid=1,from={source},target=/m make",
    "COPY --from={source} /a /b",
    "COPY --link --from={source} /a /b",
    "COPY a /b",
    "COPY <<EOF /x\ny\nEOF",
    "ADD https://e.org/x /y",
    "WORKDIR /w",
)


def drawn(found: sg.Report, *, steps: bool) -> Picture:
    """The picture with its critical path."""
    return picture(found, sg.View(critical_path=True, steps=steps))


def path(shown: Picture) -> list[str]:
    """The labels of the boxes on the path, in the order of their numbers."""
    return [box.label for box in sorted(shown.boxes, key=lambda box: box.ordinal) if box.ordinal]


def faults(found: sg.Report, shown: Picture) -> list[str]:
    """What is wrong with the marks of a picture."""
    boxes = sorted((box for box in shown.boxes if box.ordinal), key=lambda box: box.ordinal)
    marked = {(arrow.source, arrow.target) for arrow in shown.arrows if arrow.critical}
    wrong = [] if [box.ordinal for box in boxes] == list(range(1, len(boxes) + 1)) else ["numbers"]
    wrong += [] if {box.id for box in boxes} == {box.id for box in shown.boxes if box.critical} else ["boxes"]
    wrong += [] if marked == {(a.id, b.id) for a, b in pairwise(boxes)} else ["arrows"]
    if any(finding.severity is sg.Severity.ERROR for finding in found.findings):
        return wrong  # a build that fails has no result, so that a path can end at what it has loaded
    last = (boxes[-1].group or boxes[-1].id) if boxes else ""
    wrong += [] if not boxes or last in found.targets else [f"ends at {last}"]
    return wrong


def test_the_path_passes_through_stages_without_steps_and_mounts() -> None:
    found = report(ALIASES)
    assert path(drawn(found, steps=False)) == ["golang", "go", "tools", "build", "tested", "stage-4"]
    assert path(drawn(found, steps=True)) == [
        *("golang", "go", "tools"),
        *("RUN --mount=from=tools,target=/x make", "RUN make test"),
        *("tested", "stage-4"),
    ]


def test_the_path_marks_what_it_waits_for_and_not_a_copy_along_the_same_edge() -> None:
    found = report("FROM a AS b\nRUN x\nFROM b\nADD a /a\nRUN y\nCOPY --from=b /q /q\n")
    marked = [(edge.kind.value, edge.line) for edge in found.edges if edge.critical]
    assert marked == [("from", 1), ("from", 3)]


def test_a_stage_whose_steps_another_stage_has_is_on_the_path() -> None:
    text = "FROM alpine AS x\nRUN a\nFROM alpine AS y\nRUN a\nFROM scratch AS z\nCOPY --from=y /q /q\n"
    shown = drawn(report(text, targets=("x", "z")), steps=True)
    assert path(shown) == ["alpine", "RUN a", "y", "COPY --from=y /q /q"]


@st.composite
def chains(draw: st.DrawFn) -> str:
    """Valid Dockerfiles with many stages without steps, and with copies and mounts from any of them."""
    lines = ["FROM image0 AS s0"]
    for number in range(1, draw(st.integers(1, 8))):
        base = draw(st.sampled_from(["scratch", "image1", *(f"s{one}" for one in range(number))]))
        lines.append(f"FROM {base} AS s{number}")
        source = st.sampled_from([f"s{one}" for one in range(number)] + ["image2"])
        forms = draw(st.lists(st.sampled_from(FORMS), max_size=3))
        lines += [form.format(source=draw(source)) for form in forms]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("steps", [False, True])
def test_marks_are_one_chain_to_a_target(steps: bool) -> None:
    @examples(3)
    @given(dockerfiles())
    def check(text: str) -> None:
        try:
            found = report(text)
        except sg.StagegraphError:
            return
        assert faults(found, drawn(found, steps=steps)) == []

    check()


@examples(5)
@given(text=chains())
def test_marks_are_one_chain_through_stages_without_steps(text: str) -> None:
    found = report(text)
    for steps in (False, True):
        assert faults(found, drawn(found, steps=steps)) == []


@examples(5)
@given(text=chains())
def test_with_steps_no_needed_stage_is_a_dead_end(text: str) -> None:
    found = report(text)
    shown = drawn(found, steps=True)
    read = {arrow.source for arrow in shown.arrows}
    inside = {box.id for box in shown.boxes if box.group in found.targets}
    ends = {box.id for box in shown.boxes if box.reach is sg.Reach.NEEDED} - read - inside
    assert ends <= set(found.targets)
