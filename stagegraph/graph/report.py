"""A build analysed: the Report that every format reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import networkx
from msgspec.structs import replace

from stagegraph.check.comments import extents
from stagegraph.check.rule import Problem, Subject
from stagegraph.check.rules import run_rules, sorted_problems
from stagegraph.check.rules.would_fail import faults
from stagegraph.graph.build import Build
from stagegraph.graph.critical_nodes import with_critical_nodes
from stagegraph.graph.critical_path import Schedule, schedule
from stagegraph.graph.nodes import edges_of_report, nodes_of
from stagegraph.graph.parallelism import largest_antichain
from stagegraph.graph.shipping import left_behind, roles, shipped
from stagegraph.graph.stage_graph import StageGraph, stage_graph
from stagegraph.graph.steps import RawStep
from stagegraph.model import (
    Finding,
    LeftBehind,
    NodeKind,
    Parallelism,
    Report,
    Shipped,
    Step,
    StepKind,
    stage_id,
)
from stagegraph.options import Options
from stagegraph.reach.from_choices import FromChoices
from stagegraph.reach.reachability import Reached, stage_reach
from stagegraph.source import printable

_CODES = frozenset({"dead-stage", "shadowed-stage", "later-stage", "number-is-image"})


def analyse(build: Build, weights: Mapping[int, float] | None = None) -> Report:
    """The report of ``build``.

    ``weights`` gives the duration of steps by their position in ``build.step_graph()``; without
    it every step takes one unit, and the result none.
    """
    graph, step_graph = build.whole_graph, build.step_graph()
    durations = _durations(build.steps, weights)
    timed = schedule(step_graph, durations)
    steps = _steps(build.steps, timed)
    questions, choices = _questions(build), FromChoices(build.file)
    reached = stage_reach(build.file, questions, choices)
    role_of = roles(graph, build.targets)
    nodes = nodes_of(build, role_of, reached, steps)
    ships, left = _images(build, [node.id for node in nodes])
    report = Report(
        source=build.source.name,
        targets=build.targets,
        platforms=build.options.all_platforms,
        nodes=nodes,
        edges=edges_of_report(build, choices),
        steps=steps,
        critical_path=tuple(step for step in timed.path if steps[step].kind is not StepKind.RESULT),
        parallelism=_parallelism(graph, step_graph, timed, sum(durations)),
        shipped=ships,
        left_behind=left,
        findings=_findings(build, reached, questions),
        notes=_notes(build),
    )
    return with_critical_nodes(report)


def _images(build: Build, order: Sequence[str]) -> tuple[tuple[Shipped, ...], tuple[LeftBehind, ...]]:
    """What is in the image of each target, and what is not; per platform where the platforms differ."""
    images: dict[str, dict[str, _Contents]] = {}
    for one in build.target_builds:
        target, platform = stage_id(one.resolved.target), str(one.resolved.target_platform)
        is_only = len(build.target_builds) == 1
        graph = build.whole_graph if is_only else stage_graph([one.resolved], [target])
        ships = shipped(graph, target)
        left = left_behind(graph, target, ships, order)
        images.setdefault(target, {})[platform] = _Contents(ships, left)
    contents = [one for by_platform in images.values() for one in _by_platform(by_platform)]
    return (
        tuple(item for one in contents for item in one.shipped),
        tuple(item for one in contents for item in one.left_behind),
    )


class _Contents(NamedTuple):
    """What is in one image, and what the build leaves behind."""

    shipped: tuple[Shipped, ...]
    left_behind: tuple[LeftBehind, ...]


def _by_platform(by_platform: Mapping[str, _Contents]) -> Iterator[_Contents]:
    """The contents of the images of one target: once if they are equal, else each with its platform."""
    if len(set(by_platform.values())) == 1:
        yield next(iter(by_platform.values()))
        return
    for platform, one in by_platform.items():
        yield _Contents(
            tuple(replace(item, platform=platform) for item in one.shipped),
            tuple(replace(item, platform=platform) for item in one.left_behind),
        )


def _notes(build: Build) -> tuple[str, ...]:
    """What changes the text of the Dockerfile before it is read (buildah, imagebuildah/build.go)."""
    name = build.source.name.replace("\\", "/").rpartition("/")[2]
    if not name.endswith(".in"):
        return ()
    first = f"podman and buildah run the C preprocessor on {printable(name)} first"
    return (f"{first}; this graph is of the text before",)


def _durations(steps: Sequence[RawStep], weights: Mapping[int, float] | None) -> list[float]:
    if weights is not None:
        return [weights.get(position, 0.0) for position in range(len(steps))]
    return [0.0 if step.kind is StepKind.RESULT else 1.0 for step in steps]


def _steps(raw: Sequence[RawStep], timed: Schedule) -> tuple[Step, ...]:
    critical = frozenset(timed.path)
    return tuple(
        Step(
            id=position,
            name=step.name,
            kind=step.kind,
            line=step.span.line if step.span else None,
            end_line=step.span.end_line if step.span else None,
            stages=tuple(sorted(set(step.stages))),
            node=step.node,
            inputs=step.inputs,
            read_from=tuple(step.read_from),
            others=tuple((name, span.line if span else None) for name, span in dict.fromkeys(step.others)),
            level=timed.levels[position],
            finish=timed.finish[position],
            slack=timed.slack[position],
            critical=position in critical,
        )
        for position, step in enumerate(raw)
    )


def _questions(build: Build) -> list[Options]:
    """The options of ``build`` as questions of one target and one platform each."""
    options = build.options
    return [
        replace(options, target=target, targets=(), platforms=(platform,))
        for platform in options.all_platforms
        for target in options.all_targets or (None,)
    ]


def _parallelism(
    graph: StageGraph, steps: networkx.DiGraph[int], timed: Schedule, total: float
) -> Parallelism:
    # Results are not work; in a build for several platforms they would stand between the steps.
    work = [step for step, data in steps.nodes.items() if data["kind"] != StepKind.RESULT]
    widest_steps = largest_antichain(_kept(steps, work))
    widest_stages = _widest_stages(graph)
    return Parallelism(
        max_steps=len(widest_steps),
        max_stages=len(widest_stages),
        widest_steps=tuple(widest_steps),
        widest_stages=tuple(widest_stages),
        levels=max((timed.levels[step] for step in work), default=-1) + 1,
        total=total,
        length=timed.length,
    )


def _kept(steps: networkx.DiGraph[int], work: Sequence[int]) -> networkx.DiGraph[int]:
    if len(work) == len(steps):
        return steps
    kept: networkx.DiGraph[int] = networkx.DiGraph()
    kept.add_nodes_from(work)
    kept.add_edges_from((read, step) for step in work for read in steps.pred[step])
    return kept


def _widest_stages(graph: StageGraph) -> list[str]:
    """A maximum antichain of the needed stages.

    A stage that reads a later one fails to build, and only such an edge can close a cycle: it is left out.
    """
    index: dict[str, int] = {
        node: data["index"]
        for node, data in graph.nodes.items()
        if data["needed"] and data["kind"] == NodeKind.STAGE
    }
    forward: networkx.DiGraph[str] = networkx.DiGraph()
    forward.add_nodes_from(node for node, _ in sorted(index.items(), key=lambda item: item[1]))
    forward.add_edges_from(
        (source, target)
        for source, target in graph.edges
        if source in index and target in index and index[source] < index[target]
    )
    return largest_antichain(forward)


def _findings(build: Build, reached: Sequence[Reached], questions: Sequence[Options]) -> tuple[Finding, ...]:
    """What would fail, and which stages nothing can reach, in order of their lines."""
    problems = sorted_problems(_problems(build, reached, questions))
    return tuple(dict.fromkeys(problem.finding for problem in problems))


def _problems(build: Build, reached: Sequence[Reached], questions: Sequence[Options]) -> Iterator[Problem]:
    stage_extents = extents(build.file)
    for target_build in build.target_builds:
        subject = Subject(
            file=build.file,
            resolved=target_build.resolved,
            reached=tuple(reached),
            extents=stage_extents,
            questions=tuple(questions),
        )
        yield from run_rules(subject, _CODES)
        yield from faults(target_build.resolved, target_build.actions)
