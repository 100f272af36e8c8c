"""The nodes and edges that the critical path passes, with the stages that have no steps of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from msgspec.structs import replace

from stagegraph.model import Edge, EdgeKind, Report, Step, StepKind

Pair = tuple[str, str]


class Hop(NamedTuple):
    """Two steps of the path, the first an input of the second.

    ``nodes`` pass the first on to the node ``into``, its owner first: a stage without steps passes on what
    it is FROM. Inside one stage there are none. ``lines`` are those of the reading instruction.
    """

    read: int
    reader: int
    nodes: tuple[str, ...]
    into: str  # a Node.id; "" for the result
    lines: frozenset[int]


def critical_hops(report: Report) -> tuple[Hop, ...]:
    """The hops of the critical path of ``report`` up to the result of a target, the first one first.

    A measured path can have steps that do not read each other: the steps between them are inserted where
    the build has such, else there is a gap.
    """
    bases, edges = bases_of(report), {(edge.source, edge.target) for edge in report.edges if edge.needed}
    hops: list[Hop] = []
    into, lines = "", frozenset[int]()
    for read, reader in reversed(list(pairwise(_whole_path(report)))):
        step, before = report.steps[reader], report.steps[read]
        if read not in step.inputs:
            into = ""
            continue
        if not hops or hops[-1].read != reader:
            into = next(iter(report.nodes_of(step)), "")
        lines = _lines(step) or lines
        node = _passing(step, read, into, edges)
        nodes = carried(report, before, node, bases) if node else ()
        hops.append(Hop(read, reader, nodes, into, lines))
        into = nodes[0] if nodes else into
    return tuple(reversed(hops))


def with_critical_nodes(report: Report) -> Report:
    """``report`` with the nodes and edges marked that its critical path passes: one chain to a target."""
    hops = critical_hops(report)
    nodes = {node for hop in hops for node in (*hop.nodes, hop.into)}
    if not hops:
        nodes = {node for step in report.critical_path for node in report.nodes_of(report.steps[step])[:1]}
    edges = _critical_edges(report, hops)
    return replace(
        report,
        nodes=tuple(replace(node, critical=node.id in nodes) for node in report.nodes),
        edges=tuple(replace(edge, critical=edge in edges) for edge in report.edges),
    )


def bases_of(report: Report) -> dict[str, str]:
    """The node that each needed stage is FROM."""
    return {edge.target: edge.source for edge in report.edges if edge.kind is EdgeKind.FROM and edge.needed}


def carried(report: Report, step: Step, node: str, bases: Mapping[str, str]) -> tuple[str, ...]:
    """The nodes from an owner of ``step`` to ``node``, which passes it on: each is FROM the one before."""
    owners, nodes = report.nodes_of(step), [node]
    while nodes[-1] not in owners and nodes[-1] in bases:
        nodes.append(bases[nodes[-1]])
    return tuple(reversed(nodes))


def _whole_path(report: Report) -> Iterator[int]:
    """The critical path with the steps between its steps, and up to the result of a target."""
    path = [step for step in report.critical_path if report.steps[step].kind is not StepKind.RESULT]
    if path:
        result = _result_of(report.steps, path[-1])
        yield path[0]
        for first, last in pairwise([*path, *result]):
            yield from _way(report.steps, first, last)


def _result_of(steps: Sequence[Step], position: int) -> list[int]:
    """The first result that needs the step at ``position``."""
    readers = {position}
    for step in steps[position + 1 :]:
        if not readers.isdisjoint(step.inputs):
            readers.add(step.id)
            if step.kind is StepKind.RESULT:
                return [step.id]
    return []


def _way(steps: Sequence[Step], first: int, last: int) -> list[int]:
    """The steps after ``first`` on a shortest way to ``last``; only ``last`` if there is none."""
    reader, waiting = {last: last}, [last]
    for position in waiting:  # grows; inputs have lower positions
        for read in steps[position].inputs:
            if read >= first and read not in reader:
                reader[read] = position
                waiting.append(read)
    way = [first]
    while first in reader and way[-1] != last:
        way.append(reader[way[-1]])
    return way[1:] or [last]


def _lines(step: Step) -> frozenset[int]:
    """The lines of the instructions that ``step`` is made by; none for the steps that BuildKit adds."""
    return frozenset(line for line in (step.line, *(line for _, line in step.others)) if line is not None)


def _passing(step: Step, read: int, into: str, edges: Collection[Pair]) -> str:
    """The node that passes the input ``read`` on to ``step`` of the node ``into``; "" inside one stage."""
    nodes = (node for position, node in step.read_from if position == read)
    return next((node for node in nodes if step.kind is StepKind.RESULT or (node, into) in edges), "")


def _critical_edges(report: Report, hops: Sequence[Hop]) -> set[Edge]:
    """The edges along which ``hops`` lead."""
    between: dict[Pair, list[Edge]] = {}
    for edge in report.edges:
        if edge.needed:
            between.setdefault((edge.source, edge.target), []).append(edge)
    found = set[Edge]()
    for hop in hops:
        for pair in pairwise(hop.nodes):
            found.update(_by(between.get(pair, ()), frozenset()))
        if hop.nodes and hop.into:
            merges = report.steps[hop.reader].kind is StepKind.MERGE  # the copy before it has the same line
            edges = between.get((hop.nodes[-1], hop.into), ())
            found.update(_by(edges, frozenset() if merges else hop.lines))
    return found


def _by(edges: Sequence[Edge], lines: Collection[int]) -> Iterator[Edge]:
    """Those of ``edges`` whose instruction is at one of ``lines``; otherwise the FROM."""
    by_line = [edge for edge in edges if edge.kind is not EdgeKind.FROM and edge.line in lines]
    inherits = [edge for edge in edges if edge.kind is EdgeKind.FROM]
    yield from by_line or inherits or edges
