"""Names, numbers, bases, arguments, contexts and targets of stages."""

from __future__ import annotations

from .build import edges, needed, report, roles


def test_from_finds_the_latest_earlier_stage_of_its_name() -> None:
    found = edges(report("FROM a AS x\nFROM b AS x\nFROM x\n"))
    assert found == ["a -from-> x", "b -from-> x", "x -from-> stage-2"]


def test_copy_finds_the_last_stage_of_its_name() -> None:
    found = report("FROM a AS x\nFROM x\nCOPY --from=X /1 /2\nFROM b AS x\n", target="x")
    assert [edge.source for edge in found.edges if edge.paths] == ["stage:2"]


def test_a_number_is_the_index_of_a_stage() -> None:
    assert "x -copy-> stage-1: /a > /b" in edges(report("FROM a AS x\nFROM b\nCOPY --from=00 /a /b\n"))


def test_a_number_past_the_last_stage_reaches_an_image_named_before() -> None:
    found = report("FROM a\nCOPY --from=busybox /a /b\nCOPY --from=1 /c /d\n")
    assert "busybox -copy-> stage-0: /c > /d" in edges(found)
    assert [finding.code for finding in found.findings] == ["number-is-image"]


def test_a_mount_takes_no_number() -> None:
    assert "0 -mount-> stage-1: / > /x" in edges(report("FROM a\nFROM b\nRUN --mount=from=0,target=/x y\n"))


def test_global_arguments_expand_in_order_and_are_overridden() -> None:
    text = "ARG V=1\nARG I=node:$V\nFROM $I\n"
    assert edges(report(text)) == ["node:1 -from-> stage-0"]
    assert edges(report(text, build_args={"V": "22"})) == ["node:22 -from-> stage-0"]


def test_an_undeclared_build_argument_does_not_reach_from() -> None:
    assert edges(report("ARG V\nFROM node:${V:-1}\n", build_args={"W": "2"})) == ["node:1 -from-> stage-0"]


def test_platform_arguments_are_set_and_can_be_overridden() -> None:
    text = "FROM a AS base-arm64\nFROM b AS base-amd64\nFROM base-$TARGETARCH\n"
    assert needed(report(text)) == ["base-amd64", "stage-2"]
    assert needed(report(text, platforms=("linux/arm64",))) == ["base-arm64", "stage-2"]
    assert needed(report(text, build_args={"TARGETARCH": "arm64"})) == ["base-arm64", "stage-2"]


def test_several_platforms_need_what_each_needs() -> None:
    text = "FROM a AS base-arm64\nFROM b AS base-amd64\nFROM base-$TARGETARCH\n"
    found = report(text, platforms=("linux/amd64", "linux/arm64"))
    assert needed(found) == ["base-arm64", "base-amd64", "stage-2"]


def test_several_targets_need_what_each_needs() -> None:
    text = "FROM a AS x\nFROM b AS y\nFROM c AS z\n"
    assert needed(report(text, targets=("X", "y"))) == ["x", "y"]


def test_onbuild_runs_in_needed_children_and_brings_edges() -> None:
    found = report("""\
        FROM a AS tools
        FROM b AS base
        ONBUILD COPY --from=tools /t /t
        FROM base
        """)
    assert "tools -copy-> stage-2: /t > /t" in edges(found)
    assert needed(found) == ["tools", "base", "stage-2"]


def test_onbuild_does_not_run_where_it_stands() -> None:
    assert needed(report("FROM a AS tools\nFROM b\nONBUILD COPY --from=tools /t /t\n")) == ["stage-1"]


def test_a_named_context_stands_in_for_a_stage() -> None:
    text = "FROM a AS deps\nRUN x\nFROM b\nCOPY --from=deps /l /l\n"
    found = report(text, contexts={"deps": "./vendor"})
    assert "a" not in roles(found)
    assert [step.name for step in found.steps if "context" in step.name] == [
        "[context deps] load from client"
    ]
    assert not any("RUN x" in step.name for step in found.steps)


def test_a_named_context_stands_in_for_an_image() -> None:
    found = report("FROM alpine:3.20\nRUN x\n", contexts={"alpine:3.20": "docker-image://mirror/alpine"})
    assert [node.kind for node in found.nodes if node.label == "alpine:3.20"] == ["named-context"]


def test_a_stage_can_be_called_scratch() -> None:
    assert "scratch -from-> stage-1" in edges(report("FROM a AS scratch\nFROM scratch\n"))


def test_scratch_is_no_node() -> None:
    assert edges(report("FROM scratch\nCOPY a b\n")) == ["build context -copy-> stage-0: a > b"]


def test_urls_and_git_references_are_remotes() -> None:
    found = report("FROM a\nADD https://e.org/f.tgz https://e.org/r.git#v1 git@e.org:x/y.git local /d/\n")
    kinds = {node.label: str(node.kind) for node in found.nodes}
    assert [label for label, kind in kinds.items() if kind == "remote"] == [
        "git@e.org:x/y.git",
        "https://e.org/f.tgz",
        "https://e.org/r.git#v1",
    ]
    assert "build context -add-> stage-0: local > /d/" in edges(found)


def test_variables_of_copied_paths_are_shown_expanded_or_as_written() -> None:
    found = edges(report("FROM a\nARG D=/opt\nCOPY x $D/y\nCOPY z $UNSET/w\n"))
    assert found[1:] == [
        "build context -copy-> stage-0: x > /opt/y",
        "build context -copy-> stage-0: z > $UNSET/w",
    ]


def test_the_stage_that_is_built_has_a_name_or_is_the_default() -> None:
    text = "FROM a AS one\nFROM ${TARGETSTAGE}\n"
    assert edges(report(text))[1:] == ["default -from-> stage-1"]
    assert "one -from-> stage-1" in edges(report(text, target="one"))


def test_a_default_that_is_replaced_is_not_expanded() -> None:
    text = "ARG BASE=${NONE:?choose one}\nFROM $BASE\n"
    assert edges(report(text, build_args={"BASE": "alpine"})) == ["alpine -from-> stage-0"]


def test_flags_of_arg_and_stopsignal_are_not_read() -> None:
    assert edges(report("ARG --any B=a\nFROM $B\nSTOPSIGNAL --any 9\n")) == ["a -from-> stage-0"]


def test_long_numbers_are_names_and_zeros_do_not_count() -> None:
    assert "a -copy-> stage-1: x > y" in edges(report(f"FROM i AS a\nFROM j\nCOPY --from={'0' * 5000} x y\n"))
    assert "99999999999999999999 -copy-> stage-0: x > y" in edges(
        report("FROM i\nCOPY --from=99999999999999999999 x y\n")
    )


def test_a_named_context_for_one_platform_goes_before_that_for_all() -> None:
    contexts = {"node::linux/arm64": "docker-image://mine:arm", "node": "docker-image://mine"}
    text = "FROM docker.io/library/node:latest AS a\nFROM --platform=linux/arm64 node\nCOPY --from=a / /\n"
    assert edges(report(text, contexts=contexts)) == [
        "node -from-> a",
        "node::linux/arm64 -from-> stage-1",
        "a -copy-> stage-1: / > /",
    ]


def test_a_later_stage_that_a_context_replaces_can_be_read() -> None:
    found = report("FROM a\nCOPY --from=b / /\nFROM c AS b\nFROM d\n", target=None, contexts={"b": "./b"})
    assert not [f for f in found.findings if f.code == "later-stage"]
    found = report("FROM a AS x\nCOPY --from=b / /\nFROM c AS b\n", target="x", contexts={"b": "./b"})
    assert [step.name for step in found.steps][1:3] == [
        "[context b] load from client",
        "[x 2/2] COPY --from=b / /",
    ]


def test_scratch_and_context_are_never_replaced_as_stages() -> None:
    found = report("FROM a AS context\nFROM context\n", contexts={"context": "./x"})
    assert edges(found) == ["a -from-> context", "context -from-> stage-1"]
