"""A report as sections with sentences and rows, for the text, Markdown and HTML formats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from stagegraph.formats.request_sections import request_sections
from stagegraph.formats.section import Row, Section, located
from stagegraph.model import LeftBehind, Node, NodeKind, Reach, Report, Role, Shipped, StepKind
from stagegraph.picture.short_names import between_words, cut
from stagegraph.picture.shorten import ARROW
from stagegraph.source import printable
from stagegraph.units import counted, measured_words, sentence, size

_MOST_LISTED = 8
_MOST_NAMED = 12  # targets in a headline
_MOST_WEIGHED = 5


def report_sections(report: Report) -> tuple[Section, ...]:
    """Bake targets, in the image, left behind, not needed, parallelism, critical path, findings."""
    nodes = {node.id: node for node in report.nodes}
    sections = (
        *request_sections(report),
        *_images(report),
        Section(heading="Not needed", rows=tuple(_unneeded(report))),
        Section(heading="Parallelism", sentences=tuple(_parallelism(report, nodes))),
        Section(heading="Critical path", rows=tuple(_path(report))),
        Section(heading="Findings", rows=tuple(_findings(report))),
        Section(heading="Notes", sentences=tuple(map(sentence, report.notes))),
    )
    return tuple(section for section in sections if section.rows or section.sentences)


def _images(report: Report) -> Iterator[Section]:
    sentences = tuple(weights(report))
    for image in images(report):
        of = f" of {image.name}" if image.name else ""
        nothing = () if image.shipped else ("Only what its own steps create.",)
        yield Section(heading=f"In the image{of}", sentences=(*sentences, *nothing), rows=image.shipped)
        yield Section(heading=f"Left behind{' by' if of else ''}{of[3:]}", rows=image.left_behind)


def weights(report: Report) -> Iterator[str]:
    """How many bytes ship and stay behind, if an image or the cache says it."""
    nodes = {node.id: node for node in report.nodes}
    ships = nodes[report.targets[0]].bytes
    left = [(nodes[one.node].label, one.bytes) for one in report.left_behind]
    known = any(amount is not None for _, amount in left)
    if ships is not None or known:
        yield f"{weight_words(ships, left if known else None)}."


def weight_words(ships: int | None, left: Sequence[tuple[str, int | None]] | None) -> str:
    """``2.29 MB ship; 6.1 MB stay behind: node:16 5.37 MB, builder 733 kB``.

    ``left`` has the names and the bytes of what stays behind. What is None is not known and is left out.
    """
    words = [] if ships is None else [f"{size(ships)} ship"]
    left = None if left is None else [one for one in left if one[1] != 0]
    if left:
        words.append(_left_words(left))
    elif left is not None:
        words.append("nothing stays behind")
    return "; ".join(words)


def _left_words(left: Sequence[tuple[str, int | None]]) -> str:
    largest = sorted(left, key=lambda one: -(one[1] or 0))[:_MOST_WEIGHED]
    names = ", ".join(
        f"{printable(label)} {'unknown' if amount is None else size(amount)}" for label, amount in largest
    )
    at_least = "at least " if any(amount is None for _, amount in left) else ""
    return f"{at_least}{size(sum(amount or 0 for _, amount in left))} stay behind: {names}"


class ImageRows(Struct, frozen=True, kw_only=True):
    """What is in one image and what the build leaves behind; ``name`` tells images apart, empty for one."""

    name: str
    shipped: tuple[Row, ...]
    left_behind: tuple[Row, ...]


def images(report: Report) -> tuple[ImageRows, ...]:
    """The images of the targets, those for several platforms apart if they differ."""
    nodes = {node.id: node for node in report.nodes}
    parts: tuple[Shipped | LeftBehind, ...] = (*report.shipped, *report.left_behind)
    keys = [
        (target, platform)
        for target in report.targets
        for platform in dict.fromkeys(one.platform for one in parts if one.target == target) or ("",)
    ]
    return tuple(
        ImageRows(
            name=_image_name(*key, nodes) if len(keys) > 1 else "",
            shipped=tuple(_shipped_row(one, nodes) for one in report.shipped if _key(one) == key),
            left_behind=tuple(_left_behind_row(one, nodes) for one in report.left_behind if _key(one) == key),
        )
        for key in keys
    )


def _key(item: Shipped | LeftBehind) -> tuple[str, str]:
    return item.target, item.platform


def _image_name(target: str, platform: str, nodes: Mapping[str, Node]) -> str:
    return printable(nodes[target].label + (f" on {platform}" if platform else ""))


def target_labels(report: Report) -> list[str]:
    """The names of the bake targets that are asked for, or of the target stages."""
    if report.bake_targets:
        return [target.name for target in report.bake_targets if not target.linked]
    return [node.label for node in report.nodes if node.id in report.targets]


def headline(report: Report) -> str:
    """The Dockerfile, targets and platforms of the report, in one line."""
    return printable(f"{report.source}: {targets_words(report)}")


def targets_words(report: Report) -> str:
    """``target runtime on linux/amd64``, or ``40 targets on linux/amd64`` if there are many."""
    labels = target_labels(report)
    targets = f"{'target' if len(labels) == 1 else 'targets'} {', '.join(labels)}"
    if len(labels) > _MOST_NAMED:
        targets = counted(len(labels), "target")
    return f"{targets} on {', '.join(report.platforms)}"


def _shipped_row(item: Shipped, nodes: Mapping[str, Node]) -> Row:
    whole = item.kind != "path"
    what = nodes[item.node].label if whole else f"{item.path}{ARROW}{item.destination}"
    reader = nodes[([*item.via, item.target])[1 if whole and item.via else 0]]
    origin = item.kind if whole else _origin(item, nodes)
    detail = (_size(item.bytes), origin, located(item.line, reader.dockerfile))
    return Row(
        what=printable(what), detail=printable(", ".join(filter(None, detail))), key=f"node:{item.node}"
    )


def _size(count: int | None) -> str:
    return "" if count is None else size(count)


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
    parts = [_size(item.bytes)] if item.bytes is not None else []
    if node.kind is NodeKind.STAGE:
        parts.append(counted(node.steps, "step"))
    if item.kept:
        parts.append(f"all but {between_words(', '.join(item.kept), 60)}")
    elif node.role is Role.MOUNTED:
        parts.append("only read during the build")
    return Row(what=printable(node.label), detail=", ".join(parts), key=f"node:{node.id}")


def _unneeded(report: Report) -> Iterator[Row]:
    for node in report.nodes:
        if node.kind is NodeKind.STAGE and not node.needed:
            why = f"{node.reach}: {node.why}" if node.why else str(node.reach)
            if node.reach is Reach.IDLE:
                why = f"built {node.why}"
            detail = printable(f"{why}, {located(node.line, node.dockerfile)}")
            yield Row(what=printable(node.label), detail=detail, key=f"node:{node.id}")


def _parallelism(report: Report, nodes: Mapping[str, Node]) -> Iterator[str]:
    parallelism = report.parallelism
    steps = sum(step.kind is not StepKind.RESULT for step in report.steps)
    levels = f"{counted(steps, 'step')} in {counted(parallelism.levels, 'level')}"
    if parallelism.max_steps > 1:
        most = counted(parallelism.max_steps, "step")
        yield f"{levels}; up to {most} can run in parallel (in {counted(parallelism.max_stages, 'stage')})."
    else:
        yield f"{levels}; one step runs after the other." if steps > 1 else f"{levels}."
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


def _path(report: Report) -> Iterator[Row]:
    for position in report.critical_path:
        step = report.steps[position]
        where = located(step.line, report.nodes[step.stages[0]].dockerfile if step.stages else "")
        time = measured_words(step.measured) if step.measured else ""
        detail = ", ".join(filter(None, (time, where)))
        yield Row(what=cut(step.name, 72), detail=detail, key=f"step:{position}")


def _findings(report: Report) -> Iterator[Row]:
    for finding in report.findings:
        text = ": ".join(part for part in (str(finding.severity), finding.message, finding.why) if part)
        fix = f"; {finding.fix}" if finding.fix else ""
        yield Row(what=printable(located(finding.line, finding.file)), detail=printable(text + fix))
