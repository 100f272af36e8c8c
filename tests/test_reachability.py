"""The reach of a stage: needed, selectable, idle, unknown or dead, also compared with brute force."""

from __future__ import annotations

from collections import Counter

import pytest

from stagegraph.dockerfile.file import Dockerfile
from stagegraph.model import Reach
from stagegraph.options import Options
from stagegraph.reach.reachability import Reached, stage_reach

from . import brute_force
from .strategies import count

_GENERATED = count(10)


def reach(text: str, *questions: Options) -> list[tuple[str, str]]:
    """The reach and the reason of every stage."""
    found = stage_reach(brute_force.read(text), questions or (Options(),))
    return [(str(one.reach), one.why) for one in found]


def test_an_unnamed_stage_that_nothing_reads_is_dead() -> None:
    assert reach("FROM a\nFROM b\n")[0] == ("dead", "it has no name, and nothing reads it")


def test_what_only_a_dead_stage_reads_is_dead() -> None:
    found = reach("FROM a\nFROM b\nCOPY --from=0 /x /y\nFROM c\n")
    assert found[0] == ("dead", "it has no name, and only `stage-1` could read it, which is never built")


def test_a_shadowed_stage_that_nothing_reads_before_is_dead() -> None:
    found = reach("FROM a AS x\nFROM b AS x\nFROM x\n")
    assert found[0] == ("dead", "the stage in line 2 has the same name, and nothing reads it before that")


def test_a_shadowed_stage_that_is_a_base_before_the_later_stage_is_needed() -> None:
    assert reach("FROM a AS x\nFROM x AS y\nFROM b AS x\nFROM y\n")[0] == ("needed", "")


def test_a_named_stage_is_idle_as_its_own_target() -> None:
    assert reach("FROM a AS test\nFROM b\n")[0] == ("idle", "as target `test`")


def test_an_unnamed_stage_is_idle_by_the_target_that_needs_it() -> None:
    found = reach("FROM a\nFROM b AS test\nCOPY --from=0 /x /y\nFROM c\n")
    assert found[0] == ("idle", "as target `test`")


def test_another_platform_selects() -> None:
    found = reach("FROM a AS base-amd64\nFROM b AS base-arm64\nFROM base-${TARGETARCH}\n")
    assert found == [("needed", ""), ("selectable", "on arm64"), ("needed", "")]


def test_a_platform_that_differs_in_two_variables() -> None:
    text = "FROM a AS base-amd64\nFROM b AS base-armv7\nFROM base-${TARGETARCH}${TARGETVARIANT}\n"
    assert reach(text)[1] == ("selectable", "on arm/v7")


def test_another_machine_selects() -> None:
    text = "FROM a AS tool-amd64\nFROM b AS tool-arm64\nFROM tool-${BUILDARCH}\n"
    assert reach(text)[1] == ("selectable", "on arm64 build machines")


@pytest.mark.parametrize(
    ("base", "why"),
    [
        ("base-${V}", "with V=slim"),
        ("base-${V:-full}", "with V=slim"),
        ("base-${V:-${W:-full}}", "with V=slim"),
        ("base${V:+-slim}", "with V=1"),
        ("base-${V:+${W}}", "with W=slim"),
        ("${V:-base-full}", "with V=base-slim"),
        ("base-${V#x}", "with V=slim"),
        ("'base-'${V}", "with V=slim"),
        ('"base-$V"', "with V=slim"),
    ],
)
def test_the_value_that_chooses_a_stage_is_found(base: str, why: str) -> None:
    text = f"ARG V\nARG W\nFROM a AS base-full\nFROM b AS base-slim\nFROM {base}\n"
    assert reach(text)[1] == ("selectable", why)


def test_one_variable_twice_has_one_value() -> None:
    text = "ARG V\nFROM a AS x-y\nFROM b AS x-x\nFROM alpine AS y\nFROM r/$V-$V AS z\nFROM $V-$V\n"
    assert reach(text)[:2] == [("idle", "as target `x-y`"), ("selectable", "with V=x")]


def test_a_chain_of_choices_is_followed() -> None:
    text = """\
ARG A=one
ARG B=one
FROM i AS c-one
FROM i AS c-two
FROM i AS b-one
FROM c-$B AS b-two
FROM b-$A
"""
    assert reach(text)[0] == ("selectable", "with A=two")
    assert reach(text)[1] == ("selectable", "with B=two, A=two")


def test_an_argument_that_no_arg_declares_chooses_nothing() -> None:
    assert reach("FROM a AS x-1\nFROM b AS x-\nFROM x-$V\n")[0] == ("idle", "as target `x-1`")


def test_a_default_made_of_another_argument() -> None:
    text = "ARG A=full\nARG B=base-$A\nFROM a AS base-full\nFROM b AS base-slim\nFROM $B\n"
    assert reach(text)[1] == ("selectable", "with A=slim")


def test_a_variable_that_could_be_any_stage_makes_nothing_dead() -> None:
    found = reach("ARG BASE=alpine\nFROM a AS x\nFROM $BASE AS y\nFROM b AS x\nFROM y\n")
    assert found[0] == ("unknown", "`FROM $BASE` in line 3 could use it as its base")


def test_a_variable_that_could_be_any_stage_makes_none_selectable() -> None:
    assert reach("ARG BASE=alpine\nFROM a AS x\nFROM $BASE\n")[0] == ("idle", "as target `x`")


def test_a_variable_whose_default_is_a_stage_makes_all_selectable() -> None:
    found = reach("ARG KIND=prod\nFROM a AS dev\nFROM b AS prod\nFROM $KIND\n")
    assert found[0] == ("selectable", "with KIND=dev")


def test_an_unnamed_stage_is_dead_whatever_a_variable_is() -> None:
    assert reach("ARG BASE=alpine\nFROM a\nFROM $BASE\n")[0][0] == "dead"


def test_a_variable_does_not_see_later_stages() -> None:
    assert reach("ARG V=1\nFROM x-$V AS y\nFROM a AS x-2\nFROM b AS x-2\nFROM y\n")[1][0] == "dead"


def test_triggers_of_a_base_that_could_be_chosen_are_followed() -> None:
    text = "ARG V=a\nFROM i\nFROM i AS x-a\nFROM i AS x-b\nONBUILD COPY --from=0 /q /r\nFROM x-$V\n"
    assert reach(text)[0] == ("selectable", "with V=b")


def test_triggers_of_an_image_could_read_any_stage() -> None:
    found = reach("FROM a\nRUN x\nFROM org/web:onbuild\n")
    assert found[0] == ("unknown", "the ONBUILD triggers of `org/web:onbuild` could read it")


def test_an_argument_that_must_be_set_is_set_to_something() -> None:
    assert reach("ARG TAG\nFROM alpine:$TAG AS x\nFROM a\nFROM x\n")[:2] == [
        ("needed", ""),
        ("dead", "it has no name, and nothing reads it"),
    ]


def test_the_name_of_the_target_selects() -> None:
    text = "FROM a AS x-test\nFROM b AS x-prod\nFROM x-$TARGETSTAGE AS test\nFROM x-$TARGETSTAGE AS prod\n"
    assert reach(text)[0] == ("selectable", "with TARGETSTAGE=test")


def test_several_questions_need_what_one_of_them_needs() -> None:
    text = "FROM a AS test\nFROM b AS lint\nFROM c\n"
    found = reach(text, Options(), Options(target="test"))
    assert [kind for kind, _ in found] == ["needed", "idle", "needed"]


def test_a_question_that_buildkit_rejects_builds_nothing() -> None:
    assert reach("FROM a AS x\nFROM b\n", Options(target="nope"), Options())[0] == ("idle", "as target `x`")


def test_many_variables_cost_little() -> None:
    stages = "".join(f"FROM ${{A{i}}}${{B}}${{C}} AS s{i}\n" for i in range(400))
    args = "".join(f"ARG A{i}=x{i}\n" for i in range(400))
    found = reach(f"{args}ARG B\nARG C\n{stages}FROM s\n")
    assert {kind for kind, _ in found} <= {"needed", "idle", "unknown", "selectable"}


def _wrong(seed: int) -> tuple[list[str], Counter[Reach]]:
    """What the verdicts of one generated file get wrong, and how often each is given."""
    text = brute_force.random_dockerfile(seed)
    file = brute_force.read(text)
    reachable = brute_force.reachable(file)
    found = stage_reach(file, (Options(),))
    wrong = [
        f"{seed}: stage {index}: {one.reach}: {one.why}\n{text}"
        for index, one in enumerate(found)
        if not _holds(file, index, one, index in reachable)
    ]
    return wrong, Counter(one.reach for one in found)


def _holds(file: Dockerfile, index: int, one: Reached, reachable: bool) -> bool:
    if one.reach is Reach.DEAD:
        return not reachable
    if one.reach is Reach.UNKNOWN:
        return True
    # the exact reader confirms the question that is given as the reason
    return one.witness is not None and index in brute_force.needed(file, one.witness)


def test_every_reach_is_right_on_generated_files() -> None:
    results = [_wrong(seed) for seed in range(_GENERATED)]
    assert [text for wrong, _ in results for text in wrong] == []
    counts = sum((counted for _, counted in results), Counter())
    assert all(counts[kind] > _GENERATED / 20 for kind in Reach)
    assert counts[Reach.UNKNOWN] < counts.total() / 10
