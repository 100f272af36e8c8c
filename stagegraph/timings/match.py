"""Matches every vertex of a record to the lines and stages of the Dockerfile that it is made from.

The provenance of the build matches exactly; without it the name of the vertex does, see ``candidates``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.dockerfile.stages import needs, reachable
from stagegraph.graph.build import Build
from stagegraph.options import Options
from stagegraph.records.record import Record, Vertex
from stagegraph.source import Source
from stagegraph.timings.candidates import Candidates, candidates_of
from stagegraph.timings.dockerfile_of_record import DockerfileOfRecord, dockerfile_of_record
from stagegraph.timings.step_names import VertexKind, vertex_kind


class Match(Struct, frozen=True, kw_only=True):
    """Where a vertex belongs: its kind, the lines it is made from, the stages that hold them."""

    kind: VertexKind
    lines: tuple[int, ...] = ()
    stages: tuple[int, ...] = ()
    how: str = ""  # "provenance", "name", "order"; "" if it is unmatched or has nothing to match

    @property
    def unknown(self) -> bool:
        """Whether it is a step of the Dockerfile that was not matched."""
        return self.kind is VertexKind.STEP and not self.how


class MatchedRecord(Struct, frozen=True, kw_only=True):
    """A record with its Dockerfile, and the match of each vertex by its digest."""

    record: Record
    dockerfile: DockerfileOfRecord
    matches: dict[str, Match]
    mismatch: str  # why record and Dockerfile do not belong together, or ""

    @property
    def build(self) -> Build | None:
        """The recorded build; None without a Dockerfile that can be resolved."""
        return self.dockerfile.builds[0] if self.dockerfile.builds else None

    @property
    def dependencies_known(self) -> bool:
        """Whether it is known what each vertex reads: from the record, else from its own Dockerfile."""
        return self.record.has_inputs or (bool(self.dockerfile.builds) and not self.mismatch)


def match_record(record: Record, source: Source | None, options: Options) -> MatchedRecord:
    """Match ``record`` to the Dockerfile that it holds, or to ``source``; see ``dockerfile_of_record``."""
    dockerfile = dockerfile_of_record(record, source, options)
    if dockerfile.source is None:
        kinds = {vertex.digest: Match(kind=vertex_kind(vertex.name)) for vertex in record.vertices}
        return MatchedRecord(record=record, dockerfile=dockerfile, matches=kinds, mismatch="")
    candidates = Candidates(c for build in dockerfile.builds for c in candidates_of(build))
    matches = {v.digest: _match(record, v, candidates, dockerfile) for v in record.vertices}
    if dockerfile.builds and not record.lines:
        matches = _with_equal_steps(record, matches, dockerfile)
    mismatch = _other_dockerfile(record, source)
    if dockerfile.builds and not mismatch:
        mismatch = _too_few_matches(record, matches, dockerfile.source)
    return MatchedRecord(record=record, dockerfile=dockerfile, matches=matches, mismatch=mismatch)


def _other_dockerfile(record: Record, source: Source | None) -> str:
    if not record.dockerfile or not source or record.dockerfile.text == source.text:
        return ""
    return (
        f"{source.name} differs from the Dockerfile of this build; "
        "line numbers are those of the Dockerfile in the record"
    )


def _too_few_matches(record: Record, matches: dict[str, Match], source: Source) -> str:
    steps = [match for match in matches.values() if match.kind is VertexKind.STEP]
    unknown = sum(match.unknown for match in steps)
    if unknown * 2 <= len(steps):
        return ""
    return (
        f"{record.source} does not seem to be a build of {source.name}: "
        f"{unknown} of {len(steps)} steps are not in the Dockerfile"
    )


def _match(record: Record, vertex: Vertex, candidates: Candidates, dockerfile: DockerfileOfRecord) -> Match:
    kind = vertex_kind(vertex.name)
    lines = record.lines.get(vertex.digest)
    if lines:
        stages = {dockerfile.stage_of_line[line] for line in lines if line in dockerfile.stage_of_line}
        return Match(
            kind=VertexKind.STEP,
            lines=tuple(sorted(lines)),
            stages=tuple(sorted(stages)),
            how="provenance",
        )
    if kind is not VertexKind.STEP:
        return Match(kind=kind)
    same, how = candidates.find(vertex.name)
    return Match(
        kind=kind,
        lines=tuple(sorted({candidate.line for candidate in same})),
        stages=tuple(sorted({candidate.stage for candidate in same if candidate.stage is not None})),
        how=how if same else "",
    )


def _with_equal_steps(
    record: Record, matches: dict[str, Match], dockerfile: DockerfileOfRecord
) -> dict[str, Match]:
    """``matches`` with the lines of equal steps in other stages that were built.

    BuildKit runs equal steps once, under one of their names.
    """
    index, stage_of_line = dockerfile.steps, dockerfile.stage_of_line
    built = _built_stages(dockerfile.builds, (stage for m in matches.values() for stage in m.stages))
    result = dict(matches)
    for vertex in record.vertices:
        match = matches[vertex.digest]
        if match.lines:
            steps = [index.steps[position] for position in index.find(vertex.name, match.lines)]
            spans = [span for step in steps for span in (step.span, *(other for _, other in step.others))]
            equal = {span.line for span in spans if span and stage_of_line.get(span.line) in built}
            lines = tuple(sorted({*match.lines, *equal}))
            stages = tuple(sorted({*match.stages, *(stage_of_line[line] for line in equal)}))
            result[vertex.digest] = replace(match, lines=lines, stages=stages)
    return result


def _built_stages(builds: Iterable[Build], seen: Iterable[int]) -> set[int]:
    """``seen`` and every stage that they read, directly or not, in any of ``builds``."""
    reads: dict[int, set[int]] = defaultdict(set)
    for build in builds:
        for target_build in build.target_builds:
            for source in target_build.resolved.sources:
                reads[source.index] |= needs(source)
    return reachable(seen, lambda stage: reads[stage])
