"""Why a stage is needed, or why not, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
    lines = (line for text in _lines(labels, explanation) for line in text.split("\n"))
    return "".join(f"{part}\n" for line in lines for part in wrapped(line, width, _HANGING))


def _lines(labels: Mapping[str, str], explanation: Explanation) -> Iterator[str]:
    node = explanation.node
    line = f" (line {node.line})" if node.line else ""
    yield f"{quoted(labels[node.id])}{line} {_ROLES[node.role]}."
    for path in explanation.ways:
        yield ""
        yield f"  {labels[path[0].source]}"
        for edge in path:
            yield f"    → {labels[edge.target]}: {_instruction(edge)}"
    if explanation.more:
        yield "\n  ... and other paths"
    if not node.needed:
        yield from _unneeded(labels, explanation)


def _instruction(edge: Edge) -> str:
    if edge.kind is EdgeKind.FROM:
        return f"FROM, line {edge.line}"
    paths = ", ".join(edge.paths) + (f"{ARROW}{edge.destination}" if edge.destination else "")
    return printable(f"{edge.kind.upper()} {paths}, line {edge.line}")


def _unneeded(labels: Mapping[str, str], explanation: Explanation) -> Iterator[str]:
    for edge in explanation.readers:
        if edge.selectable:
            yield f"  {quoted(labels[edge.target])} is built from it {edge.why}, line {edge.line}"
        else:
            reader = quoted(labels[edge.target])
            yield f"  {reader} reads it by {_instruction(edge)}, but is not needed either"
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
