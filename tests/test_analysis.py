"""Roles, reachability, levels, width, critical path, what ships."""

from __future__ import annotations

import random
from itertools import combinations

import networkx
import pytest

import stagegraph as sg
from stagegraph.graph.critical_path import schedule
from stagegraph.graph.parallelism import largest_antichain

from .build import build, report, roles

ALL_ROLES = """\
    FROM alpine AS inherited
    FROM golang AS upstream
    FROM golang AS copied
    COPY --from=upstream /u /u
    RUN make /c
    FROM node AS mounted
    FROM node AS unneeded
    FROM inherited AS target
    COPY --from=copied /c /c
    RUN --mount=from=mounted,target=/m x
    FROM busybox
    """


def test_every_stage_has_the_first_role_that_holds() -> None:
    found = roles(report(ALL_ROLES, target="target"))
    for name in ("inherited", "upstream", "copied", "mounted", "unneeded", "target"):
        assert found[name] == name
    assert found["alpine"] == "inherited"
    assert found["golang"] == "upstream"
    assert found["busybox"] == "unneeded"


def test_a_copied_stage_that_is_also_inherited_is_inherited() -> None:
    assert roles(report("FROM a AS b\nFROM b\nCOPY --from=b /x /y\n"))["b"] == "inherited"


def test_reach_of_stages_that_are_not_needed() -> None:
    found = report("""\
        FROM a
        FROM b AS shadowed
        FROM c AS shadowed
        FROM d AS base-arm64
        FROM e AS base-amd64
        FROM base-${TARGETARCH}
        """)
    reach = {(node.label, node.line): (str(node.reach), node.why) for node in found.nodes if node.line}
    assert reach["stage-0", 1] == ("dead", "it has no name, and nothing reads it")
    assert reach["shadowed", 2] == (
        "dead",
        "the stage in line 3 has the same name, and nothing reads it before that",
    )
    assert reach["shadowed", 3] == ("idle", "as target `shadowed`")
    assert reach["base-arm64", 4] == ("selectable", "on arm64")
    assert reach["base-amd64", 5] == ("needed", "")
    assert found.dead == ("stage-0", "shadowed")
    assert [(item.code, item.line) for item in found.findings] == [("dead-stage", 1), ("shadowed-stage", 2)]


def test_what_only_a_selectable_stage_needs_is_selectable() -> None:
    found = report("ARG V\nFROM a AS x\nFROM x AS r-debug\nFROM b AS r-slim\nFROM r-${V:-slim}\n")
    reach = {node.label: str(node.reach) for node in found.nodes}
    assert reach["r-debug"] == "selectable"
    assert reach["x"] == "selectable"
    assert reach["a"] == "selectable"


def test_the_critical_path_runs_over_steps_and_not_over_stages() -> None:
    found = report("""\
        FROM a AS builder
        RUN b1
        RUN b2
        FROM c
        RUN slow1
        RUN slow2
        RUN slow3
        COPY --from=builder /x /y
        """)
    names = [found.steps[position].name for position in found.critical_path]
    assert names == [
        "[stage-1 1/5] FROM docker.io/library/c:latest",
        "[stage-1 2/5] RUN slow1",
        "[stage-1 3/5] RUN slow2",
        "[stage-1 4/5] RUN slow3",
        "[stage-1 5/5] COPY --from=builder /x /y",
    ]
    assert {node.label: node.slack for node in found.nodes if node.index is not None} == {
        "builder": 1.0,
        "stage-1": 0.0,
    }


def test_weights_move_the_critical_path() -> None:
    found = build("FROM a AS b\nRUN x\nFROM c\nRUN y\nRUN z\nCOPY --from=b /p /p\n")
    heavy = next(step.id for step in sg.analyse(found).steps if step.name.endswith("RUN x"))
    path = sg.analyse(found, weights={heavy: 60.0}).critical_path
    assert heavy in path


def test_a_linked_copy_does_not_wait_for_the_step_before_it() -> None:
    found = report("FROM a AS b\nFROM c\nRUN slow\nCOPY --link --from=b /x /y\n")
    by_name = {step.name: step for step in found.steps}
    copied = by_name["[stage-1 3/3] COPY --link --from=b /x /y"]
    assert [found.steps[read].name for read in copied.inputs] == ["[b 1/1] FROM docker.io/library/a:latest"]
    assert by_name["[stage-1 3/3] LINK COPY --link --from=b /x /y"].kind == "merge"


def test_equal_steps_are_one() -> None:
    found = report("FROM a AS x\nRUN same\nFROM a AS y\nRUN same\nFROM x\nCOPY --from=y /p /p\n")
    assert len([step for step in found.steps if "RUN same" in step.name]) == 1
    assert [step.stages for step in found.steps if "RUN same" in step.name] == [(0, 1)]


def test_what_ships_and_through_which_stage() -> None:
    found = report("FROM a AS base\nCOPY conf /etc/\nFROM g AS b\nFROM base\nCOPY --from=b /o /p\n")
    labels = {node.id: node.label for node in found.nodes}
    assert [(labels[i.node], i.kind, i.path, [labels[v] for v in i.via]) for i in found.shipped] == [
        ("a", "base image", "", ["a", "base"]),
        ("base", "stage", "", ["base"]),
        ("build context", "path", "conf", ["base"]),
        ("b", "path", "/o", []),
    ]


def test_the_graph_is_a_networkx_dag() -> None:
    graph = build("FROM a AS b\nRUN x\nFROM c\nCOPY --from=b /p /q\n").graph()
    assert isinstance(graph, networkx.DiGraph)
    assert networkx.is_directed_acyclic_graph(graph)
    assert graph.edges["stage:0", "stage:1"]["paths"] == "/p"
    assert graph.nodes["stage:0"]["label"] == "b"


def _graph(inputs: list[list[int]]) -> networkx.DiGraph[int]:
    """Each node reads the nodes listed for it, all of them before it."""
    graph: networkx.DiGraph[int] = networkx.DiGraph()
    graph.add_nodes_from(range(len(inputs)))
    graph.add_edges_from((read, node) for node, reads in enumerate(inputs) for read in reads)
    return graph


@pytest.mark.parametrize("seed", range(60))
def test_the_antichain_is_the_largest(seed: int) -> None:
    chance = random.Random(seed)
    size = chance.randint(1, 9)
    inputs = [[j for j in range(i) if chance.random() < 0.35] for i in range(size)]
    closure = networkx.transitive_closure_dag(_graph(inputs))

    def free(nodes: tuple[int, ...]) -> bool:
        return not any(closure.has_edge(a, b) or closure.has_edge(b, a) for a, b in combinations(nodes, 2))

    best = max(n for n in range(1, size + 1) if any(map(free, combinations(range(size), n))))
    found = largest_antichain(_graph(inputs))
    assert len(found) == best
    assert free(tuple(found))


def test_the_antichain_can_be_larger_than_the_fullest_level() -> None:
    # levels: 0 and 1, then 2, then 3, 4; yet 1 waits for nothing and nothing waits for it
    inputs: list[list[int]] = [[], [], [0], [2], [2]]
    assert largest_antichain(_graph(inputs)) == [1, 3, 4]


def test_slack_is_how_much_later_a_step_may_finish() -> None:
    found = schedule(_graph([[], [0], [0], [1, 2]]), [1.0, 5.0, 2.0, 1.0])
    assert found.finish == (1.0, 6.0, 3.0, 7.0)
    assert found.slack == (0.0, 0.0, 3.0, 0.0)
    assert found.path == (0, 1, 3)
    assert found.levels == (0, 1, 1, 2)


def test_every_platform_counts_for_what_can_run_at_once() -> None:
    text = "FROM a AS b\nRUN x\nFROM c\nRUN y\nCOPY --from=b /x /x\n"
    found = report(text, platforms=("linux/amd64", "linux/arm64"))
    names = [found.steps[step].name for step in found.parallelism.widest_steps]
    assert found.max_parallelism == len(set(names)) == 4
    assert sum("arm64" in name for name in names) == 2
