"""Why a stage is needed, or why not, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stagegraph.formats.request_sections import listed, readers_of, waits
from stagegraph.formats.section import located
from stagegraph.formats.terminal_text import UNBROKEN, wrapped
from stagegraph.graph.explain import Explanation
from stagegraph.model import Edge, EdgeKind, Reach, Report, Role
from stagegraph.picture.shorten import ARROW
from stagegraph.source import printable, quoted

_HANGING = 6  # spaces before the rest of a line that is broken
_ROLES = {
    Role.TARGET: "is the target",
    Role.INHERITED: "is in the image: FROM inherits its layers",
    Role.COPIED: "is partly in the image: only the copied paths are",
    Role.MOUNTED: "is not in the image: only a RUN reads it, during the build",
    Role.UPSTREAM: "is not in the image, but the build needs it",
    Role.UNNEEDED: "is not needed",
}


def render(report: Report, explanation: Explanation, *, width: int = UNBROKEN) -> str:
    """The role of a node in the image, then its paths to the target, or else what reads it."""
    labels = {node.id: printable(node.label) for node in report.nodes}
    lines = (line for text in _lines(report, labels, explanation) for line in text.split("\n"))
    return "".join(f"{part}\n" for line in lines for part in wrapped(line, width, _HANGING))


def _lines(report: Report, labels: Mapping[str, str], explanation: Explanation) -> Iterator[str]:
    node = explanation.node
    where = located(node.line, node.dockerfile)
    yield printable(f"{quoted(labels[node.id])}{f' ({where})' if where else ''} {_ROLES[node.role]}.")
    yield from _target(report, explanation)
    for path in explanation.ways:
        yield ""
        yield f"  {labels[path[0].source]}"
        for edge in path:
            yield f"    → {labels[edge.target]}: {_instruction(edge, report.node(edge.target).dockerfile)}"
    if explanation.more:
        yield "\n  ... and other paths"
    if not node.needed:
        yield from _unneeded(report, labels, explanation)


def _target(report: Report, explanation: Explanation) -> Iterator[str]:
    """Which bake target has the node as its image, and which ones wait for it or read its tags."""
    own = [target for target in report.bake_targets if target.node == explanation.node.id]
    for target in own:
        where = f" ({located(target.line, target.file)})" if target.file and target.line else ""
        kind = "service" if target.file.lower().endswith((".yaml", ".yml")) else "bake target"
        yield printable(f"It is the image of the {kind} {quoted(target.name)}{where}.")
    if own and (first := waits(report).get(own[0].name)):
        yield printable(f"Its build waits for {listed(first)}.")
    if explanation.waiting:
        many = len(explanation.waiting) > 1
        names = listed(one.name for one in explanation.waiting)
        yield printable(f"The build{'s' if many else ''} of {names} wait{'' if many else 's'} for it.")
    elif own and own[0].linked:
        yield "It is built because another target has it as a context, but no stage reads it."
    for edge in explanation.readers:
        if edge.kind is EdgeKind.TAG:
            readers = listed(readers_of(report, edge.target))
            tag = ", ".join(edge.paths)
            yield printable(
                f"Its tag {tag} is read by {readers}: BuildKit does not wait for it, so build it first."
            )


def _instruction(edge: Edge, dockerfile: str) -> str:
    where = located(edge.line, dockerfile)
    if edge.kind is EdgeKind.FROM:
        return printable(f"FROM, {where}")
    paths = ", ".join(edge.paths) + (f"{ARROW}{edge.destination}" if edge.destination else "")
    return printable(f"{edge.kind.upper()} {paths}, {where}")


def _unneeded(report: Report, labels: Mapping[str, str], explanation: Explanation) -> Iterator[str]:
    for edge in explanation.readers:
        dockerfile = report.node(edge.target).dockerfile
        if edge.selectable:
            where = located(edge.line, dockerfile)
            yield printable(f"  {quoted(labels[edge.target])} is built from it {edge.why}, {where}")
        else:
            reader = quoted(labels[edge.target])
            yield f"  {reader} reads it by {_instruction(edge, dockerfile)}, but is not needed either"
    if not explanation.readers:
        yield "  Nothing reads it."
    if explanation.node.reach is Reach.SELECTABLE:
        yield f"  Other options make it needed: {explanation.node.why}."
    elif explanation.node.reach is Reach.IDLE:
        yield f"  It is built only {explanation.node.why}."
    elif explanation.node.reach is Reach.UNKNOWN:
        yield f"  It cannot be decided whether it is dead: {explanation.node.why}."
    else:
        yield f"  It is dead: {explanation.node.why}."
