"""What the text and Markdown reports say: the report in sentences and rows, before any format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from stagegraph.formats.words import measured_words
from stagegraph.model import LeftBehind, Node, NodeKind, Reach, Report, Role, Shipped, StepKind
from stagegraph.picture.shorten import ARROW, cut, shortened
from stagegraph.source import printable

_MOST_LISTED = 8


class Row(Struct, frozen=True, kw_only=True):
    """One line of a report: what, and where it comes from or stands."""

    what: str
    detail: str = ""
    key: str = ""  # of what it is about: "node:" and a Node.id, "step:" and a Step.id


class Section(Struct, frozen=True, kw_only=True):
    """A heading, sentences, and rows below it."""

    heading: str
    sentences: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()


def report_sections(report: Report) -> tuple[Section, ...]:
    """The sections of a report: in the image, left behind, not needed, parallelism, path, findings."""
    nodes = {node.id: node for node in report.nodes}
    sections = (
        Section(heading="In the image", rows=shipped_rows(report)),
        Section(heading="Left behind", rows=left_rows(report)),
        Section(heading="Not needed", rows=tuple(_unneeded(report))),
        Section(heading="Parallelism", sentences=tuple(_parallelism(report, nodes))),
        Section(heading="Critical path", rows=tuple(_path(report))),
        Section(heading="Findings", rows=tuple(_findings(report))),
    )
    kept = [section for section in sections if section.rows or section.sentences]
    if not report.shipped:
        kept.insert(0, Section(heading="In the image", sentences=("Only what its own steps make.",)))
    return tuple(kept)


def shipped_rows(report: Report) -> tuple[Row, ...]:
    """What is in the image, and where each thing comes from."""
    nodes = {node.id: node for node in report.nodes}
    return tuple(_shipped(item, nodes) for item in report.shipped)


def left_rows(report: Report) -> tuple[Row, ...]:
    """What the build needs and the image does not hold, or not whole."""
    nodes = {node.id: node for node in report.nodes}
    return tuple(_left(item, nodes) for item in report.left_behind)


def headline(report: Report) -> str:
    """Which Dockerfile, targets and platforms the report is about."""
    labels = ", ".join(node.label for node in report.nodes if node.id in report.targets)
    return printable(f"{report.source}: target {labels} on {', '.join(report.platforms)}")


def _line(number: int | None) -> str:
    return f"line {number}" if number else ""


def _shipped(item: Shipped, nodes: Mapping[str, Node]) -> Row:
    whole = item.kind != "path"
    what = nodes[item.node].label if whole else f"{item.path}{ARROW}{item.destination}"
    detail = (item.kind if whole else _origin(item, nodes), _line(item.line))
    return Row(
        what=printable(what), detail=printable(", ".join(filter(None, detail))), key=f"node:{item.node}"
    )


def _origin(item: Shipped, nodes: Mapping[str, Node]) -> str:
    through = f" through {_listed(item.via, nodes)}" if item.via else ""
    node = nodes[item.node]
    if node.kind is NodeKind.REMOTE:
        return f"downloaded{through}"
    return f"from {'the build context' if node.kind is NodeKind.CONTEXT else node.label}{through}"


def _listed(names: Sequence[str], nodes: Mapping[str, Node]) -> str:
    """The labels of a few nodes; of a long chain the first ones and the last."""
    labels = [nodes[name].label for name in names]
    if len(labels) > _MOST_LISTED:
        labels = [*labels[: _MOST_LISTED - 2], f"{len(labels) - _MOST_LISTED + 1} more", labels[-1]]
    return ", ".join(labels)


def _left(item: LeftBehind, nodes: Mapping[str, Node]) -> Row:
    node = nodes[item.node]
    parts = []
    if node.kind is NodeKind.STAGE:
        parts.append(f"{node.steps} step{'' if node.steps == 1 else 's'}")
    if item.kept:
        parts.append(f"all but {shortened(', '.join(item.kept), 60)}")
    elif node.role is Role.MOUNTED:
        parts.append("only read while building")
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
    found = report.parallelism
    steps = sum(step.kind is not StepKind.RESULT for step in report.steps)
    yield (
        f"{steps} steps in {found.levels} levels; at most {found.max_steps} can run at once"
        f" ({found.max_stages} stage{'' if found.max_stages == 1 else 's'})."
    )
    if found.max_stages > 1:
        names = [nodes[name].label for name in found.widest_stages]
        shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        yield f"Stages that need not wait for each other: {shown}."
    if any(step.measured for step in report.steps):
        yield f"The longest chain takes {found.length:.2f} s of the {found.total:.2f} s that all steps ran."
    else:
        yield f"The longest chain has {found.length:g} of {found.total:g} steps, each counted as one."


def _path(report: Report) -> Iterator[Row]:
    for position in report.critical_path:
        step = report.steps[position]
        took = measured_words(step.measured) if step.measured else ""
        detail = ", ".join(filter(None, (took, _line(step.line))))
        yield Row(what=cut(step.name, 72), detail=detail, key=f"step:{position}")


def _findings(report: Report) -> Iterator[Row]:
    for finding in report.findings:
        text = ": ".join(part for part in (str(finding.severity), finding.message, finding.why) if part)
        fix = f"; {finding.fix}" if finding.fix else ""
        yield Row(what=_line(finding.line), detail=printable(text + fix))
