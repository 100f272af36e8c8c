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
from stagegraph.dockerfile.stages import Resolved
from stagegraph.graph.build import Build
from stagegraph.graph.critical_nodes import with_critical_nodes
from stagegraph.graph.critical_path import Schedule, schedule
from stagegraph.graph.nodes import edges_of_report, nodes_of
from stagegraph.graph.parallelism import largest_antichain
from stagegraph.graph.request import Part, Request, request_of
from stagegraph.graph.shipping import left_behind, roles, shipped
from stagegraph.graph.steps import RawStep, TargetBuild
from stagegraph.model import Finding, LeftBehind, Parallelism, Report, Shipped, Step, StepKind
from stagegraph.options import Options
from stagegraph.reach.from_choices import FromChoices
from stagegraph.reach.reachability import Reached, stage_reach
from stagegraph.source import printable

_CODES = frozenset({"dead-stage", "shadowed-stage", "later-stage", "number-is-image"})


def analyse(value: Build | Request, weights: Mapping[int, float] | None = None) -> Report:
    """The report of a build, or of a request with several Dockerfiles.

    ``weights`` gives the duration of steps by their position in ``value.step_graph()``; without
    it every step takes one unit, and the result none.
    """
    request = request_of(value) if isinstance(value, Build) else value
    graph, step_graph = request.whole_graph, request.step_graph()
    durations = _durations(request.steps, weights)
    timed = schedule(step_graph, durations)
    steps = _steps(request, timed)
    analysed = [_analysed(part) for part in request.parts]
    reached = {stage: one for part in analysed for stage, one in part.by_stage()}
    nodes = nodes_of(request, roles(graph, request.targets), reached, steps)
    ships, left = _images(request, [node.id for node in nodes])
    report = Report(
        source=request.name,
        targets=request.targets,
        platforms=_platforms(request),
        nodes=nodes,
        edges=edges_of_report(request, [one.choices for one in analysed], nodes),
        steps=steps,
        critical_path=tuple(step for step in timed.path if steps[step].kind is not StepKind.RESULT),
        parallelism=_parallelism(request, step_graph, timed, sum(durations)),
        shipped=ships,
        left_behind=left,
        findings=tuple(finding for one in analysed for finding in _findings(one)),
        notes=(*request.notes, *_notes(request)),
        bake_targets=request.bake_targets,
    )
    return with_critical_nodes(report)


class _Analysed(NamedTuple):
    """A part of a request, and how each of its stages can come to be built."""

    part: Part
    questions: list[Options]
    choices: FromChoices
    reached: tuple[Reached, ...]

    def by_stage(self) -> Iterator[tuple[str, Reached]]:
        """The ids of the stages with their reach."""
        return zip(self.part.stages, self.reached, strict=True)


def _analysed(part: Part) -> _Analysed:
    questions, choices = _questions(part.build), FromChoices(part.build.file)
    return _Analysed(
        part, questions, choices, stage_reach(part.build.file, questions, choices, part.build.images)
    )


def _platforms(request: Request) -> tuple[str, ...]:
    """The target platforms asked for, each once."""
    return tuple(
        dict.fromkeys(platform for part in request.parts for platform in part.build.options.all_platforms)
    )


def _images(request: Request, order: Sequence[str]) -> tuple[tuple[Shipped, ...], tuple[LeftBehind, ...]]:
    """What is in the image of each target, and what is not; per platform where the platforms differ."""
    images: dict[str, dict[str, _Contents]] = {}
    asked = frozenset(request.targets)
    for one in request.builds:
        if one.node in asked:
            graph = request.image_graph(one)
            ships = shipped(graph, one.node)
            left = left_behind(graph, one.node, ships, order)
            platform = str(one.build.resolved.target_platform)
            images.setdefault(one.node, {})[platform] = _Contents(ships, left)
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


def _notes(request: Request) -> Iterator[str]:
    """What changes the text of a Dockerfile before it is read (buildah, imagebuildah/build.go)."""
    sources = dict.fromkeys(part.build.source.name.replace("\\", "/") for part in request.parts)
    for name in dict.fromkeys(source.rpartition("/")[2] for source in sources):
        if name.endswith(".in"):
            first = f"podman and buildah run the C preprocessor on {printable(name)} first"
            yield f"{first}; this graph is of the text before"


def _durations(steps: Sequence[RawStep], weights: Mapping[int, float] | None) -> list[float]:
    if weights is not None:
        return [weights.get(position, 0.0) for position in range(len(steps))]
    return [0.0 if step.kind is StepKind.RESULT else 1.0 for step in steps]


def _steps(request: Request, timed: Schedule) -> tuple[Step, ...]:
    critical, stages = frozenset(timed.path), request.stages
    return tuple(
        Step(
            id=position,
            name=step.name,
            kind=step.kind,
            line=step.span.line if step.span else None,
            end_line=step.span.end_line if step.span else None,
            stages=tuple(sorted(set(step.stages))),
            node=step.source or (stages[min(step.stages)] if step.stages else ""),
            inputs=step.inputs,
            read_from=tuple(step.read_from),
            others=tuple((name, span.line if span else None) for name, span in dict.fromkeys(step.others)),
            level=timed.levels[position],
            finish=timed.finish[position],
            slack=timed.slack[position],
            critical=position in critical,
        )
        for position, step in enumerate(request.steps)
    )


def _questions(build: Build) -> list[Options]:
    """The options of ``build`` as questions of one target and one platform each."""
    return [
        replace(build.options, target=name or None, targets=(), platforms=(platform,))
        for name, platform in build.questions
    ]


def _parallelism(
    request: Request, steps: networkx.DiGraph[int], timed: Schedule, total: float
) -> Parallelism:
    # Results are not work; in a build for several platforms they would stand between the steps.
    work = [step for step, data in steps.nodes.items() if data["kind"] != StepKind.RESULT]
    widest_steps = largest_antichain(_kept(steps, work))
    widest_stages = _widest_stages(request)
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


def _widest_stages(request: Request) -> list[str]:
    """A maximum antichain of the needed stages.

    A stage that reads a later one fails to build, and only such an edge can close a cycle: it is left out.
    """
    graph = request.whole_graph
    needed = (stage for stage in request.stages if graph.nodes[stage]["needed"])
    position = {stage: number for number, stage in enumerate(needed)}
    forward: networkx.DiGraph[str] = networkx.DiGraph()
    forward.add_nodes_from(position)
    forward.add_edges_from(
        (source, target)
        for source, target in graph.edges
        if source in position and target in position and position[source] < position[target]
    )
    return largest_antichain(forward)


def _findings(one: _Analysed) -> tuple[Finding, ...]:
    """What would fail, and which stages nothing can reach, in order of their lines."""
    problems = sorted_problems(_problems(one.part.build, one.reached, one.questions))
    findings = dict.fromkeys(problem.finding for problem in problems)
    if not one.part.naming.part:
        return tuple(findings)
    return tuple(replace(finding, file=one.part.build.source.name) for finding in findings)


def _problems(build: Build, reached: Sequence[Reached], questions: Sequence[Options]) -> Iterator[Problem]:
    stage_extents = extents(build.file)
    for target_build in build.target_builds:
        if target_build.alike:
            continue
        resolved = _needed_by_all(target_build, build.target_builds)
        subject = Subject(
            file=build.file,
            resolved=resolved,
            reached=tuple(reached),
            extents=stage_extents,
            questions=tuple(questions),
        )
        yield from run_rules(subject, _CODES)
        yield from faults(resolved, target_build.actions)


def _needed_by_all(one: TargetBuild, others: Sequence[TargetBuild]) -> Resolved:
    """What ``one`` resolves, with the stages that any target needs that shares its stages."""
    alike = (other.resolved.needed for other in others if other.alike is one)
    return replace(one.resolved, needed=one.resolved.needed.union(*alike))
