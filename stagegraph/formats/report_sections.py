"""A report as sections with sentences and rows, for the text, Markdown and HTML formats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from stagegraph.model import LeftBehind, Node, NodeKind, Parallelism, Reach, Report, Role, Shipped, StepKind
from stagegraph.picture.shorten import ARROW, cut, shortened
from stagegraph.source import printable
from stagegraph.units import counted, measured_words

_MOST_LISTED = 8


class Row(Struct, frozen=True, kw_only=True):
    """A row of a section: what it is about, and details such as its source or line."""

    what: str
    detail: str = ""
    key: str = ""  # "node:" and a Node.id, or "step:" and a Step.id


class Section(Struct, frozen=True, kw_only=True):
    """A heading with the sentences and rows below it."""

    heading: str
    sentences: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()


def report_sections(report: Report) -> tuple[Section, ...]:
    """The sections: those of each target, not needed, parallelism, critical path, findings."""
    nodes = {node.id: node for node in report.nodes}
    sections = (
        *(section for target in report.targets for section in target_sections(report, target)),
        Section(heading="Not needed", rows=tuple(_unneeded(report))),
        Section(heading="Parallelism", sentences=tuple(_parallelism(report, nodes))),
        Section(heading="Critical path", rows=tuple(_path(report))),
        Section(heading="Findings", rows=tuple(_findings(report))),
        Section(heading="Notes", sentences=tuple(map(_sentence, report.notes))),
    )
    return tuple(section for section in sections if section.rows or section.sentences)


def target_sections(report: Report, target: str) -> tuple[Section, Section]:
    """What is in the image of ``target`` and where it comes from, and what only its build needs."""
    nodes = {node.id: node for node in report.nodes}
    name = printable(nodes[target].label) if len(report.targets) > 1 else ""
    ships = tuple(_shipped_row(item, nodes) for item in report.shipped if item.target == target)
    left = tuple(_left_behind_row(item, nodes) for item in report.left_behind if item.target == target)
    return (
        Section(
            heading=f"In the image of {name}" if name else "In the image",
            sentences=() if ships else ("Only what its own steps create.",),
            rows=ships,
        ),
        Section(heading=f"Left behind by {name}" if name else "Left behind", rows=left),
    )


def headline(report: Report) -> str:
    """The Dockerfile, targets and platforms of the report, in one line."""
    labels = [node.label for node in report.nodes if node.id in report.targets]
    targets = f"{'target' if len(labels) == 1 else 'targets'} {', '.join(labels)}"
    return printable(f"{report.source}: {targets} on {', '.join(report.platforms)}")


def _line(number: int | None) -> str:
    return f"line {number}" if number else ""


def _shipped_row(item: Shipped, nodes: Mapping[str, Node]) -> Row:
    whole = item.kind != "path"
    what = nodes[item.node].label if whole else f"{item.path}{ARROW}{item.destination}"
    detail = (item.kind if whole else _origin(item, nodes), _line(item.line))
    return Row(
        what=printable(what), detail=printable(", ".join(filter(None, detail))), key=f"node:{item.node}"
    )


def _origin(item: Shipped, nodes: Mapping[str, Node]) -> str:
    via = f" via {_listed(item.via, nodes)}" if item.via else ""
    node = nodes[item.node]
    if node.kind is NodeKind.REMOTE:
        return f"downloaded{via}"
    return f"from {'the build context' if node.kind is NodeKind.CONTEXT else node.label}{via}"


def _listed(names: Sequence[str], nodes: Mapping[str, Node]) -> str:
    """The labels of nodes; of more than 8, the first ones and the last."""
    labels = [nodes[name].label for name in names]
    if len(labels) > _MOST_LISTED:
        labels = [*labels[: _MOST_LISTED - 2], f"{len(labels) - _MOST_LISTED + 1} more", labels[-1]]
    return ", ".join(labels)


def _left_behind_row(item: LeftBehind, nodes: Mapping[str, Node]) -> Row:
    node = nodes[item.node]
    parts = []
    if node.kind is NodeKind.STAGE:
        parts.append(counted(node.steps, "step"))
    if item.kept:
        parts.append(f"all but {shortened(', '.join(item.kept), 60)}")
    elif node.role is Role.MOUNTED:
        parts.append("only read during the build")
    return Row(what=printable(node.label), detail=", ".join(parts), key=f"node:{node.id}")


def _unneeded(report: Report) -> Iterator[Row]:
    for node in report.nodes:
        if node.kind is NodeKind.STAGE and not node.needed:
            why = f"{node.reach}: {node.why}" if node.why else str(node.reach)
            if node.reach is Reach.IDLE:
                why = f"built {node.why}"
            detail = printable(f"{why}, {_line(node.line)}")
            yield Row(what=printable(node.label), detail=detail, key=f"node:{node.id}")


def _parallelism(report: Report, nodes: Mapping[str, Node]) -> Iterator[str]:
    parallelism = report.parallelism
    steps = sum(step.kind is not StepKind.RESULT for step in report.steps)
    yield f"{counted(steps, 'step')} in {counted(parallelism.levels, 'level')}; {_width(parallelism)}."
    if parallelism.max_stages > 1 and parallelism.max_steps > 1:
        names = [nodes[name].label for name in parallelism.widest_stages]
        shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        yield f"Stages that can run in parallel: {shown}."
    length, total = parallelism.length, parallelism.total
    if any(step.measured for step in report.steps):
        yield f"The longest chain takes {length:.2f} s; all steps together take {total:.2f} s."
    else:
        steps_in_all = "1 step" if total == 1 else f"{total:g} steps"
        yield f"The longest chain is {length:g} of {steps_in_all} (every step counted as 1)."


def _width(parallelism: Parallelism) -> str:
    if parallelism.max_steps < 2:
        return "nothing runs in parallel"
    stages = counted(parallelism.max_stages, "stage")
    return f"up to {parallelism.max_steps} steps can run in parallel (in {stages})"


def _sentence(note: str) -> str:
    return f"{note[:1].upper()}{note[1:]}."


def _path(report: Report) -> Iterator[Row]:
    for position in report.critical_path:
        step = report.steps[position]
        time = measured_words(step.measured) if step.measured else ""
        detail = ", ".join(filter(None, (time, _line(step.line))))
        yield Row(what=cut(step.name, 72), detail=detail, key=f"step:{position}")


def _findings(report: Report) -> Iterator[Row]:
    for finding in report.findings:
        text = ": ".join(part for part in (str(finding.severity), finding.message, finding.why) if part)
        fix = f"; {finding.fix}" if finding.fix else ""
        yield Row(what=_line(finding.line), detail=printable(text + fix))
