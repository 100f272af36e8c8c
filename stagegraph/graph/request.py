"""A build request: the Dockerfiles that one bake or compose file builds together, as one graph.

A Dockerfile alone is a request of one part, so that both are analysed in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import networkx
from msgspec import Struct
from msgspec.structs import replace

from stagegraph.dockerfile.stages import distinct_stages
from stagegraph.graph.build import Build
from stagegraph.graph.naming import ALONE, LINK, Naming
from stagegraph.graph.stage_graph import StageGraph, image_part, joined, mark_needed, pruned
from stagegraph.graph.steps import RawStep, StepList, TargetBuild, step_graph, steps_of
from stagegraph.model import BakeTarget, NodeKind, StepKind
from stagegraph.source import printable


class Part(Struct, frozen=True, kw_only=True):
    """One Dockerfile with its options: all bake targets that differ only in stage and platforms."""

    build: Build
    naming: Naming = ALONE

    @property
    def stages(self) -> Iterator[str]:
        """The ids of its stages, in the order of the file."""
        return (self.naming.stage(index) for index in range(len(self.build.file.stages)))

    @property
    def names(self) -> tuple[str, ...]:
        """Its bake targets."""
        return tuple(dict.fromkeys(name for one in self.build.target_builds for name in one.names))


class PartBuild(NamedTuple):
    """One target of a part on one platform."""

    part: Part
    build: TargetBuild

    @property
    def node(self) -> str:
        """The id of the stage that is its image."""
        return self.part.naming.stage(self.build.resolved.target)


class Request(Struct, frozen=True, kw_only=True, dict=True):
    """What one command builds together; ``parts`` come after those whose results they read.

    ``bake_targets`` is empty for a Dockerfile alone. A bake target whose Dockerfile is not here, because
    its context is remote, has a node of its own and no part.
    """

    name: str  # of the Dockerfile or of the bake and compose files
    parts: tuple[Part, ...]
    bake_targets: tuple[BakeTarget, ...] = ()
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Request of {self.name} for {', '.join(one.name for one in self.bake_targets)}>"

    @cached_property
    def builds(self) -> tuple[PartBuild, ...]:
        """Every target on every platform."""
        return tuple(PartBuild(part, one) for part in self.parts for one in part.build.target_builds)

    @cached_property
    def targets(self) -> tuple[str, ...]:
        """The node ids of the targets that are asked for, not of those that only others read."""
        if not self.bake_targets:
            return tuple(dict.fromkeys(one.node for one in self.builds))
        return tuple(dict.fromkeys(one.node for one in self.bake_targets if not one.linked))

    @cached_property
    def built(self) -> tuple[str, ...]:
        """The node ids of all targets; bake also builds those that it reads."""
        if not self.bake_targets:
            return self.targets
        return tuple(dict.fromkeys(one.node for one in self.bake_targets))

    @property
    def remote(self) -> tuple[BakeTarget, ...]:
        """The bake targets whose Dockerfile is not here."""
        known = {name for part in self.parts for name in part.names}
        return tuple(one for one in self.bake_targets if one.name not in known)

    @cached_property
    def stages(self) -> tuple[str, ...]:
        """The ids of all stages, part by part."""
        return tuple(stage for part in self.parts for stage in part.stages)

    @cached_property
    def whole_graph(self) -> StageGraph:
        """The graph of every stage and source, needed or not; made once, do not change it."""
        if self.parts and self.parts[0].naming is ALONE:
            return self.parts[0].build.whole_graph
        graph = StageGraph()
        _add_remote(graph, self.remote)
        joined(graph, [(part.build.whole_graph, part.naming) for part in self.parts])
        mark_needed(graph, self.built)
        return graph

    def graph(self, *, prune: bool = True) -> StageGraph:
        """A copy of the stage graph, pruned to what the targets need unless told otherwise."""
        return pruned(self.whole_graph, self.built) if prune else self.whole_graph.copy()

    @cached_property
    def steps(self) -> tuple[RawStep, ...]:
        """The steps that BuildKit schedules, equal steps of all parts merged; made once."""
        if self.parts and self.parts[0].naming is ALONE:
            return self.parts[0].build.steps
        steps = StepList()
        _add_remote_steps(steps, self.remote, several=len(self.bake_targets) > 1)
        return steps_of([(one.build, one.part.naming) for one in self.builds], steps)

    def step_graph(self) -> networkx.DiGraph[int]:
        """The DAG of ``steps``; nodes are their positions."""
        return step_graph(self.steps)

    def image_graph(self, image: PartBuild) -> StageGraph:
        """The graph of what can be in one image: of its Dockerfile and of those whose results it reads."""
        if len(self.builds) == 1:
            return self.whole_graph
        if self._same_for_all_targets:
            return image_part(self.whole_graph, image.node, self._positions)
        graph = StageGraph()
        _add_remote(graph, self.remote)
        joined(graph, [(one.build.graph, one.part.naming) for one in self._read_by(image)])
        mark_needed(graph, [image.node])
        return graph

    @cached_property
    def _same_for_all_targets(self) -> bool:
        """Whether no target or platform changes the stages of a part, but only which are needed."""
        return all(
            len(distinct_stages(one.resolved for one in part.build.target_builds)) == 1 for part in self.parts
        )

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {node: number for number, node in enumerate(self.whole_graph)}

    def _read_by(self, image: PartBuild) -> list[PartBuild]:
        """The builds whose results ``image`` reads, directly or not, before those that read them."""
        found: dict[str, PartBuild] = {}
        waiting = [image]
        while waiting:
            one = waiting.pop()
            key = f"{one.node} {one.build.resolved.target_platform}"
            if key not in found:
                found[key] = one
                waiting.extend(self._links(one))
        order = {id(part): position for position, part in enumerate(self.parts)}
        return sorted(found.values(), key=lambda one: order[id(one.part)])

    def _links(self, reader: PartBuild) -> Iterator[PartBuild]:
        platform = str(reader.build.resolved.target_platform)
        for value in reader.part.build.options.contexts.values():
            results = self._results.get(value.removeprefix(LINK), {}) if value.startswith(LINK) else {}
            if results:
                yield results.get(platform, next(iter(results.values())))

    @cached_property
    def _results(self) -> Mapping[str, Mapping[str, PartBuild]]:
        results: dict[str, dict[str, PartBuild]] = {}
        for one in self.builds:
            for name in one.build.names:
                results.setdefault(name, {})[str(one.build.resolved.target_platform)] = one
        return results


def build_of_target(request: Request) -> Build | None:
    """The build of the Dockerfile of the only target that is asked for; None for several, or a remote one."""
    names = {one.name for one in request.bake_targets if not one.linked}
    own = [one for one in request.builds if names & {*one.build.names}]
    if len({one.node for one in own}) != 1:
        return None
    builds = tuple(one.build for one in own)
    stage = builds[0].resolved.sources[builds[0].resolved.target]
    platforms = tuple(str(one.resolved.target_platform) for one in builds)
    build = own[0].part.build
    options = replace(build.options, target=stage.name or None, platforms=platforms)
    return Build(file=build.file, options=options, target_builds=builds)


def request_of(build: Build) -> Request:
    """The request that builds one Dockerfile."""
    return Request(name=build.source.name, parts=(Part(build=build),))


def _add_remote(graph: StageGraph, targets: Iterable[BakeTarget]) -> None:
    for one in targets:
        kind = NodeKind.REMOTE.value
        graph.add_node(one.node, kind=kind, label=printable(one.name), needed=False, runs=True)


def _add_remote_steps(steps: StepList, targets: Sequence[BakeTarget], *, several: bool) -> None:
    """One step for each target whose Dockerfile is not here, and its result."""
    for one in targets:
        name = f"[{one.name} internal] load {one.context}" if several else f"[internal] load {one.context}"
        step = RawStep(
            name=name, kind=StepKind.SOURCE, span=None, inputs=(), work=("remote", one.node), source=one.node
        )
        position = steps.add(step.work, step, None)
        steps.results[one.name] = {"": position}
        result = RawStep(
            name="", kind=StepKind.RESULT, span=None, inputs=(position,), work=("result",), onto=position
        )
        steps.add(("result", one.node), result, None)
