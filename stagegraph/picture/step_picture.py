"""The steps of a report as boxes and arrows, a frame around those of each stage."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from stagegraph.model import Edge, Node, Report, Step, StepKind
from stagegraph.picture.folding import Folded
from stagegraph.picture.shorten import cut
from stagegraph.picture.view import Arrow, Box, Group
from stagegraph.source import printable
from stagegraph.units import measured_words

_BRACKET = re.compile(r"\A\[[^\]]*\] (?:ONBUILD )?")
MakeBox = Callable[[Node, Folded], Box]
MakeArrow = Callable[[Sequence[Edge]], Arrow]


def opened(
    report: Report, kept: Folded, make_box: MakeBox, make_arrow: MakeArrow
) -> tuple[tuple[Box, ...], tuple[Arrow, ...], tuple[Group, ...]]:
    """The stages of ``kept`` opened: sources, stages without steps, steps; arrows; frames."""
    inner = [step for step in report.steps if step.kind not in (StepKind.SOURCE, StepKind.RESULT)]
    with_steps = {step.node for step in inner}
    frames = {node.id: node for node in kept.nodes if node.id in with_steps}
    whole = [make_box(node, kept) for node in kept.nodes if node.id not in frames]
    boxes = (*whole, *(_step_box(step, frames[step.node]) for step in inner if step.node in frames))
    drawn = {box.id for box in boxes}
    rest = [edge for edge in kept.edges if edge.target in drawn and edge.source in drawn]
    arrows = (*_waits(report, inner, drawn), *(make_arrow([edge]) for edge in rest))
    return boxes, arrows, tuple(_frame(make_box(node, kept)) for node in frames.values())


def _waits(report: Report, inner: Sequence[Step], drawn: set[str]) -> list[Arrow]:
    """What each step waits for, as far as it is drawn."""
    found: dict[tuple[str, str], Arrow] = {}
    passed = set(pairwise(report.critical_path))
    for step in inner:
        for read in step.inputs:
            ends = (_place(report.steps[read]), _place(step))
            if drawn.issuperset(ends) and ends not in found:
                critical = (read, step.id) in passed
                found[ends] = Arrow(
                    source=ends[0], target=ends[1], kind=None, critical=critical, line=step.line
                )
    return list(found.values())


def _place(step: Step) -> str:
    return step.node if step.kind is StepKind.SOURCE else f"step:{step.id}"


def _step_box(step: Step, node: Node) -> Box:
    return Box(
        id=f"step:{step.id}",
        label=cut(_BRACKET.sub("", step.name), 40),
        sublabel=measured_words(step.measured) if step.measured else "",
        weight=step.measured.share if step.measured else 0.0,
        tooltip=printable(step.name),
        kind=None,
        role=node.role,
        reach=node.reach,
        critical=step.critical,
        line=step.line,
        group=node.id,
    )


def _frame(box: Box) -> Group:
    return Group(
        id=box.id,
        label=f"{box.label} · {box.sublabel}" if box.sublabel else box.label,
        role=box.role,
        reach=box.reach,
        critical=box.critical,
        line=box.line,
    )
