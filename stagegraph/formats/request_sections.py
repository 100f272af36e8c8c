"""The sections about the targets of a bake or compose file together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from stagegraph.formats.section import Row, Section, located
from stagegraph.model import BakeTarget, EdgeKind, Node, NodeKind, Report, StepKind
from stagegraph.picture.detail import only_targets
from stagegraph.picture.short_names import cut
from stagegraph.source import printable
from stagegraph.units import counted

_MOST_NAMES = 8
_MOST_STEPS = 12  # rows


def request_sections(report: Report) -> Iterator[Section]:
    """The targets and what they wait for, images of each other by tag, and what several images share."""
    if not report.bake_targets:
        return
    waits_of = waits(report)
    rows = (_target(target, waits_of.get(target.name, {})) for target in report.bake_targets)
    yield Section(heading="Targets", rows=tuple(rows))
    yield Section(heading="By tag", rows=tuple(_by_tag(report)))
    yield Section(heading="Shared by several images", rows=tuple(_shared(report)))
    yield Section(heading="Steps that several targets share", rows=tuple(_shared_steps(report)))


def names_of(report: Report, nodes: Iterable[str]) -> list[str]:
    """The bake targets whose image is one of ``nodes``, by name."""
    wanted = frozenset(nodes)
    return [target.name for target in report.bake_targets if target.node in wanted]


def listed(names: Iterable[str]) -> str:
    """``names`` with commas; of many the first ones, and how many more."""
    every = list(names)
    more = f" and {len(every) - _MOST_NAMES} more" if len(every) > _MOST_NAMES else ""
    return ", ".join(every[:_MOST_NAMES]) + more


def waits(report: Report) -> dict[str, dict[str, None]]:
    """For each target the targets whose results its build reads first, in order of their names."""
    targets = only_targets(report)
    found: dict[str, dict[str, None]] = {}
    for edge in targets.edges:
        source, reader = targets.node(edge.source), targets.node(edge.target)
        if edge.kind is not EdgeKind.TAG and NodeKind.BAKE_TARGET is source.kind is reader.kind:
            for name in reader.bake_targets:
                found.setdefault(name, {}).update(dict.fromkeys(source.bake_targets))
    return found


def _target(target: BakeTarget, first: Mapping[str, None]) -> Row:
    parts = [
        target.dockerfile or target.context,
        ", ".join(target.tags),
        ", ".join(target.platforms),
        f"waits for {listed(first)}" if first else "",
        "built only because another target reads it" if target.linked else "",
    ]
    return Row(
        what=printable(target.name),
        detail=printable("; ".join(filter(None, parts))),
        key=f"node:{target.node}",
    )


def _by_tag(report: Report) -> Iterator[Row]:
    for edge in report.edges:
        if edge.kind is EdgeKind.TAG:
            makers = listed(names_of(report, [edge.source]))
            readers = listed(readers_of(report, edge.target))
            detail = f"{readers} reads what {makers} tags; BuildKit does not wait, so build {makers} first"
            yield Row(
                what=printable(", ".join(edge.paths)), detail=printable(detail), key=f"node:{edge.target}"
            )


def readers_of(report: Report, image: str) -> list[str]:
    """The bake targets that have a stage that reads ``image`` directly."""
    readers = [report.node(edge.target) for edge in report.edges if edge.source == image]
    names = dict.fromkeys(name for node in readers for name in node.bake_targets)
    return sorted(names)


def _shared(report: Report) -> Iterator[Row]:
    """The base images and stages whose layers several images have."""
    images: dict[str, dict[str, None]] = {}
    for item in report.shipped:
        if item.kind != "path":
            images.setdefault(item.node, {})[item.target] = None
    for node, targets in images.items():
        names = names_of(report, targets)
        if len(names) > 1:
            own = report.node(node)
            detail = f"{_kind(own)} of {counted(len(names), 'image')}: {listed(names)}"
            yield Row(what=printable(own.label), detail=printable(detail), key=f"node:{node}")


def _kind(node: Node) -> str:
    return "stage" if node.kind is NodeKind.STAGE else "base image"


def _shared_steps(report: Report) -> Iterator[Row]:
    """The steps that are equal in several Dockerfiles, so that BuildKit runs them once."""
    shared = []
    for step in report.steps:
        stages = [report.nodes[stage] for stage in step.stages]
        if step.kind is not StepKind.RESULT and len({stage.part for stage in stages}) > 1:
            names = sorted({name for stage in stages for name in stage.bake_targets})
            where = located(step.line, stages[0].dockerfile)
            detail = f"runs once for {listed(names)}, {where}"
            shared.append(Row(what=cut(step.name, 72), detail=printable(detail), key=f"step:{step.id}"))
    yield from shared[:_MOST_STEPS]
    if len(shared) > _MOST_STEPS:
        yield Row(what=f"and {counted(len(shared) - _MOST_STEPS, 'more step')}")
