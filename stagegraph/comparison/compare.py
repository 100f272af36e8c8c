"""Two builds compared: the nodes, the edges, and what targets need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from operator import or_

from stagegraph.comparison.bodies import Body, bodies, differences
from stagegraph.comparison.changes import (
    REMOVED_PREFIX,
    Change,
    Comparison,
    EdgeChange,
    NeededChange,
    NodeChange,
)
from stagegraph.comparison.matching import matched
from stagegraph.graph.build import Build
from stagegraph.graph.report import analyse
from stagegraph.model import Edge, EdgeKind, Node, NodeKind, Report


def needed_changes(before: Report, after: Report, pairs: Mapping[str, str]) -> tuple[NeededChange, ...]:
    """The targets whose needed nodes differ, those that were asked for first.

    Sets of nodes are integers with a bit for each node, so that thousands of stages stay cheap.
    """
    old_names = {node.id: pairs.get(node.id, f"{REMOVED_PREFIX}{node.id}") for node in before.nodes}
    names = list(dict.fromkeys([node.id for node in after.nodes] + list(old_names.values())))
    bits = {name: 1 << position for position, name in enumerate(names)}
    old_labels = {node.id: node.label for node in before.nodes}
    labels = {old_names[node]: label for node, label in old_labels.items()}
    labels |= {node.id: node.label for node in after.nodes}
    old = _needs(before, {node: bits[name] for node, name in old_names.items()})
    new = _needs(after, {node.id: bits[node.id] for node in after.nodes})
    found = []
    for one, two in _targets(before, after, pairs):
        gone, come = old[one] & ~new[two], new[two] & ~old[one]
        # the stages themselves are no news, and a target that was replaced is in neither list
        own = bits[old_names[one]] | bits[two]
        if (gone | come) & ~own:
            found.append(
                NeededChange(
                    old=old_labels[one],
                    new=labels[two],
                    asked=two in after.targets,
                    removed=tuple(labels[name] for name in _names(gone & ~own, names)),
                    added=tuple(labels[name] for name in _names(come & ~own, names)),
                )
            )
    return tuple(sorted(found, key=lambda change: not change.asked))


def _targets(before: Report, after: Report, pairs: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The stages that both have, and the target that was asked for where it is another one now."""
    back = {two: one for one, two in pairs.items()}
    for node in after.nodes:
        if node.kind is NodeKind.STAGE and node.id in back:
            yield back[node.id], node.id
    if len(before.targets) == len(after.targets) == 1:
        one, two = before.targets[0], after.targets[0]
        if pairs.get(one) != two:
            yield one, two


def _names(found: int, names: list[str]) -> Iterator[str]:
    """The names whose bits are set, in order."""
    while found:
        lowest = found & -found
        yield names[lowest.bit_length() - 1]
        found ^= lowest


def _needs(report: Report, bits: Mapping[str, int]) -> dict[str, int]:
    """The nodes that each node needs, itself included, as bits."""
    import networkx

    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_nodes_from(node.id for node in report.nodes)
    graph.add_edges_from((edge.source, edge.target) for edge in report.edges if not edge.selectable)
    # stages can wait for each other: BuildKit refuses that only when it builds them
    rounds = networkx.condensation(graph)
    found: dict[int, int] = {}
    for number in networkx.topological_sort(rounds):
        found[number] = _all(bits[node] for node in rounds.nodes[number]["members"])
        found[number] |= _all(found[read] for read in rounds.predecessors(number))
    stages = (node.id for node in report.nodes if node.kind is NodeKind.STAGE)
    return {node: found[rounds.graph["mapping"][node]] for node in stages}


def _all(sets: Iterable[int]) -> int:
    """The union of sets that are written as bits."""
    return reduce(or_, sets, 0)


_Key = tuple[str, str, EdgeKind, bool]


def compare(old: Build, new: Build) -> Comparison:
    """How ``new`` differs from ``old``, each as its own options ask for it."""
    before, after = analyse(old), analyse(new)
    old_bodies, new_bodies = bodies(old), bodies(new)
    stages = matched(old_bodies, new_bodies)
    pairs = {f"stage:{a}": f"stage:{b}" for a, b in stages.items()}
    known = {node.id for node in after.nodes if node.kind is not NodeKind.STAGE}
    pairs |= {node.id: node.id for node in before.nodes if node.id in known}
    return Comparison(
        old=before,
        new=after,
        pairs=pairs,
        nodes=(
            *_changed_stages(stages, old_bodies, new_bodies, before, after),
            *_come_and_gone(before, after, pairs),
        ),
        edges=tuple(_edges(before, after, pairs)),
        needed=needed_changes(before, after, pairs),
    )


def _changed_stages(
    stages: Mapping[int, int],
    old_bodies: Sequence[Body],
    new_bodies: Sequence[Body],
    before: Report,
    after: Report,
) -> Iterator[NodeChange]:
    """The stages that both builds have, by their index in the new one, where they differ."""
    own = {index: index for index in stages.values()}
    for index, other in sorted(stages.items(), key=lambda pair: pair[1]):
        one, two = old_bodies[index], new_bodies[other]
        details = (*_details(one, two, stages, before, after),)
        removed, added = _instructions(one, two, stages, own)
        renamed = one.name != two.name and bool(one.name or two.name)
        if not (details or removed or added or renamed):
            continue
        old, new = before.nodes[index], after.nodes[other]
        changed = bool(details or removed or added)
        yield NodeChange(
            id=new.id,
            change=Change.CHANGED if changed else Change.RENAMED,
            kind=NodeKind.STAGE,
            old=old.label,
            new=new.label,
            line=new.line,
            details=(*details, *_counted(removed, added)),
            removed=removed,
            added=added,
        )


def _details(one: Body, two: Body, stages: Mapping[int, int], before: Report, after: Report) -> Iterator[str]:
    """How base and platform of a stage differ, in words."""
    base = -1 if one.base_stage is None else stages.get(one.base_stage, -2)
    other = -1 if two.base_stage is None else two.base_stage
    if (one.base, base) != (two.base, other):
        yield f"base {_base(one, before)} → {_base(two, after)}"
    if one.platform != two.platform:
        yield f"platform {one.platform or 'of the target'} → {two.platform or 'of the target'}"


def _base(body: Body, report: Report) -> str:
    return body.base if body.base_stage is None else report.nodes[body.base_stage].label


def _instructions(
    one: Body, two: Body, stages: Mapping[int, int], own: Mapping[int, int]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The instructions that only the old and only the new stage has, in their order."""
    old = [line.under(stages) for line in one.lines]
    new = [line.under(own) for line in two.lines]
    removed: list[str] = []
    added: list[str] = []
    for (first, last), (other, final) in differences(old, new):
        removed += [line.written for line in one.lines[first:last]]
        added += [line.written for line in two.lines[other:final]]
    return tuple(removed), tuple(added)


def _counted(removed: Sequence[str], added: Sequence[str]) -> Iterator[str]:
    both = min(len(removed), len(added))
    counts = {"changed": both, "added": len(added) - both, "removed": len(removed) - both}
    parts = [(count, word) for word, count in counts.items() if count]
    if parts:
        (count, word), *rest = parts
        first = f"{count} instruction{'' if count == 1 else 's'} {word}"
        yield ", ".join([first, *(f"{more} {other}" for more, other in rest)])


def _come_and_gone(before: Report, after: Report, pairs: Mapping[str, str]) -> Iterator[NodeChange]:
    kept = set(pairs.values())
    for node in after.nodes:
        if node.id not in kept:
            yield NodeChange(
                id=node.id, change=Change.ADDED, kind=node.kind, new=node.label, line=node.line,
                details=_origin(node),
            )  # fmt: skip
    for node in before.nodes:
        if node.id not in pairs:
            yield NodeChange(
                id=f"{REMOVED_PREFIX}{node.id}", change=Change.REMOVED, kind=node.kind, old=node.label,
                line=node.line, details=_origin(node),
            )  # fmt: skip


def _origin(node: Node) -> tuple[str, ...]:
    return (f"FROM {node.base}",) if node.base else ()


def _edges(before: Report, after: Report, pairs: Mapping[str, str]) -> Iterator[EdgeChange]:
    old = _by_key(before.edges, lambda name: pairs.get(name, f"{REMOVED_PREFIX}{name}"))
    new = _by_key(after.edges, str)
    for key in (*new, *(key for key in old if key not in new)):
        gone, come = old.get(key, []), new.get(key, [])
        removed, added = _less(gone, come), _less(come, gone)
        change = Change.ADDED if not gone else Change.REMOVED if not come else Change.CHANGED
        if removed or added:
            source, target, kind, selectable = key
            yield EdgeChange(
                source=source, target=target, kind=kind, selectable=selectable, change=change,
                removed=removed, added=added,
            )  # fmt: skip


def _by_key(edges: Iterable[Edge], called: Callable[[str], str]) -> dict[_Key, list[Edge]]:
    found: dict[_Key, list[Edge]] = {}
    for edge in edges:
        found.setdefault((called(edge.source), called(edge.target), edge.kind, edge.selectable), []).append(
            edge
        )
    return found


def _less(edges: Sequence[Edge], others: Sequence[Edge]) -> tuple[str, ...]:
    """What ``edges`` carry and ``others`` do not, in words."""
    left = Counter(_carried(edge) for edge in others)
    found = []
    for edge in edges:
        if left[_carried(edge)] > 0:
            left[_carried(edge)] -= 1
        else:
            found.append(_words(edge))
    return tuple(found)


def _carried(edge: Edge) -> tuple[object, ...]:
    return edge.paths, edge.destination, edge.link, edge.onbuild, edge.why


def _words(edge: Edge) -> str:
    carried = ", ".join(edge.paths) + (f" → {edge.destination}" if edge.destination else "")
    parts = (carried, edge.why, "--link" if edge.link else "", f"line {edge.line}")
    return ", ".join(part for part in parts if part)
