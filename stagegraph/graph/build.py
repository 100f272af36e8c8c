"""A Dockerfile with its options, resolved: what the graphs and the analysis are made from."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from stagegraph.dockerfile.actions import StageActions
from stagegraph.dockerfile.evaluate import evaluate
from stagegraph.dockerfile.file import Dockerfile, read_dockerfile
from stagegraph.dockerfile.stages import Resolved, resolve
from stagegraph.options import Options
from stagegraph.source import Source

if TYPE_CHECKING:
    import networkx

    from stagegraph.graph.stage_graph import Outline


class TargetBuild(Struct, frozen=True, kw_only=True, dict=True):
    """The build for one target and one platform; ``several`` when it is one of several platforms."""

    resolved: Resolved
    several: bool

    @cached_property
    def actions(self) -> tuple[StageActions, ...]:
        """What the instructions do, place by place; carried out when it is first asked for."""
        return evaluate(self.resolved, platform_in_names=self.several)


class Build(Struct, frozen=True, kw_only=True, dict=True):
    """What BuildKit would build: one variant for every target on every platform asked for."""

    file: Dockerfile
    options: Options
    target_builds: tuple[TargetBuild, ...]

    @property
    def source(self) -> Source:
        """The text that was read."""
        return self.file.source

    @cached_property
    def outline(self) -> Outline:
        """The nodes and edges of the whole graph as plain values, without networkx."""
        from stagegraph.graph.stage_graph import outline_of

        return outline_of(self)

    @cached_property
    def whole_graph(self) -> networkx.DiGraph[str]:
        """The graph of every stage and source, needed or not; see ``stagegraph.graph.stage_graph``."""
        from stagegraph.graph.stage_graph import stage_graph

        return stage_graph(self)

    def graph(self, *, prune: bool = True) -> networkx.DiGraph[str]:
        """A copy of the stage graph, pruned to what the targets need unless told otherwise.

        Nodes are ids such as ``stage:0`` and ``image:docker.io/library/node:16``; edges run from
        what is read to the stage that reads it. Attributes: see docs/library.md.
        """
        from stagegraph.graph.stage_graph import stage_graph

        return stage_graph(self, prune=True) if prune else self.whole_graph.copy()

    def step_graph(self) -> networkx.DiGraph[int]:
        """The DAG of the steps that BuildKit schedules for the targets; nodes are positions."""
        from stagegraph.graph.stage_graph import step_graph

        return step_graph(self)

    @property
    def targets(self) -> tuple[str, ...]:
        """The node ids of the targets."""
        return tuple(dict.fromkeys(f"stage:{v.resolved.target}" for v in self.target_builds))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from stagegraph.graph.report import analyse

        return analyse(self)._repr_mimebundle_(include, exclude)

    def _repr_svg_(self) -> str:
        from stagegraph.graph.report import analyse

        return analyse(self)._repr_svg_()


def build_of(source: Source, options: Options) -> Build:
    """Read ``source`` and resolve it for ``options``.

    Raises DockerfileError for what BuildKit refuses before it builds, OptionsError for options.
    """
    return build_of_file(read_dockerfile(source), options)


def build_of_file(file: Dockerfile, options: Options) -> Build:
    """Resolve ``file`` for ``options``; raises what ``build_of`` raises."""
    several = len(options.all_platforms) > 1
    target_builds = []
    for platform in options.all_platforms:
        for target in options.all_targets or ("",):
            resolved = resolve(file, options, target, platform)
            target_builds.append(TargetBuild(resolved=resolved, several=several))
    return Build(file=file, options=options, target_builds=tuple(target_builds))
