"""A Dockerfile with its options, resolved, and the graphs of it."""

from __future__ import annotations

from functools import cached_property

import networkx
from msgspec import Struct

from stagegraph.dockerfile.file import Dockerfile, check_frontend, read_dockerfile
from stagegraph.dockerfile.resolve import TargetResolver
from stagegraph.dockerfile.stages import BuiltImages
from stagegraph.graph.stage_graph import StageGraph, pruned, stage_graph
from stagegraph.graph.steps import RawStep, TargetBuild, raw_steps, step_graph, with_shared_actions
from stagegraph.model import stage_id
from stagegraph.options import Options
from stagegraph.source import Source


class Build(Struct, frozen=True, kw_only=True, dict=True):
    """What BuildKit would build: one target build for every target on every platform asked for."""

    file: Dockerfile
    options: Options
    target_builds: tuple[TargetBuild, ...]

    def __repr__(self) -> str:
        resolved = (one.resolved for one in self.target_builds)
        targets = ", ".join(dict.fromkeys(one.sources[one.target].title for one in resolved))
        return f"<Build of {self.source.name} for {targets}>"

    @property
    def source(self) -> Source:
        """The Dockerfile as it was read."""
        return self.file.source

    @property
    def targets(self) -> tuple[str, ...]:
        """The node ids of the targets."""
        return tuple(dict.fromkeys(stage_id(one.resolved.target) for one in self.target_builds))

    @property
    def images(self) -> BuiltImages:
        """The images of other builds that its named contexts can be."""
        return self.target_builds[0].resolved.images

    @property
    def questions(self) -> list[tuple[str, str]]:
        """Target and platform of each target build; the default target is empty unless it has a name."""
        resolved = (one.resolved for one in self.target_builds)
        return [(one.sources[one.target].name, str(one.target_platform)) for one in resolved]

    @cached_property
    def whole_graph(self) -> StageGraph:
        """The graph of every stage and source, needed or not; made once, do not change it.

        Attributes: see ``stagegraph.graph.stage_graph.stage_graph``.
        """
        return stage_graph([one.resolved for one in self.target_builds], self.targets)

    def graph(self, *, prune: bool = True) -> StageGraph:
        """A copy of the stage graph, pruned to what the targets need unless told otherwise.

        Nodes are ids such as ``stage:0`` and ``image:docker.io/library/node:16``; edges run from
        what is read to the stage that reads it. Attributes: see docs/library.md.
        """
        return pruned(self.whole_graph, self.targets) if prune else self.whole_graph.copy()

    @cached_property
    def steps(self) -> tuple[RawStep, ...]:
        """The steps that BuildKit schedules for the targets; made once."""
        return raw_steps(self.target_builds)

    def step_graph(self) -> networkx.DiGraph[int]:
        """The DAG of ``steps``; nodes are their positions."""
        return step_graph(self.steps)


def build_of(source: Source, options: Options) -> Build:
    """Read ``source`` and resolve it for ``options``.

    Raises DockerfileError for what BuildKit rejects before it builds, OptionsError for options.
    """
    check_frontend(source)
    return build_of_file(read_dockerfile(source), options)


def build_of_file(file: Dockerfile, options: Options) -> Build:
    """Resolve ``file`` for ``options``; raises as ``build_of``."""
    several, resolver = len(options.all_platforms) > 1, TargetResolver(file, options)
    target_builds = (
        TargetBuild(resolved=resolver.resolve(target, platform), several=several)
        for platform in options.all_platforms
        for target in options.all_targets or ("",)
    )
    return Build(file=file, options=options, target_builds=with_shared_actions(target_builds))
