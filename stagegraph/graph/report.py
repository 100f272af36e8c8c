"""A build analysed: the Report that every renderer reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.check.comments import extents
from stagegraph.check.rule import Problem, Subject
from stagegraph.check.rules.registry import run_rules, sorted_problems
from stagegraph.check.rules.would_fail import faults
from stagegraph.dockerfile.instructions import Run
from stagegraph.graph.build import Build
from stagegraph.graph.critical_path import Schedule, schedule
from stagegraph.graph.parallelism import largest_antichain
from stagegraph.graph.shipping import left_behind, roles, shipped
from stagegraph.graph.stage_graph import OutlineNode
from stagegraph.graph.steps import CONTEXT_NAME, RawStep, raw_steps
from stagegraph.model import Edge, Finding, Node, NodeKind, Parallelism, Reach, Report, Role, Step, StepKind
from stagegraph.options import Options
from stagegraph.reach.from_choices import FromChoices, selectable_edges
from stagegraph.reach.reachability import Reached, reach_of_nodes, stage_reach

_CODES = frozenset({"dead-stage", "shadowed-stage", "later-stage", "number-is-image"})


def findings(build: Build, reached: Sequence[Reached], questions: Sequence[Options]) -> tuple[Finding, ...]:
    """The findings in order of their lines, each once."""
    problems = sorted_problems(_problems(build, reached, questions))
    return tuple(dict.fromkeys(problem.finding for problem in problems))


def _problems(build: Build, reached: Sequence[Reached], questions: Sequence[Options]) -> Iterator[Problem]:
    of_stages = extents(build.file)
    for variant in build.target_builds:
        subject = Subject(
            file=build.file,
            resolved=variant.resolved,
            reached=tuple(reached),
            extents=of_stages,
            questions=tuple(questions),
        )
        yield from run_rules(subject, _CODES)
        yield from faults(variant.resolved, variant.actions)


def analyse(build: Build, weights: Mapping[int, float] | None = None) -> Report:
    """Everything that is to be said about ``build``.

    ``weights`` gives the duration of steps by their position in ``build.step_graph()``; without
    it every step takes one unit, and the result none.
    """
    raw = raw_steps(build)
    timed = schedule([step.inputs for step in raw], _weights(raw, weights))
    steps = _steps(build, raw, timed)
    questions, from_choices = _questions(build), FromChoices(build.file)
    reached = stage_reach(build.file, questions, from_choices)
    nodes, edges = _nodes_and_edges(build, steps, from_choices, reached)
    running, real = _running(build), [edge for edge in edges if not edge.selectable]
    ships = shipped(build.targets, {node.id: node for node in nodes}, real, running)
    return Report(
        source=build.source.name,
        targets=build.targets,
        platforms=build.options.all_platforms,
        nodes=nodes,
        edges=edges,
        steps=steps,
        critical_path=tuple(step for step in timed.path if raw[step].kind is not StepKind.RESULT),
        parallelism=_parallelism(nodes, edges, steps, timed, _weights(raw, weights)),
        shipped=ships,
        left_behind=left_behind(nodes, ships, real, running),
        findings=findings(build, reached, questions),
    )


def _weights(raw: Sequence[RawStep], weights: Mapping[int, float] | None) -> list[float]:
    if weights is not None:
        return [weights.get(position, 0.0) for position in range(len(raw))]
    return [0.0 if step.kind is StepKind.RESULT else 1.0 for step in raw]


def _steps(build: Build, raw: Sequence[RawStep], timed: Schedule) -> tuple[Step, ...]:
    critical = frozenset(timed.path)
    return tuple(
        Step(
            id=position,
            name=step.name,
            kind=step.kind,
            line=step.span.line if step.span else None,
            end_line=step.span.end_line if step.span else None,
            stages=tuple(sorted(set(step.stages))),
            node=_node_of_step(build, step),
            inputs=step.inputs,
            others=tuple((name, span.line if span else None) for name, span in dict.fromkeys(step.others)),
            level=timed.levels[position],
            finish=timed.finish[position],
            slack=timed.slack[position],
            critical=position in critical,
        )
        for position, step in enumerate(raw)
    )


def _node_of_step(build: Build, step: RawStep) -> str:
    """The node that a step is drawn in: the source that it loads, or its first stage."""
    if step.name == CONTEXT_NAME:
        return "context"
    if step.kind is StepKind.SOURCE:
        if step.place is None:
            return f"remote:{step.source}"
        named = step.source.startswith("context:")
        return f"named-{step.source}" if named else f"image:{step.source}"
    return f"stage:{min(step.stages)}" if step.stages else ""


def _nodes_and_edges(
    build: Build, steps: Sequence[Step], from_choices: FromChoices, stages: Sequence[Reached]
) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
    outline = build.outline
    real = [edge for references in outline.edges.values() for edge in references]
    possible = selectable_edges(from_choices, build.file, real)
    reached = reach_of_nodes(outline.nodes, outline.edges, stages)
    needed = {node for node, value in reached.items() if value.reach is Reach.NEEDED}
    role = roles(outline.nodes, real, build.targets, needed, _running(build))
    own = _steps_by_node(steps)
    nodes = [
        _node(build, name, node, role[name], reached[name], own.get(name, ()))
        for name, node in outline.nodes.items()
    ]
    critical = _critical_edges(steps)
    edges = [_edge(edge, needed, critical) for edge in (*real, *possible)]
    nodes.sort(key=lambda node: (node.index is None, node.index or 0, node.id))
    edges.sort(
        key=lambda e: (e.target.partition(":")[0], _index(e.target), e.line, e.source, e.kind, e.paths)
    )
    return tuple(nodes), tuple(edges)


def _running(build: Build) -> frozenset[str]:
    """The ids of the stages that have a RUN."""
    return frozenset(
        f"stage:{place.index}"
        for variant in build.target_builds
        for place in variant.resolved.sources
        if any(isinstance(command.instruction, Run) for command in place.commands)
    )


def _index(node: str) -> int:
    return int(node.partition(":")[2])


def _questions(build: Build) -> list[Options]:
    """The build as questions of one target and one platform each."""
    options = build.options
    return [
        replace(options, target=target, targets=(), platforms=(platform,))
        for platform in options.all_platforms
        for target in options.all_targets or (None,)
    ]


def _steps_by_node(steps: Sequence[Step]) -> dict[str, list[Step]]:
    found: dict[str, list[Step]] = {}
    for step in steps:
        if step.kind is StepKind.SOURCE:
            found.setdefault(step.node, []).append(step)
        else:
            for stage in step.stages:
                found.setdefault(f"stage:{stage}", []).append(step)
    return found


def _node(
    build: Build, name: str, data: OutlineNode, role: Role, reached: Reached, steps: Sequence[Step]
) -> Node:
    node = Node(
        id=name,
        kind=data.kind,
        label=data.label,
        role=role,
        reach=reached.reach,
        why=reached.why,
        index=data.index,
        line=data.line,
        steps=len(steps),
        level=min((step.level for step in steps), default=None),
        finish=max((step.finish for step in steps), default=None),
        slack=min((step.slack for step in steps), default=None),
        critical=any(step.critical for step in steps),
    )
    return node if node.index is None else _with_stage(build, node)


def _with_stage(build: Build, node: Node) -> Node:
    places = [variant.resolved.sources[node.index or 0] for variant in build.target_builds]
    place, text = places[0], build.file.stages[node.index or 0]
    platforms = dict.fromkeys(str(p.platform) for p in places if p.platform)
    return replace(
        node,
        end_line=text.end_line,
        base=place.base,
        base_text=text.head.base if text.head.base != place.base else "",
        platform=", ".join(platforms),
        description=text.head.description,
    )


def _critical_edges(steps: Sequence[Step]) -> set[tuple[str, str]]:
    """The pairs of nodes between which the critical path passes."""
    found = set()
    for step in steps:
        reads = [steps[read] for read in step.inputs if steps[read].critical]
        if step.critical and reads:
            last = max(reads, key=lambda read: read.finish)
            found |= {(a, b) for a in _nodes_of(last) for b in _nodes_of(step)}
    return found


def _nodes_of(step: Step) -> list[str]:
    if step.kind is StepKind.SOURCE:
        return [step.node]
    return [f"stage:{stage}" for stage in step.stages]


def _edge(edge: Edge, needed: set[str], critical: set[tuple[str, str]]) -> Edge:
    return replace(
        edge,
        needed=not edge.selectable and edge.target in needed,
        critical=not edge.selectable and (edge.source, edge.target) in critical,
    )


class _Widest(Struct, frozen=True):
    steps: tuple[int, ...]
    stages: tuple[str, ...]


def _parallelism(
    nodes: Sequence[Node],
    edges: Sequence[Edge],
    steps: Sequence[Step],
    timed: Schedule,
    weights: Sequence[float],
) -> Parallelism:
    widest_steps = _widest_steps(steps)
    widest_stages = _widest_stages(nodes, edges)
    return Parallelism(
        max_steps=len(widest_steps),
        max_stages=len(widest_stages),
        widest_steps=widest_steps,
        widest_stages=widest_stages,
        levels=max((step.level for step in steps if step.kind is not StepKind.RESULT), default=-1) + 1,
        total=sum(weights),
        length=timed.length,
    )


def _widest_steps(steps: Sequence[Step]) -> tuple[int, ...]:
    """Without results: of a build for several platforms they stand between the steps."""
    kept = [step for step in steps if step.kind is not StepKind.RESULT]
    place = {step.id: position for position, step in enumerate(kept)}
    found = largest_antichain([[place[read] for read in step.inputs] for step in kept])
    return tuple(kept[position].id for position in found)


def _widest_stages(nodes: Sequence[Node], edges: Sequence[Edge]) -> tuple[str, ...]:
    stages = [node.id for node in nodes if node.needed and node.kind is NodeKind.STAGE]
    position = {name: index for index, name in enumerate(stages)}
    inputs: list[list[int]] = [[] for _ in stages]
    for edge in edges:
        if edge.needed and edge.source in position and position[edge.source] < position[edge.target]:
            inputs[position[edge.target]].append(position[edge.source])
    return tuple(stages[index] for index in largest_antichain(inputs))
