"""Which steps BuildKit takes for one, and how it names them."""

from __future__ import annotations

import pytest

from .build import report, step_names

_BOTH = "FROM scratch\nCOPY --from=one / /1\nCOPY --from=two / /2\n"


def _are_one(first: str, second: str, head: str = "FROM alpine") -> bool:
    """Whether two stages that differ in these instructions alone end in one step."""
    found = report(f"{head} AS one\n{first}\n{head} AS two\n{second}\n{_BOTH}")
    copies = [step for step in found.steps if "COPY --from=" in step.name and "/ /" in step.name]
    reads = [found.steps[read].id for copy in copies for read in copy.inputs]
    return reads[0] in reads[1:]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("RUN x", "run x"),
        ("RUN --network=default x", "RUN x"),
        ("RUN --security=sandbox x", "RUN x"),
        (
            "RUN --mount=target=/a --mount=type=cache,target=/b x",
            "RUN --mount=type=cache,target=/b --mount=target=/a x",
        ),
        ("RUN --mount=type=cache,target=/c x", "RUN --mount=type=cache,dst=/c,id=/c,sharing=shared x"),
        ("RUN --mount=type=tmpfs,target=/c,size=1k x", "RUN --mount=type=tmpfs,target=/c,size=1024 x"),
        ("WORKDIR /w\nRUN --mount=target=m x", "WORKDIR /w\nRUN --mount=target=/w/m,source=. x"),
        ("ARG BUILDKIT_SBOM_SCAN_STAGE=true\nRUN x", "RUN x"),
        ("ENV A=1\nENV A=2 B=3\nRUN x", "ENV A=2 B=3\nRUN x"),
        ("LABEL a=b\nEXPOSE 80\nRUN x", "RUN x"),
        ("COPY a/ /b", "COPY ./a /b"),
        ("COPY a b/", "COPY a /b/"),
        ("WORKDIR /w\nCOPY a .", "WORKDIR /w\nCOPY a /w/"),
        ("COPY --chmod=0755 a b", "COPY --chmod=755 a b"),
        ("COPY a b", "ADD --unpack=false a b"),
        ("ADD a b", "ADD --unpack a b"),
        ("COPY <<EOF /x\n1\nEOF", "ADD <<EOF /x\n1\nEOF"),
        ("ADD https://x.org/a.git#v1 /s", "ADD https://x.org/a.git?ref=v1 /s"),
        ("ADD --keep-git-dir=false https://x.org/a.git /s", "ADD https://x.org/a.git /s"),
        ("USER me\nCOPY a b", "COPY a b"),
        ("ENV A=1\nCOPY a b", "COPY a b"),
    ],
)
def test_equal_steps_are_one(first: str, second: str) -> None:
    assert _are_one(first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("RUN x", "RUN  x y"),
        ("RUN --network=none x", "RUN x"),
        ("RUN --security=insecure x", "RUN x"),
        ("RUN --device=gpu x", "RUN x"),
        ("ENV A=1\nRUN x", "RUN x"),
        ("ARG A=1\nRUN x", "ARG A=2\nRUN x"),
        ("ENV A=1 B=1\nRUN x", "ENV B=1 A=1\nRUN x"),
        ("USER me\nRUN x", "RUN x"),
        ('SHELL ["/bin/bash", "-c"]\nRUN x', "RUN x"),
        ('RUN ["x"]', "RUN x"),
        ("RUN --mount=target=/a x", "RUN --mount=target=/a,rw x"),
        ("RUN --mount=type=cache,target=/c,id=a x", "RUN --mount=type=cache,target=/c,id=b x"),
        ("USER me\nWORKDIR /w", "WORKDIR /w"),
        ("COPY a b", "COPY a b/"),
        ("COPY a /b/", "COPY a /b/."),
        ("COPY a b", "ADD a b"),
        ("COPY a c b/", "COPY c a b/"),
        ("COPY --parents a b", "COPY a b"),
        ("COPY --exclude=*.md a b", "COPY a b"),
        ("COPY --chown=1 a b", "COPY a b"),
        ("COPY <<EOF /x\n1\nEOF", "COPY <<EOF /x\n2\nEOF"),
        ("ADD a https://x.org/a /d/", "ADD https://x.org/a a /d/"),
        ("ADD https://x.org/a.git#v1 /s", "ADD https://x.org/a.git#v2 /s"),
    ],
)
def test_steps_that_differ_are_two(first: str, second: str) -> None:
    assert not _are_one(first, second)


def test_the_platform_of_a_command_makes_another_step() -> None:
    found = report("FROM alpine\nRUN x\nCOPY a b\n", platforms=("linux/amd64", "linux/arm64"))
    assert sum("RUN x" in step.name for step in found.steps) == 2


def test_a_copy_onto_nothing_is_one_step_on_all_platforms() -> None:
    found = report("FROM scratch\nCOPY a b\n", platforms=("linux/amd64", "linux/arm64"))
    assert sum("COPY a b" in step.name for step in found.steps) == 1


def test_a_platform_pinned_on_nothing_has_no_effect() -> None:
    text = "FROM --platform=linux/arm64 scratch AS one\nRUN x\nFROM scratch AS two\nRUN x\n"
    assert sum("RUN x" in step.name for step in report(text + _BOTH).steps) == 1


def test_the_variant_of_arm_is_shown_where_it_is_written() -> None:
    both = ("linux/amd64", "linux/arm64")
    shown = step_names(report("FROM --platform=linux/arm a\n", platforms=both))
    assert shown == ["[linux/arm 1/1] FROM docker.io/library/a:latest"]
    shown = step_names(report("FROM --platform=linux/arm/v7 a\n", platforms=both))
    assert shown == ["[linux/arm/v7 1/1] FROM docker.io/library/a:latest"]


def test_a_target_platform_takes_its_normal_form() -> None:
    text = "FROM a\nARG TARGETPLATFORM TARGETVARIANT\nWORKDIR /$TARGETPLATFORM/$TARGETVARIANT\n"
    assert step_names(report(text, platforms=("linux/arm64/v8",)))[1] == "[2/2] WORKDIR /linux/arm64/"
    assert step_names(report(text, platforms=("linux/arm",)))[1] == "[2/2] WORKDIR /linux/arm/v7/v7"
    assert step_names(report(text, platforms=("x86_64",)))[1] == "[2/2] WORKDIR /linux/amd64/"


def test_a_linked_copy_is_merged_unless_it_sets_a_mode() -> None:
    found = report("FROM a\nARG M\nCOPY --link --chmod=$M a b\nCOPY --link --chmod=755 c d\n")
    assert [name for name in step_names(found) if "LINK" in name] == ["[2/3] LINK COPY --link --chmod= a b"]


def test_a_heredoc_in_json_form_is_an_empty_document() -> None:
    assert step_names(report('FROM a\nCOPY ["<<EOF", "/x"]\n')) == [
        "[1/2] FROM docker.io/library/a:latest",
        "[internal] preparing inline document",
        "[2/2] COPY [<<EOF, /x]",
    ]


def test_workdir_of_the_root_is_no_step() -> None:
    assert step_names(report("FROM a\nWORKDIR /\nWORKDIR $X\nWORKDIR .\n")) == [
        "[1/4] FROM docker.io/library/a:latest"
    ]


def test_a_heredoc_is_summed_up_by_its_first_line() -> None:
    names = step_names(report("FROM a\nRUN <<EOF\n\n  one $X\ntwo\nEOF\nRUN <<-E\n\tx\nE\n"))
    assert names[1:] == ["[2/3] RUN <<EOF (one $X...)", "[3/3] RUN <<-E (x)"]


def test_a_script_with_an_interpreter_is_a_document_of_its_own() -> None:
    found = report("FROM a\nRUN <<EOF\n#!/bin/python\nEOF\n")
    assert step_names(found)[1:] == [
        "[internal] preparing inline document",
        "[2/2] RUN <<EOF (#!/bin/python)",
    ]


def test_places_are_padded_to_the_width_of_the_last() -> None:
    names = step_names(report("FROM a AS x\n" + "RUN y\n" * 9 + "FROM x\n"))
    assert names[0].startswith("[x  1/10] FROM")
    assert names[-1].startswith("[x 10/10] RUN")


def test_a_stage_that_is_alone_has_no_name_in_its_steps() -> None:
    assert step_names(report("FROM a AS x\nRUN y\n"))[1] == "[2/2] RUN y"
    # an image that a mount names is a place of its own, and so is nothing, which a cache starts from
    assert step_names(report("FROM a AS x\nRUN --mount=type=cache,target=/c y\n"))[1].startswith("[x 2/2]")


def test_triggers_count_and_say_so() -> None:
    found = report("FROM a AS b\nONBUILD ENV X=1\nONBUILD RUN y\nFROM b AS c\nRUN z\n")
    assert step_names(found)[1:] == ["[c 1/3] ONBUILD RUN y", "[c 2/3] RUN z"]


def test_secrets_in_variables_are_masked() -> None:
    found = report("FROM a AS b\nRUN --mount=type=secret,id=k,env=K echo $K '$K'\n")
    assert step_names(found)[-1].endswith("echo **** '$K'")


def test_a_stage_sets_the_variables_of_its_base_again() -> None:
    text = "FROM a AS one\nENV A=1\nARG A=2\nFROM one\nRUN echo $A\nWORKDIR /$A\n"
    assert step_names(report(text))[1:] == ["[stage-1 1/2] RUN echo 1", "[stage-1 2/2] WORKDIR /1"]


@pytest.mark.parametrize(
    ("first", "second", "merged"),
    [
        ("ENV A=1\nARG L=1", "ARG L=1\nENV A=1", True),
        ("ARG L=1", "ARG L=2", False),
        ("ENV A=1 B=2\nENV A=3", "ENV B=2 A=3", False),
        ("ENV A=1 B=2\nENV A=3", "ENV A=3 B=2", True),
    ],
)
def test_the_order_of_variables_is_that_of_the_base(first: str, second: str, merged: bool) -> None:
    text = f"FROM a AS x\n{first}\nFROM a AS y\n{second}\nFROM x AS one\nRUN r\nFROM y AS two\nRUN r\n"
    assert sum("RUN r" in step.name for step in report(text + _BOTH).steps) == (1 if merged else 2)


def test_arguments_of_the_same_stage_keep_their_place() -> None:
    text = "FROM a AS one\nARG L=1\nRUN r\nFROM a AS base\nARG L=1\nFROM base\nRUN r\nCOPY --from=one /x /y\n"
    assert sum("RUN r" in step.name for step in report(text).steps) == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            "RUN --mount=type=ssh --mount=type=secret,id=t x",
            "RUN --mount=type=secret,id=t --mount=type=ssh x",
        ),
        ("RUN --mount=type=ssh,ro=false x", "RUN --mount=type=ssh x"),
        ("RUN --mount=type=tmpfs,target=/c,from=busybox x", "RUN --mount=type=tmpfs,target=/c x"),
    ],
)
def test_mounts_that_bring_the_same_are_one(first: str, second: str) -> None:
    assert _are_one(first, second)


def test_a_source_that_a_mount_names_and_does_not_read_is_no_step() -> None:
    found = report("FROM a\nRUN --mount=type=tmpfs,target=/c,from=busybox x\n")
    assert not any("busybox:" in name for name in step_names(found))


def test_a_stage_that_only_a_trigger_needs_is_counted_once_more() -> None:
    text = "FROM a AS dep\nRUN d\nFROM b AS base\nONBUILD COPY --from=dep /x /y\nFROM base\n"
    assert [name for name in step_names(report(text)) if "dep" in name.split("]")[0]] == [
        "[dep 2/2] FROM docker.io/library/a:latest",
        "[dep 3/2] RUN d",
    ]


def test_a_command_on_nothing_has_no_platform_in_its_name() -> None:
    found = report("FROM scratch\nCOPY a /\nRUN x\n", platforms=("linux/amd64", "linux/arm64"))
    assert "[2/2] RUN x" in step_names(found)
