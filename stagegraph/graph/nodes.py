"""The nodes and edges of a report: the stage graph with roles, reach and what its steps add."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from stagegraph.graph.request import Part, Request
from stagegraph.graph.stage_graph import StageGraph
from stagegraph.graph.tags import tag_edges
from stagegraph.model import Edge, EdgeKind, Node, NodeKind, Reach, Role, Step, nodes_of_step
from stagegraph.reach.choosing_options import SelectionConditions
from stagegraph.reach.from_choices import FromChoices
from stagegraph.reach.reachability import Reached
from stagegraph.source import printable

_UNREAD = Reached(Reach.DEAD, "nothing reads it")
_REACH_ORDER = {reach: position for position, reach in enumerate(Reach)}


def nodes_of(
    request: Request, roles: Mapping[str, Role], stages: Mapping[str, Reached], steps: Sequence[Step]
) -> tuple[Node, ...]:
    """The nodes of ``request``: stages by index, those of each part together, then sources by id."""
    graph = request.whole_graph
    own = _steps_by_node(request, steps)
    reached = {node: stages[node] if node in stages else _best(request, stages, node) for node in graph}
    ordered = sorted(graph.nodes.keys() - stages.keys())
    nodes = {
        node: _node(node, graph.nodes[node], roles[node], reached[node], own.get(node, ()))
        for node in (*stages, *ordered)
    }
    for part in request.parts:
        for index, stage in enumerate(part.stages):
            nodes[stage] = _with_stage(part, index, nodes[stage])
    return tuple(nodes.values())


def _best(request: Request, stages: Mapping[str, Reached], source: str) -> Reached:
    """How a source can come to be fetched: the best reach of its readers."""
    if source in request.built:
        return Reached(Reach.NEEDED, "")
    reached = (stages[reader] for reader in request.whole_graph.succ[source])
    return min(reached, key=lambda one: _REACH_ORDER[one.reach], default=_UNREAD)


def _steps_by_node(request: Request, steps: Iterable[Step]) -> dict[str, list[Step]]:
    by_node: dict[str, list[Step]] = {}
    for step in steps:
        for node in nodes_of_step(step, request.stages):
            by_node.setdefault(node, []).append(step)
    return by_node


def _node(name: str, data: Mapping[str, Any], role: Role, reached: Reached, steps: Sequence[Step]) -> Node:
    return Node(
        id=name,
        kind=NodeKind(data["kind"]),
        label=data["label"],
        role=role,
        reach=reached.reach,
        why=reached.why,
        platform_exists=reached.exists,
        index=data.get("index"),
        line=data.get("line"),
        steps=len(steps),
        level=min((step.level for step in steps), default=None),
        finish=max((step.finish for step in steps), default=None),
        slack=min((step.slack for step in steps), default=None),
    )


def _with_stage(part: Part, index: int, node: Node) -> Node:
    """``node`` with what the Dockerfile says about its stage."""
    builds = part.build.target_builds
    stages = [target_build.resolved.sources[index] for target_build in builds]
    text = part.build.file.stages[index]
    platforms = dict.fromkeys(str(stage.platform) for stage in stages if stage.platform)
    needing = (name for one in builds if index in one.resolved.needed for name in one.names)
    return replace(
        node,
        end_line=text.end_line,
        base=stages[0].base,
        base_text=text.head.base if text.head.base != stages[0].base else "",
        platform=", ".join(platforms),
        description=text.head.description,
        part=part.naming.part,
        dockerfile=printable(part.build.source.name) if part.naming.part else "",
        bake_targets=tuple(dict.fromkeys(needing)),
    )


def edges_of_report(
    request: Request, choices: Sequence[FromChoices], nodes: Sequence[Node]
) -> tuple[Edge, ...]:
    """The edges of ``request`` by target, line and source, with those that other arguments would make.

    ``choices`` are those of each part.
    """
    graph = request.whole_graph
    edges = [
        replace(edge, needed=graph.nodes[target]["needed"])
        for source, target in graph.edges
        for edge in graph.references.get((source, target), ())
    ]
    for part, own in zip(request.parts, choices, strict=True):
        edges += _selectable(graph, own, part)
    edges += tag_edges(request)
    position = {node.id: number for number, node in enumerate(nodes)}
    return tuple(sorted(edges, key=lambda e: (position[e.target], e.line, e.source, e.kind, e.paths)))


def _selectable(graph: StageGraph, choices: FromChoices, part: Part) -> Iterator[Edge]:
    """An edge from every earlier stage that another value of a variable in FROM would choose.

    A base that can be any stage has edges only from those that nothing else reads or chooses: an edge from
    every stage to it would say nothing.
    """
    conditions = SelectionConditions(part.build.file, choices, part.build.options)
    selections = [one for own in choices.choices.values() for one in own]
    chosen = {one.source for one in selections if not one.loose}
    for selection in selections:
        source, target = part.naming.stage(selection.source), part.naming.stage(selection.stage)
        is_base = graph.has_edge(source, target) and graph.edges[source, target]["kind"] == EdgeKind.FROM
        if not is_base and not (selection.loose and (graph.out_degree(source) or selection.source in chosen)):
            found = conditions.of(selection)
            yield Edge(
                source=source,
                target=target,
                kind=EdgeKind.FROM,
                line=part.build.file.stages[selection.stage].head.span.line,
                needed=False,
                selectable=True,
                why=found.text,
                platform_exists=found.exists,
            )
