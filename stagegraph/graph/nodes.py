"""The nodes and edges of a report: the stage graph with roles, reach and what its steps add."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from stagegraph.dockerfile.file import Dockerfile
from stagegraph.graph.build import Build
from stagegraph.graph.stage_graph import StageGraph
from stagegraph.model import Edge, EdgeKind, Node, NodeKind, Reach, Role, Step, nodes_of_step, stage_id
from stagegraph.reach.from_choices import FromChoices
from stagegraph.reach.reachability import Reached

_UNREAD = Reached(Reach.DEAD, "nothing reads it")
_REACH_ORDER = {reach: position for position, reach in enumerate(Reach)}


def nodes_of(
    build: Build, roles: dict[str, Role], stages: Sequence[Reached], steps: Sequence[Step]
) -> tuple[Node, ...]:
    """The nodes of ``build``: stages by index, then sources by id."""
    graph = build.whole_graph
    own = _steps_by_node(steps)
    nodes = [
        _node(build, node, roles[node], reached, own.get(node, ()))
        for node, reached in _reach(graph, stages).items()
    ]
    return tuple(sorted(nodes, key=lambda node: (node.index is None, node.index or 0, node.id)))


def _reach(graph: StageGraph, stages: Sequence[Reached]) -> dict[str, Reached]:
    """How every node can come to be built or fetched; a source has the best reach of its readers."""
    return {
        node: _best(stages, graph, graph.succ[node]) if "index" not in data else stages[data["index"]]
        for node, data in graph.nodes.items()
    }


def _best(stages: Sequence[Reached], graph: StageGraph, readers: Iterable[str]) -> Reached:
    reached = (stages[graph.nodes[reader]["index"]] for reader in readers)
    return min(reached, key=lambda one: _REACH_ORDER[one.reach], default=_UNREAD)


def _steps_by_node(steps: Iterable[Step]) -> dict[str, list[Step]]:
    by_node: dict[str, list[Step]] = {}
    for step in steps:
        for node in nodes_of_step(step):
            by_node.setdefault(node, []).append(step)
    return by_node


def _node(build: Build, name: str, role: Role, reached: Reached, steps: Sequence[Step]) -> Node:
    data = build.whole_graph.nodes[name]
    node = Node(
        id=name,
        kind=NodeKind(data["kind"]),
        label=data["label"],
        role=role,
        reach=reached.reach,
        why=reached.why,
        index=data.get("index"),
        line=data.get("line"),
        steps=len(steps),
        level=min((step.level for step in steps), default=None),
        finish=max((step.finish for step in steps), default=None),
        slack=min((step.slack for step in steps), default=None),
    )
    return _with_stage(build, node) if node.kind is NodeKind.STAGE else node


def _with_stage(build: Build, node: Node) -> Node:
    """``node`` with what the Dockerfile says about its stage."""
    index = node.index or 0
    stages = [target_build.resolved.sources[index] for target_build in build.target_builds]
    text = build.file.stages[index]
    platforms = dict.fromkeys(str(stage.platform) for stage in stages if stage.platform)
    return replace(
        node,
        end_line=text.end_line,
        base=stages[0].base,
        base_text=text.head.base if text.head.base != stages[0].base else "",
        platform=", ".join(platforms),
        description=text.head.description,
    )


def edges_of_report(build: Build, choices: FromChoices) -> tuple[Edge, ...]:
    """The edges of ``build`` by target, line and source, with those that other arguments would make."""
    graph = build.whole_graph
    edges = [
        replace(edge, needed=graph.nodes[target]["needed"])
        for source, target in graph.edges
        for edge in graph.references.get((source, target), ())
    ]
    edges += _selectable(graph, choices, build.file)
    return tuple(
        sorted(edges, key=lambda e: (graph.nodes[e.target]["index"], e.line, e.source, e.kind, e.paths))
    )


def _selectable(graph: StageGraph, choices: FromChoices, file: Dockerfile) -> Iterator[Edge]:
    """An edge from every earlier stage that another value of a variable in FROM would choose.

    A base that can be any stage has edges only from those that nothing else reads: an edge from every
    stage to it would say nothing.
    """
    for selection in (one for own in choices.choices.values() for one in own):
        source, target = stage_id(selection.source), stage_id(selection.stage)
        is_base = graph.has_edge(source, target) and graph.edges[source, target]["kind"] == EdgeKind.FROM
        if not is_base and not (selection.loose and graph.out_degree(source)):
            yield Edge(
                source=source,
                target=target,
                kind=EdgeKind.FROM,
                line=file.stages[selection.stage].head.span.line,
                needed=False,
                selectable=True,
                why=selection.why,
            )
