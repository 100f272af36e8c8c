"""Leaves nodes of a report out or draws several as one, as far as a ``Detail`` asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from msgspec.structs import replace

from stagegraph.model import BUILT, Edge, Node, NodeKind, Reach, Report, Role
from stagegraph.picture.alike import alike, with_same_readers
from stagegraph.picture.alternatives import shared_condition
from stagegraph.picture.chains import chains, tributaries
from stagegraph.picture.legibility import MOST_NAMED, Detail
from stagegraph.picture.listed_sources import (
    ListedSource,
    listed_bases,
    listed_sources,
    listing_notes,
    sources_to_list,
    without,
)
from stagegraph.picture.short_names import few_names, names_line, short, short_names
from stagegraph.picture.shorten import pattern
from stagegraph.picture.view import View

CHOICES = "group:choices"  # the id of the box of what other arguments and platforms choose
SHOWS_ALL = "--all draws everything"
_KINDS = {NodeKind.BAKE_TARGET: "target", NodeKind.REMOTE: "download", NodeKind.NAMED_CONTEXT: "context"}
_TELLING = 3  # letters; a longer common part of names says what they are
_MOST_LISTED = 3  # lines of sources in a box of several stages
_NAMES = 44  # characters of a line of names


class Folded(NamedTuple):
    """What to draw; ``bases`` and ``inside`` are the sources listed inside stages, by stage id."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    notes: tuple[str, ...]
    bases: Mapping[str, str] = MappingProxyType({})  # the image that a stage is FROM
    inside: Mapping[str, tuple[ListedSource, ...]] = MappingProxyType({})  # what else a stage reads
    members: Mapping[str, tuple[str, ...]] = MappingProxyType({})  # ids that a node stands for
    names: Mapping[str, str] = MappingProxyType({})  # of the members, in one line
    left_out: tuple[str, ...] = ()  # labels of the stages that are not drawn
    less: bool = False  # whether more could be drawn of what the view asks for


class Group(NamedTuple):
    """Nodes that are drawn as one."""

    members: tuple[Node, ...]
    node: Node  # how they are drawn
    names: str  # the line below its name


def folded(report: Report, view: View, detail: Detail) -> Folded:
    """What to draw of ``report``: without what the view leaves out, and folded as ``detail`` says."""
    kept = _without_unneeded(report, view, detail)
    if view.steps:
        return kept
    if not detail.choices:
        kept = _choices_as_one(kept)
    kept = _listed(kept)
    if not detail.sources:
        kept = _without_sources(kept)
    return _grouped(kept, view, detail)


def _grouped(kept: Folded, view: View, detail: Detail) -> Folded:
    """``kept`` with several nodes drawn as one, as far as ``detail`` asks for."""
    alone = {node.id for node in kept.nodes if _matters(node, view)}
    if detail.alike:
        named = alone if detail.targets else {node.id for node in kept.nodes if _is_named(node, view)}
        same = alike(kept.nodes, kept.edges, _texts(kept), named)
        kept = _as_one(kept, map(_siblings, same), "similar nodes are grouped into")
        alone = {node.id for node in kept.nodes if _matters(node, view)}
    if detail.chains:
        ends = {node.id for node in kept.nodes if node.role is Role.TARGET or node.id == CHOICES}
        rows = chains(kept.nodes, kept.edges, ends)
        kept = _as_one(kept, map(_row, rows), "stages in a row are drawn as")
    if detail.readers:
        same = with_same_readers(kept.nodes, kept.edges, alone)
        kept = _as_one(kept, map(_siblings, same), "stages with the same readers are drawn as")
    if detail.tributaries:
        trees = tributaries(kept.nodes, kept.edges, alone)
        kept = _as_one(
            kept, [_tributary(kept, tree) for tree in trees], "stages that lead to one stage are drawn as"
        )
    return kept


def _matters(node: Node, view: View) -> bool:
    """Whether the name of ``node`` must be in the picture: a target, or on a critical path that is marked."""
    return node.role is Role.TARGET or (view.critical_path and node.critical) or node.id == CHOICES


def _is_named(node: Node, view: View) -> bool:
    """Whether the name of ``node`` must be in a picture that draws similar bake targets as one box."""
    return _matters(node, view) and (not node.bake_targets or (view.critical_path and node.critical))


def between(nodes: Sequence[Node], edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """The edges that have both ends among ``nodes``."""
    drawn = {node.id for node in nodes}
    return tuple(edge for edge in edges if edge.source in drawn and edge.target in drawn)


def _without_unneeded(report: Report, view: View, detail: Detail) -> Folded:
    """All nodes, without those that the view or ``detail`` leaves out because they are not needed."""
    if not view.prune and detail.unneeded:
        return Folded(nodes=report.nodes, edges=report.edges, notes=())
    nodes = tuple(
        node for node in report.nodes if node.needed or (node.reach is Reach.SELECTABLE and not view.prune)
    )
    drawn = {node.id for node in nodes}
    gone = [node for node in report.nodes if node.id not in drawn]
    stages = tuple(node.label for node in gone if node.kind is NodeKind.STAGE)
    return Folded(
        nodes=nodes,
        edges=between(nodes, report.edges),
        notes=tuple(_left_out(gone, stages)),
        left_out=stages,
        less=bool(gone) and not view.prune,
    )


def _left_out(gone: Sequence[Node], stages: Sequence[str]) -> Iterator[str]:
    """The note on what is not drawn since it is not needed."""
    count, word = (len(stages), "stage") if stages else (len(gone), "node")
    if count:
        those, are = (f"{word}s that are", "are") if count > 1 else (f"{word} that is", "is")
        names = f": {few_names(stages, MOST_NAMED)}" if stages else ""
        yield f"{count} {those} not needed {are} left out{names}"


def _choices_as_one(kept: Folded) -> Folded:
    """What other arguments and platforms choose as one box; what leads to these is in it."""
    chosen = tuple(node for node in kept.nodes if node.reach is Reach.SELECTABLE)
    if len(chosen) < 2:
        return kept
    ids = {node.id for node in chosen}
    direct = {edge.source for edge in kept.edges if edge.selectable} & ids
    stages = [node.label for node in chosen if node.id in direct] or [node.label for node in chosen]
    box = replace(
        chosen[0],
        id=CHOICES,
        kind=NodeKind.STAGE,
        label=f"{len(stages)} other choice{'s' if len(stages) > 1 else ''}",
        **_of_several(chosen),
    )
    # nothing leads into the box: what leads into one of its stages may come from what another one leads to;
    # a stage that is drawn may be another choice, too
    edges = tuple(
        edge for edge in kept.edges if edge.target not in ids and (edge.source in ids or not edge.selectable)
    )
    note = "nodes that other arguments or platforms choose are drawn as"
    return _as_one(kept._replace(edges=edges), [Group(chosen, box, names_line(stages, _NAMES))], note)


def _listed(kept: Folded) -> Folded:
    """Sources with many edges listed inside the stages that use them."""
    gone = sources_to_list(kept.nodes, kept.edges)
    nodes, edges, moved = without(kept.nodes, kept.edges, gone)
    return kept._replace(
        nodes=nodes,
        edges=edges,
        bases=listed_bases(gone, moved),
        inside=listed_sources(gone, moved),
        notes=(*kept.notes, *listing_notes(gone)),
    )


def _without_sources(kept: Folded) -> Folded:
    """Only the stages, and the sources whose layers are in the image."""
    nodes = tuple(node for node in kept.nodes if node.kind in BUILT or node.role is Role.INHERITED)
    gone = len(kept.nodes) - len(nodes)
    if not gone:
        return kept
    note = f"{gone} image{'s' if gone > 1 else ''} or other sources are left out"
    return kept._replace(nodes=nodes, edges=between(nodes, kept.edges), notes=(*kept.notes, note), less=True)


def _texts(kept: Folded) -> dict[str, object]:
    """What the boxes of stages say beside their names, by id."""
    return {
        node.id: (
            kept.bases.get(node.id, ""),
            tuple(source.line.partition(": ")[0] for source in kept.inside.get(node.id, ())),
        )
        for node in kept.nodes
    }


def _as_one(kept: Folded, groups: Iterable[Group], what: str) -> Folded:
    """``kept`` with each group as one node, at the place of its first member."""
    made = list(groups)
    if not made:
        return kept
    first = {node.id: group.node for group in made for node in group.members}
    new = {group.node.id: group for group in made}
    nodes = tuple(dict.fromkeys(first.get(node.id, node).id for node in kept.nodes))
    by_id = {node.id: node for node in kept.nodes} | {name: group.node for name, group in new.items()}
    count = sum(len(kept.members.get(node.id, (node.id,))) for group in made for node in group.members)
    return kept._replace(
        nodes=tuple(by_id[name] for name in nodes),
        edges=tuple(_moved(kept.edges, {name: node.id for name, node in first.items()})),
        notes=(*kept.notes, f"{count} {what} {len(made)}"),
        inside={**kept.inside, **{name: _inside(kept, group) for name, group in new.items()}},
        members={**kept.members, **{name: _members(kept, group) for name, group in new.items()}},
        less=True,
        names={**kept.names, **{name: group.names for name, group in new.items()}},
    )


def _moved(edges: Iterable[Edge], drawn_as: Mapping[str, str]) -> Iterator[Edge]:
    """``edges`` between the nodes as they are drawn, without those inside one of them."""
    for edge in edges:
        source, target = drawn_as.get(edge.source, edge.source), drawn_as.get(edge.target, edge.target)
        if (source, target) == (edge.source, edge.target):
            yield edge
        elif source != target:
            yield replace(edge, source=source, target=target)


def _members(kept: Folded, group: Group) -> tuple[str, ...]:
    return tuple(name for node in group.members for name in kept.members.get(node.id, (node.id,)))


def _inside(kept: Folded, group: Group) -> tuple[ListedSource, ...]:
    """The sources of a group: of siblings side by side, else the first few."""
    rows = [kept.inside.get(node.id, ()) for node in group.members]
    titles = {tuple(source.line.partition(": ")[0] for source in row) for row in rows}
    if len(titles) == 1:
        return tuple(
            ListedSource(line=pattern([each.line for each in row]), full="; ".join(each.full for each in row))
            for row in zip(*rows, strict=True)
        )
    sources = list({source.line: source for row in rows for source in row}.values())
    if len(sources) <= _MOST_LISTED:
        return tuple(sources)
    rest = sources[_MOST_LISTED - 1 :]
    more = ListedSource(line=f"and {len(rest)} more sources", full="; ".join(each.full for each in rest))
    return (*sources[: _MOST_LISTED - 1], more)


def _of_several(nodes: Sequence[Node]) -> dict[str, Any]:
    """The fields of a node that stands for ``nodes``: what they do not share is not said."""
    return {
        "description": ", ".join(_described(node) for node in nodes),
        "critical": any(node.critical for node in nodes),
        "steps": 0,
        "line": None,
        "measured": None,
        "bytes": _total([node.bytes for node in nodes]),
        "base": _shared([node.base for node in nodes]),
        "platform": _shared([node.platform for node in nodes]),
        "why": _why(nodes),
    }


def _total(amounts: Sequence[int | None]) -> int | None:
    """The sum, or None if one of them is unknown."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if len(known) == len(amounts) else None


def _described(node: Node) -> str:
    """The name of a stage, or the names of the stages that it already stands for."""
    several = node.kind is NodeKind.STAGE and node.line is None
    return node.description if several and node.description else node.label


def _why(nodes: Sequence[Node]) -> str:
    """The condition that chooses the nodes; why they are not needed only if all of them share it."""
    reasons = [node.why for node in nodes]
    chosen = all(node.reach is Reach.SELECTABLE for node in nodes)
    return shared_condition(reasons) if chosen else _shared(reasons)


def _shared(texts: Sequence[str]) -> str:
    return texts[0] if len(set(texts)) == 1 else ""


def _siblings(nodes: tuple[Node, ...]) -> Group:
    """Siblings as one: "12 × service-…" where their names have a part in common, else "12 stages"."""
    labels = list(short_names((node.label for node in nodes), _NAMES).values())
    common = pattern(labels)
    tells = len(common) > _TELLING and not common.startswith(labels[0])
    label = (
        f"{len(nodes)} × {common}" if tells else f"{len(nodes)} {_KINDS.get(nodes[0].kind, nodes[0].kind)}s"
    )
    if nodes[0].reach is Reach.SELECTABLE:
        label = f"{len(nodes)} other choices"
    node = replace(nodes[0], label=label, **_of_several(nodes))
    return Group(nodes, node, names_line(labels, _NAMES))


def _row(nodes: tuple[Node, ...]) -> Group:
    """A chain as one: "first → … → last"."""
    ends = (short(node.label, 18) for node in (nodes[0], nodes[-1]))
    node = replace(nodes[0], label=" → … → ".join(ends), **_of_several(nodes))
    return Group(nodes, node, f"{len(nodes)} stages in a row")


def _tributary(kept: Folded, nodes: tuple[Node, ...]) -> Group:
    """A stage, or stages that are drawn as one, with the stages that only these need."""
    rest = [node.label for node in nodes[1:]]
    label, names = nodes[0].label, names_line([f"and {rest[0]}", *rest[1:]], _NAMES)
    if nodes[0].id in kept.names:
        more = sum(len(kept.members.get(node.id, (node.id,))) for node in nodes[1:])
        label, names = f"{label} and {more} more", kept.names[nodes[0].id]
    return Group(nodes, replace(nodes[0], label=label, **_of_several(nodes)), names)
