"""Puts the bytes of an image, and of BuildKit's cache, on the nodes and edges of a report."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.errors import InputError
from stagegraph.graph.build import Build, build_of_file
from stagegraph.graph.report import analyse
from stagegraph.model import Edge, EdgeKind, Node, NodeKind, Report, Shipped, StepKind, stage_id
from stagegraph.records.record import Tick
from stagegraph.sizes.image import Image, read_image
from stagegraph.sizes.left_behind import left_behind
from stagegraph.sizes.lines import inherited_stages, origins
from stagegraph.sizes.sizes import Sizes, sizes_of
from stagegraph.sizes.usage import Usage, read_usage_file, usage_of
from stagegraph.source import printable

_COPIES = (EdgeKind.COPY, EdgeKind.ADD)


class _Bytes(Struct, frozen=True, kw_only=True):
    """What is known of the bytes of one build."""

    target: str  # Node.id
    image: int | None  # bytes in the image of the target
    base: int | None  # of these, from its base image
    by_line: Mapping[tuple[str, int], int]  # in the image, by stage and line
    chain: tuple[str, ...]  # the stages whose layers are in the image, the lowest first
    by_node: Mapping[str, int]  # in the cache, of nodes of which every step is known
    by_step: Mapping[tuple[str, int], int]  # in the cache, of file steps, by stage and line
    left: Mapping[str, int | None]  # in the cache, by Node.id


def weighed(report: Report, build: Build, sizes: Sizes | None, usage: Usage | None) -> Report:
    """``report`` of ``build`` with the bytes that ``sizes`` and ``usage`` know."""
    known = _known(report, build, sizes, usage)
    base = next((edge.source for edge in report.edges if _is_base(edge, known)), "")
    nodes = {
        node.id: replace(node, bytes=known.base if node.id == base else _of_node(node, known))
        for node in report.nodes
    }
    return replace(
        report,
        nodes=tuple(nodes.values()),
        edges=tuple(replace(edge, bytes=_of_edge(edge, nodes, known)) for edge in report.edges),
        shipped=tuple(_shipped(report, known)),
        left_behind=tuple(replace(one, bytes=known.left.get(one.node)) for one in report.left_behind),
    )


def weighed_from_files(build: Build, image: str, usage: str, tick: Tick) -> Report:
    """The report of ``build`` with the bytes of the archive ``image`` and of the list ``usage``, if given.

    Raises InputError for files that cannot be read, and if the build did not make the image.
    """
    records = read_usage_file(usage) if usage else ()
    sizes = None
    if image:
        platform = build.options.platforms[0] if build.options.platforms else ""
        archive = read_image(image, tick, platform=platform)
        if archive.platform not in build.options.all_platforms:
            build = build_of_file(build.file, replace(build.options, platforms=(archive.platform,)))
        _check_made(archive, build)
        sizes = sizes_of(archive, build)
    return weighed(analyse(build), build, sizes, usage_of(build, records) if records else None)


def _check_made(image: Image, build: Build) -> None:
    """Raise InputError, where they differ, unless ``build`` made ``image``."""
    made = origins(image.history, len(image.layers), build.target_builds[0])
    if made.disagreement:
        message = f"this Dockerfile did not make the image: {made.disagreement}"
        hint = "use the Dockerfile and the options that built the image"
        raise InputError(printable(message), source=build.source, span=made.span, hint=hint)


def _known(report: Report, build: Build, sizes: Sizes | None, usage: Usage | None) -> _Bytes:
    by_line: Counter[tuple[str, int]] = Counter()
    base = 0
    for layer in sizes.layers if sizes else ():
        if layer.line is None or layer.node is None:
            base += layer.in_image
        else:
            by_line[layer.node, layer.line] += layer.in_image
    by_node, by_step = _cached(build, usage) if usage else ({}, {})
    return _Bytes(
        target=report.targets[0],
        image=sizes.in_image if sizes else None,
        base=base if sizes else None,
        by_line=dict(by_line),
        chain=tuple(stage_id(one.index) for one in inherited_stages(build.target_builds[0])),
        by_node=by_node,
        by_step=by_step,
        left={one.node: one.bytes for one in left_behind(build, report, usage)} if usage else {},
    )


def _cached(build: Build, usage: Usage) -> tuple[dict[str, int], dict[tuple[str, int], int]]:
    """The bytes in the cache of nodes and of file steps; only those of which all is known."""
    own: dict[str, list[int | None]] = defaultdict(list)
    by_step: dict[tuple[str, int], int] = {}
    for position, step in enumerate(build.steps):
        known = usage.steps.get(position)
        if step.kind is not StepKind.RESULT and step.node:
            own[step.node].append(known)
        if step.kind is StepKind.FILE and step.span and known is not None:
            for stage in step.stages:
                by_step[stage_id(stage), step.span.line] = known
    by_node = {node: sum(filter(None, found)) for node, found in own.items() if None not in found}
    return by_node, by_step


def _of_node(node: Node, known: _Bytes) -> int | None:
    if not node.needed:
        return None
    if node.id == known.target:
        return known.image
    return known.by_node.get(node.id)


def _is_base(edge: Edge, known: _Bytes) -> bool:
    """Whether the image of the target stands on the source of ``edge``."""
    return known.base is not None and edge.kind is EdgeKind.FROM and known.chain[:1] == (edge.target,)


def _of_edge(edge: Edge, nodes: Mapping[str, Node], known: _Bytes) -> int | None:
    if not edge.needed or edge.onbuild:
        return None
    if edge.kind is EdgeKind.FROM:
        return _of_base(edge, nodes, known)
    if edge.kind not in _COPIES:
        return None
    if edge.target in known.chain and known.image is not None:
        return known.by_line.get((edge.target, edge.line))
    return known.by_step.get((edge.target, edge.line))


def _of_base(edge: Edge, nodes: Mapping[str, Node], known: _Bytes) -> int | None:
    """The bytes that a stage gets from its base: those of its layers and of what is below it."""
    if nodes[edge.source].kind is not NodeKind.STAGE:
        return nodes[edge.source].bytes
    if edge.target not in known.chain or edge.source not in known.chain or known.base is None:
        return None
    below = known.chain[: known.chain.index(edge.source) + 1]
    return known.base + sum(size for (stage, _), size in known.by_line.items() if stage in below)


def _shipped(report: Report, known: _Bytes) -> list[Shipped]:
    """What ships with its bytes: of a path only if it is all that its instruction copies."""
    paths = Counter(one.line for one in report.shipped if one.kind == "path")
    weighed_items = []
    for one in report.shipped:
        found = None
        if one.kind == "base image":
            found = known.base
        elif one.kind == "stage":
            own = [size for (stage, _), size in known.by_line.items() if stage == one.node]
            found = sum(own) if known.image is not None else None
        elif one.line is not None and paths[one.line] == 1 and not one.via:
            found = next((size for (_, line), size in known.by_line.items() if line == one.line), None)
        weighed_items.append(replace(one, bytes=found))
    return weighed_items
