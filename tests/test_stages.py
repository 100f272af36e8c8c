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
