"""The condition under which FROM chooses a stage, in words, on edges and on stages."""

from __future__ import annotations

import pytest

from stagegraph import Source, analyse, read
from stagegraph.model import Report
from stagegraph.picture.alternatives import shared_condition
from stagegraph.reach.conditions import condition


def _report(text: str) -> Report:
    return analyse(read(Source(name="Dockerfile", text=text)))


def _alternatives(text: str) -> dict[str, tuple[str, bool]]:
    """The condition of every edge that another choice would make, and whether its platform exists."""
    report = _report(text)
    return {
        report.node(edge.source).label: (edge.why, edge.platform_exists)
        for edge in report.edges
        if edge.selectable
    }


@pytest.mark.parametrize(
    ("values", "text", "exists"),
    [
        ({"TARGETOS": "windows"}, "on windows", True),
        ({"TARGETARCH": "arm64"}, "on arm64", True),
        ({"TARGETARCH": "arm", "TARGETVARIANT": "v7"}, "on arm/v7", True),
        ({"TARGETOS": "windows", "TARGETARCH": "arm64"}, "on windows/arm64", True),
        ({"TARGETPLATFORM": "linux/arm/v7"}, "on linux/arm/v7", True),
        ({"TARGETOS": "windows", "DEBUG": "1"}, "with DEBUG=1 on windows", True),
        ({"BUILDARCH": "arm64"}, "on arm64 build machines", True),
        ({"VARIANT": "full"}, "with VARIANT=full", True),
        ({"TARGETVARIANT": "v7"}, "with TARGETVARIANT=v7", True),
        ({"TARGETOS": "unix"}, "with TARGETOS=unix", False),
        ({"TARGETOS": "windows", "TARGETARCH": "s390x"}, "with TARGETOS=windows, TARGETARCH=s390x", False),
        ({"TARGETPLATFORM": "nowhere"}, "with TARGETPLATFORM=nowhere", False),
        ({"TARGETARCH": "arm", "TARGETVARIANT": "v99"}, "with TARGETARCH=arm, TARGETVARIANT=v99", False),
    ],
)
def test_a_condition_in_words(values: dict[str, str], text: str, exists: bool) -> None:
    assert condition(values, (), ()) == (text, exists)


def test_only_platforms_that_exist_are_alternatives() -> None:
    text = (
        "FROM i AS bin-unix\nFROM i AS bin-build\nFROM bin-unix AS bin-linux\n"
        "FROM i AS bin-windows\nFROM bin-$TARGETOS\n"
    )
    assert _alternatives(text) == {
        "bin-unix": ("with TARGETOS=unix", False),
        "bin-build": ("with TARGETOS=build", False),
        "bin-windows": ("on windows", True),
    }


def test_an_argument_made_of_the_platform_is_traced_to_it() -> None:
    text = (
        "ARG X=$TARGETOS-$TARGETARCH\nARG BASE=bin-$X\nFROM i AS bin-linux-amd64\n"
        "FROM i AS bin-linux-arm64\nFROM i AS bin-windows-amd64\nFROM i AS bin-windows-arm64\nFROM $BASE\n"
    )
    assert {label: why for label, (why, _) in _alternatives(text).items()} == {
        "bin-linux-arm64": "on arm64",
        "bin-windows-amd64": "on windows",
        "bin-windows-arm64": "on windows/arm64",
    }
    reach = {node.label: node.why for node in _report(text).nodes}
    assert reach["bin-windows-arm64"] == "on windows/arm64"


def test_an_argument_made_of_another_is_traced_to_it() -> None:
    text = "ARG V=full\nARG B=$V\nARG C=base-$B\nFROM i AS base-full\nFROM i AS base-slim\nFROM $C\n"
    assert _alternatives(text) == {"base-slim": ("with V=slim", True)}


def test_what_already_holds_is_not_part_of_the_condition() -> None:
    text = "ARG DEBUG=0\nFROM i AS b-linux-0\nFROM i AS b-windows-0\nFROM i AS b-windows-1\n"
    assert _alternatives(text + "FROM b-$TARGETOS-$DEBUG\n") == {
        "b-windows-0": ("on windows", True),
        "b-windows-1": ("with DEBUG=1 on windows", True),
    }


def test_a_platform_argument_with_a_default_of_its_own_is_not_a_platform() -> None:
    text = "ARG TARGETARCH=amd64\nFROM i AS b-amd64\nFROM i AS b-other\nFROM b-$TARGETARCH\n"
    assert _alternatives(text) == {"b-other": ("with TARGETARCH=other", True)}


def test_a_replaced_value_is_tried_on_known_platforms() -> None:
    text = "FROM i AS b-linux_amd64\nFROM i AS b-linux_arm_v7\nFROM b-${TARGETPLATFORM//\\//_}\n"
    assert _alternatives(text) == {"b-linux_arm_v7": ("on linux/arm/v7", True)}


def test_a_base_that_can_be_any_stage_repeats_no_other_choice() -> None:
    text = (
        "ARG BASE=app-$TARGETOS\nFROM i AS bin-linux\nFROM i AS bin-windows\nFROM i AS app-linux\n"
        "FROM i AS app-windows\nFROM bin-$TARGETOS AS bin\nFROM $BASE\nCOPY --from=bin /x /x\n"
    )
    report = _report(text)
    chosen = [(edge.source, edge.target, edge.why) for edge in report.edges if edge.selectable]
    assert chosen == [("stage:1", "stage:4", "on windows"), ("stage:3", "stage:5", "on windows")]


def test_many_choices_have_short_and_equal_conditions() -> None:
    stages = "".join(f"FROM i AS v{number}\n" for number in range(40))
    found = _alternatives(f"ARG VARIANT=v0\n{stages}FROM ${{VARIANT}}\n")
    assert found["v7"] == ("with VARIANT=v7", True)
    assert len(found) == 39


@pytest.mark.parametrize(
    ("conditions", "shared"),
    [
        (["on windows", "on windows"], "on windows"),
        (["with V=a", "with V=b"], "with another V"),
        (["with V=a", "with W=b, V=a"], "with another V or W"),
        (["with V=a", "with W=b", "with X=c"], "with other arguments"),
        (["on arm64", "on windows/amd64"], "on other platforms"),
        (["on arm64 build machines", "on arm build machines"], "on other build machines"),
        (["on arm64 build machines", "on arm64"], "on other platforms or build machines"),
        (["with V=a", "on arm64"], "with another V or platform"),
        (["with V=a", "with W=b", "with X=c", "on arm64"], "with other arguments or platforms"),
        (["with V=a on arm64", "on arm64"], "with other arguments or platforms"),
        (["with V=a on b", "with V=c"], "with other arguments or platforms"),
        (["with some value", "with V=c"], "with other arguments or platforms"),
        (["", "with V=c"], ""),
        ([], ""),
    ],
)
def test_what_several_conditions_have_in_common(conditions: list[str], shared: str) -> None:
    assert shared_condition(conditions) == shared
