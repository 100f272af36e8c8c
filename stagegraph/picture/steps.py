"""Stages opened: a frame for each stage with steps, a box for each step, and arrows between what is drawn.

A needed stage without steps of its own passes on what it is FROM, so the arrows lead through its box. So
they do through that of a stage whose steps are equal to those of an earlier one and are drawn there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, pairwise

from msgspec.structs import replace

from stagegraph.graph.critical_nodes import bases_of, carried, critical_hops
from stagegraph.model import Edge, Node, Report, Step, StepKind
from stagegraph.picture.folding import Folded
from stagegraph.picture.short_names import cut
from stagegraph.picture.view import Arrow, Box, Group
from stagegraph.source import printable
from stagegraph.units import measured_words, rebuild_weight, rebuild_words

MakeBox = Callable[[Node, Folded], Box]
MakeArrow = Callable[[Sequence[Edge]], Arrow]
_PREFIX = r"\A\[[^\]]*\] (?:ONBUILD )?"  # of the name of a step
_NOT_DRAWN = (StepKind.SOURCE, StepKind.RESULT)


def opened(
    report: Report, kept: Folded, make_box: MakeBox, make_arrow: MakeArrow
) -> tuple[tuple[Box, ...], tuple[Arrow, ...], tuple[Group, ...]]:
    """Boxes, arrows and frames with the steps of the stages of ``kept``."""
    stages = _OpenedStages(report, kept)
    path = stages.path()
    on_path = {box for pair in path for box in pair}
    closed = [make_box(node, kept) for node in kept.nodes if node.id not in stages.frames]
    steps = [_step_box(step, stages.frames[step.node]) for step in stages.steps]
    boxes = (*closed, *(replace(box, critical=box.critical or box.id in on_path) for box in steps))
    arrows = {(arrow.source, arrow.target): arrow for arrow in reversed([*stages.reads()])}
    rest = stages.other_edges(make_arrow, arrows)
    marked = (
        replace(arrow, critical=(arrow.source, arrow.target) in path)
        for arrow in (*reversed(arrows.values()), *rest)
    )
    frames = stages.frames.values()
    return boxes, tuple(marked), tuple(_frame(make_box(node, kept)) for node in frames)


class _OpenedStages:
    """The stages of a report whose steps are drawn, and what leads into and out of these steps."""

    def __init__(self, report: Report, kept: Folded) -> None:
        self._report, self._kept = report, kept
        self._nodes = {node.id: node for node in kept.nodes}
        self._bases = bases_of(report)
        inner = [step for step in report.steps if step.kind not in _NOT_DRAWN]
        own = {step.node for step in inner}
        self.frames = {node.id: node for node in kept.nodes if node.id in own}
        self.steps = [step for step in inner if step.node in self.frames]
        self._drawn = {f"step:{step.id}" for step in self.steps} | self._nodes.keys() - self.frames.keys()
        self._with_steps = {name for step in inner for name in report.nodes_of(step)}
        self._passed = set[tuple[str, str]]()  # edges of the report that `reads` has drawn
        by_frame = groupby(sorted(self.steps, key=lambda step: step.node), key=lambda step: step.node)
        self._steps_of = {node: list(steps) for node, steps in by_frame}

    def path(self) -> set[tuple[str, str]]:
        """The pairs of boxes between which the critical path passes."""
        pairs, reader = set[tuple[str, str]](), -1
        boxes: list[str] = []
        for hop in critical_hops(self._report):
            boxes = boxes[-1:] if hop.read == reader else []
            boxes += [*self._boxes(hop.read, hop.nodes), *self._box(hop.reader)]
            pairs.update((a, b) for a, b in pairwise(boxes) if a != b)
            reader = hop.reader
        return pairs

    def reads(self) -> Iterator[Arrow]:
        """The arrows into the steps, and those by which stages without steps get what they pass on."""
        result = [step for step in self._report.steps if step.kind is StepKind.RESULT]
        for step in (*self.steps, *result):
            for read, node in self._inputs(step):
                nodes = carried(self._report, self._report.steps[read], node, self._bases) if node else ()
                stages = [self._report.nodes[stage].id for stage in step.stages]
                self._passed.update((*pairwise(nodes), *((node, stage) for stage in stages)))
                boxes = [*self._boxes(read, nodes), *self._box(step.id)]
                yield from (self._arrow(a, b, step) for a, b in pairwise(boxes) if self._is_read(a, b))

    def _is_read(self, source: str, target: str) -> bool:
        """Whether an arrow between these boxes is one of ``reads``: between two nodes it is an edge."""
        is_edge = source in self._nodes and target in self._nodes
        return source != target and not is_edge and self._drawn.issuperset((source, target))

    def _inputs(self, step: Step) -> Iterator[tuple[int, str]]:
        """The inputs of a step and the nodes that pass them on, "" inside a stage.

        For a step that is not drawn, which BuildKit adds, its own inputs are given.
        """
        for read in step.inputs:
            nodes = [node for position, node in step.read_from if position == read]
            before = self._report.steps[read]
            if before.node:
                yield from ((read, node) for node in nodes or [""])
            else:
                yield from self._inputs(before)

    def _boxes(self, read: int, nodes: Iterable[str]) -> list[str]:
        """The boxes that show a step that is read, and the closed stages among ``nodes`` that pass it on."""
        return [*self._box(read), *(node for node in nodes if node not in self.frames)]

    def _box(self, position: int) -> list[str]:
        step = self._report.steps[position]
        if step.kind is StepKind.RESULT or not step.node:
            return []
        return [step.node if step.kind is StepKind.SOURCE else f"step:{position}"]

    def _arrow(self, source: str, target: str, step: Step) -> Arrow:
        line = self._nodes[target].line if target in self._nodes else step.line
        return Arrow(source=source, target=target, kind=None, line=line)

    def other_edges(self, make_arrow: MakeArrow, present: Iterable[tuple[str, str]]) -> Iterator[Arrow]:
        """The arrows of the edges that no step reads along: of unneeded stages, and between closed ones."""
        there = set(present)
        for edge in self._kept.edges:
            source, target = self._end(edge), self._start(edge)
            if (source, target) in there or (edge.needed and self._is_drawn(edge)):
                continue
            arrow = replace(make_arrow([edge]), source=source, target=target)
            yield replace(arrow, label="") if edge.target in self.frames else arrow

    def _is_drawn(self, edge: Edge) -> bool:
        """Whether arrows between steps show ``edge``."""
        opened = edge.target in self.frames or edge.source in self.frames
        elsewhere = edge.target in self._with_steps and edge.target not in self.frames
        return elsewhere or (opened and (edge.source, edge.target) in self._passed)

    def _end(self, edge: Edge) -> str:
        """The box of the source of ``edge``: the last step of a stage."""
        steps = self._steps_of.get(edge.source)
        return f"step:{steps[-1].id}" if steps else edge.source

    def _start(self, edge: Edge) -> str:
        """The box of the target of ``edge``: the step of its line, or the first step of a stage."""
        steps = self._steps_of.get(edge.target)
        if not steps:
            return edge.target
        return f"step:{next((step for step in steps if step.line == edge.line), steps[0]).id}"


def _step_box(step: Step, node: Node) -> Box:
    return Box(
        id=f"step:{step.id}",
        label=cut(re.sub(_PREFIX, "", step.name), 40),
        sublabel=_step_words(step),
        weight=step.measured.share if step.measured else rebuild_weight(step.rebuild),
        tooltip=printable(step.name),
        kind=None,
        role=node.role,
        reach=node.reach,
        critical=step.critical,
        line=step.line,
        group=node.id,
    )


def _step_words(step: Step) -> str:
    if step.measured:
        return measured_words(step.measured)
    return rebuild_words(step.rebuild, with_line=False) if step.rebuild else ""


def _frame(box: Box) -> Group:
    return Group(
        id=box.id,
        label=f"{box.label} · {box.sublabel}" if box.sublabel else box.label,
        role=box.role,
        reach=box.reach,
        critical=box.critical,
        line=box.line,
    )
