"""The bake targets of a report as its only nodes, with the images and stages that several of them share.

The stages of a target are contracted into it, unless its Dockerfile is opened. What leads to several targets
remains a node; of a chain of such stages, the last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from stagegraph.model import BakeTarget, Edge, EdgeKind, Node, NodeKind, Rebuild, Report, Role
from stagegraph.picture.view import View
from stagegraph.units import counted

FEWEST_TARGETS = 6  # from which on only targets are drawn
_PREFIX = f"{NodeKind.BAKE_TARGET}:"
_STATUSES = ("runs again", "may run again", "cached")
_LEFT_OUT = (NodeKind.CONTEXT, NodeKind.REMOTE)


def at_detail(report: Report, view: View) -> Report:
    """``report``, or its targets alone if ``view`` asks for these, or there are many and it does not."""
    if view.detail == "stages" or not report.bake_targets or view.steps:
        return report
    if any(node.kind is NodeKind.BAKE_TARGET for node in report.nodes):
        return report
    if view.detail != "targets" and len(report.bake_targets) < FEWEST_TARGETS:
        return report
    if set(parts_of(report)) <= set(view.opened):
        return report
    drawn = only_targets(report, view.opened)
    return _near(drawn, view.opened) if view.near else drawn


def _near(drawn: Report, opened: Collection[str]) -> Report:
    """``drawn`` without what has no edge to a stage of the parts that are ``opened``; a note counts it."""
    inside = {node.id for node in drawn.nodes if node.index is not None and node.part in opened}
    ends = ((edge.source, edge.target) for edge in drawn.edges)
    near = inside.union(*(pair for pair in ends if not inside.isdisjoint(pair)))
    left_out = sum(node.kind is NodeKind.BAKE_TARGET and node.id not in near for node in drawn.nodes)
    verb = "is" if left_out == 1 else "are"
    note = (
        f"{counted(left_out, 'target')} without an edge to the open one {verb} left out; close it to draw all"
    )
    return replace(
        drawn,
        nodes=tuple(node for node in drawn.nodes if node.id in near),
        targets=tuple(target for target in drawn.targets if target in near),
        edges=tuple(edge for edge in drawn.edges if {edge.source, edge.target} <= near),
        bake_targets=tuple(target for target in drawn.bake_targets if target.node in near),
        shipped=tuple(item for item in drawn.shipped if {item.target, item.node} <= near),
        notes=(*drawn.notes, note) if left_out else drawn.notes,
    )


def parts_of(report: Report) -> tuple[str, ...]:
    """The parts of ``report`` that can be opened: ``Node.part`` of its stages; of one Dockerfile ("",)."""
    return tuple(dict.fromkeys(node.part for node in report.nodes if node.index is not None))


def has_stages_of_targets(report: Report, view: View) -> bool:
    """Whether ``view`` shows the stages of bake targets, and these can be left out of a smaller picture."""
    is_closed = any(node.kind is NodeKind.BAKE_TARGET for node in report.nodes)
    return bool(report.bake_targets) and not is_closed and view.detail == "auto"


def only_targets(report: Report, opened: Collection[str] = ()) -> Report:
    """``report``, which has bake targets, with these as nodes, and without what only its stages have.

    The stages of the parts that are ``opened`` remain, with all that they read.
    """
    closing = _closing(report, opened)
    names, kept = closing.names, closing.kept
    ids = _ids(names)
    nodes = [
        _target(report, node, own, kept) if own else report.node(node)
        for node in kept.nodes
        for own in [names.get(node, ())]
    ]
    drawn = [replace(node, id=ids.get(node.id, node.id)) for node in nodes]
    drawn.sort(key=lambda node: node.kind is not NodeKind.BAKE_TARGET)
    return replace(
        report,
        nodes=tuple(drawn),
        targets=tuple(ids.get(target, target) for target in report.targets),
        edges=tuple(_strongest(list(_edges(report, closing, ids)))),
        steps=(),
        critical_path=(),
        shipped=tuple(
            replace(item, target=ids.get(item.target, item.target), node=ids.get(item.node, item.node))
            for item in report.shipped
            if item.node in kept.ends and item.node in kept.nodes
        ),
        left_behind=(),
        findings=(),
    )


def closed_in(report: Report, opened: Collection[str]) -> dict[str, str]:
    """The target, by its id in ``only_targets(report, opened)``, that each contracted node is drawn in."""
    closing = _closing(report, opened)
    ids = _ids(closing.names)
    homes = {node.id: closing.kept.of(node.id) for node in report.nodes}
    single = {node: min(home) for node, home in homes.items() if len(home) == 1}
    return {node: ids[home] for node, home in single.items() if home in ids}


class _Closing(Struct, frozen=True):
    """What becomes of each node of a report whose targets are closed, but for ``inside`` of opened parts."""

    names: dict[str, tuple[str, ...]]  # of the closed targets, by the node of their image
    inside: frozenset[str]
    kept: _Kept


def _closing(report: Report, opened: Collection[str]) -> _Closing:
    inside = frozenset(node.id for node in report.nodes if node.index is not None and node.part in opened)
    names = {node: own for node, own in _names(report.bake_targets).items() if node not in inside}
    return _Closing(names, inside, _kept(report, names, inside))


def _ids(names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {node: f"{_PREFIX}{', '.join(own)}" for node, own in names.items()}


def _names(targets: Sequence[BakeTarget]) -> dict[str, tuple[str, ...]]:
    """The names of the targets whose image is a node; equal builds have one."""
    names: dict[str, tuple[str, ...]] = {}
    for target in targets:
        names[target.node] = (*names.get(target.node, ()), target.name)
    return names


def _readers(report: Report, names: Mapping[str, object], inside: Collection[str]) -> dict[str, list[Edge]]:
    """The edges out of each node that is needed, or ``inside`` an opened part, or read there."""
    readers: dict[str, list[Edge]] = {
        node.id: [] for node in report.nodes if node.needed or node.id in names or node.id in inside
    }
    for edge in report.edges:
        if edge.kind is EdgeKind.TAG:
            continue
        if edge.target in inside or (not edge.selectable and edge.target in readers):
            readers.setdefault(edge.source, []).append(edge)
    return readers


class TargetEdge(Edge, frozen=True, kw_only=True):
    """An edge between bake targets; ``inner`` if a stage reads it whose layers are not in the image."""

    inner: bool = False


def is_inner(edge: Edge) -> bool:
    """Whether ``edge`` is between bake targets and leads to a stage whose layers are not in the image."""
    return isinstance(edge, TargetEdge) and edge.inner


class _Kept(Struct):
    """The nodes that remain, and for each node of the report those that it leads to first."""

    nodes: dict[str, None] = field(default_factory=dict)
    ends: dict[str, frozenset[str]] = field(default_factory=dict)

    def of(self, node: str) -> frozenset[str]:
        """What a reader of ``node`` leads to: itself, or where it was contracted."""
        return frozenset((node,)) if node in self.nodes else self.ends.get(node, frozenset())

    def is_in(self, node: str, other: str) -> bool:
        """Whether ``node`` was contracted into ``other``."""
        return node not in self.nodes and self.ends.get(node) == frozenset((other,))


def _kept(report: Report, names: Mapping[str, object], inside: Collection[str]) -> _Kept:
    readers = _readers(report, names, inside)
    tagged = {edge.target for edge in report.edges if edge.kind is EdgeKind.TAG}
    kept = _Kept(nodes=dict.fromkeys((*names, *(node.id for node in report.nodes if node.id in inside))))
    for node in reversed(_inputs_first(readers)):
        ends = frozenset().union(*(kept.of(edge.target) for edge in readers[node]))
        kept.ends[node] = ends
        shared = len(ends) > 1 and report.node(node).kind not in _LEFT_OUT and node not in tagged
        if shared or any(edge.target in inside for edge in readers[node]):
            kept.nodes.setdefault(node)
    return kept


def _inputs_first(readers: Mapping[str, Sequence[Edge]]) -> list[str]:
    """The nodes, each after what it reads; of a cycle, which fails to build, in any order."""
    import networkx

    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_nodes_from(readers)
    graph.add_edges_from((source, edge.target) for source, edges in readers.items() for edge in edges)
    if networkx.is_directed_acyclic_graph(graph):
        return list(networkx.topological_sort(graph))
    components = networkx.condensation(graph)
    return [
        node
        for component in networkx.topological_sort(components)
        for node in sorted(components.nodes[component]["members"])
    ]


def _target(report: Report, node: str, names: Sequence[str], kept: _Kept) -> Node:
    """The node of the targets ``names``, whose image is the stage ``node``."""
    own = [one for one in report.nodes if one.id == node or kept.is_in(one.id, node)]
    stages = [one for one in own if one.kind is NodeKind.STAGE]
    image = report.node(node)
    target = next(one for one in report.bake_targets if one.node == node)
    bases = [one.label for one in own if one.kind is NodeKind.IMAGE and one.role is Role.INHERITED]
    return Node(
        id=node,
        kind=NodeKind.BAKE_TARGET,
        label=", ".join(names),
        role=image.role,
        reach=image.reach,
        line=image.line,
        base=bases[0] if len(bases) == 1 else "",
        platform=", ".join(target.platforms),
        description=", ".join(filter(None, (target.dockerfile or target.context, *target.tags))),
        steps=sum(one.steps for one in stages),
        level=min((one.level for one in stages if one.level is not None), default=image.level),
        finish=image.finish,
        slack=image.slack,
        critical=any(one.critical for one in own),
        measured=image.measured,
        rebuild=_rebuild(stages),
        dockerfile=target.dockerfile,
        bake_targets=tuple(names),
    )


def _rebuild(stages: Sequence[Node]) -> Rebuild | None:
    """What a change does to the stages of a target: to the one that it reaches most."""
    known = [one.rebuild for one in stages if one.rebuild]
    return min(known, key=lambda one: _STATUSES.index(one.status), default=None)


def _edges(report: Report, closing: _Closing, ids: Mapping[str, str]) -> Iterator[Edge]:
    kept = closing.kept
    inherits = _inherits(report, kept)
    for edge in report.edges:
        if edge.target in closing.inside and edge.kind is not EdgeKind.TAG:
            yield replace(edge, source=ids.get(edge.source, edge.source))
        elif edge.selectable:
            continue
        elif edge.kind is EdgeKind.TAG:
            for reader in sorted(kept.of(edge.target) - {edge.source}):
                source = ids.get(edge.source, edge.source)
                yield replace(edge, source=source, target=ids.get(reader, reader))
        elif edge.source in kept.nodes and report.node(edge.source).kind not in _LEFT_OUT:
            for end in sorted(kept.of(edge.target) - {edge.source}):
                inner = edge.target != end and (edge.target, end) not in inherits
                ends = {"source": ids.get(edge.source, edge.source), "target": ids.get(end, end)}
                yield TargetEdge(**{**asdict(edge), **ends}, inner=inner)


def _strongest(edges: Sequence[Edge]) -> Iterator[Edge]:
    """``edges`` without the inner ones between two nodes of which one also has something in its image."""
    outer = {(edge.source, edge.target) for edge in edges if not is_inner(edge)}
    return (edge for edge in edges if not is_inner(edge) or (edge.source, edge.target) not in outer)


def _inherits(report: Report, kept: _Kept) -> set[tuple[str, str]]:
    """The pairs of a stage and the node it was contracted into that has its layers, by FROM."""
    bases = {edge.target: edge.source for edge in report.edges if edge.kind is EdgeKind.FROM and edge.needed}
    pairs = set()
    for end in kept.nodes:
        stage = bases.get(end)
        while stage is not None and stage not in kept.nodes and (stage, end) not in pairs:
            pairs.add((stage, end))
            stage = bases.get(stage)
    return pairs
