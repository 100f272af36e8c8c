"""Whether each node is needed, could be chosen, could be asked for, or is dead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from stagegraph.analysis.roles import incoming
from stagegraph.model import Edge, Reach


@dataclass(frozen=True, slots=True)
class Reached:
    """How a node can come to be built, and why where that is not plain."""

    reach: Reach
    why: str = ""


def reachability(
    nodes: Iterable[str], edges: Sequence[Edge], targets: Sequence[str], nameable: Mapping[str, str]
) -> dict[str, Reached]:
    """How each of ``nodes`` can come to be built.

    ``edges`` hold the selectable ones too; ``nameable`` are the stages that a target can name, with
    their names, the last stage among them.
    """
    by_target = incoming(edges)
    found: dict[str, Reached] = {}
    _spread(found, by_target, [(target, Reached(Reach.NEEDED)) for target in targets], False)
    _spread(found, by_target, _chosen(found, by_target), True)
    named = [(node, Reached(Reach.IDLE, f"as target {name}")) for node, name in nameable.items()]
    _spread(found, by_target, named, True)
    for node in nodes:
        found.setdefault(node, Reached(Reach.DEAD, "nothing can name or choose it"))
    return found


def _chosen(
    found: Mapping[str, Reached], by_target: Mapping[str, Sequence[Edge]]
) -> list[tuple[str, Reached]]:
    """What another value would make needed, directly."""
    return [
        (edge.source, Reached(Reach.SELECTABLE, edge.why))
        for node in found
        for edge in by_target.get(node, ())
        if edge.selectable
    ]


def _spread(
    found: dict[str, Reached],
    by_target: Mapping[str, Sequence[Edge]],
    starts: Iterable[tuple[str, Reached]],
    through_selectable: bool,
) -> None:
    """Give each start and all that it needs its reach, unless they have a better one."""
    waiting = list(starts)[::-1]
    while waiting:
        node, reached = waiting.pop()
        if node not in found:
            found[node] = reached
            for edge in by_target.get(node, ()):
                if through_selectable or not edge.selectable:
                    waiting.append((edge.source, reached))
