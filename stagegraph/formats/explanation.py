"""An explanation in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stagegraph.graph.explain import Explanation
from stagegraph.model import Edge, EdgeKind, Reach, Report, Role
from stagegraph.picture.shorten import ARROW
from stagegraph.source import printable, quoted

_ROLES = {
    Role.TARGET: "is the target",
    Role.INHERITED: "is in the image: its layers come by FROM",
    Role.COPIED: "is in the image only with the paths that are copied from it",
    Role.MOUNTED: "is not in the image: a RUN reads it while building",
    Role.UPSTREAM: "is not in the image: something that is needed needs it",
    Role.UNNEEDED: "is not needed",
}


def explanation(report: Report, found: Explanation) -> str:
    """Why the target needs a node, or why nothing does."""
    return "\n".join(_lines({node.id: printable(node.label) for node in report.nodes}, found)) + "\n"


def _lines(labels: Mapping[str, str], found: Explanation) -> Iterator[str]:
    node = found.node
    place = f" (line {node.line})" if node.line else ""
    yield f"{quoted(labels[node.id])}{place} {_ROLES[node.role]}."
    for way in found.ways:
        yield ""
        yield f"  {labels[way[0].source]}"
        for edge in way:
            yield f"    → {labels[edge.target]}: {_how(edge)}"
    if found.more:
        yield "\n  ... and other ways"
    if not node.needed:
        yield from _unneeded(labels, found)


def _how(edge: Edge) -> str:
    if edge.kind is EdgeKind.FROM:
        return f"FROM, line {edge.line}"
    paths = ", ".join(edge.paths) + (f"{ARROW}{edge.destination}" if edge.destination else "")
    return printable(f"{edge.kind.upper()} {paths}, line {edge.line}")


def _unneeded(labels: Mapping[str, str], found: Explanation) -> Iterator[str]:
    for edge in found.readers:
        if edge.selectable:
            yield f"  {quoted(labels[edge.target])} would be built from it {edge.why}, line {edge.line}"
        else:
            yield f"  {quoted(labels[edge.target])} reads it by {_how(edge)}, but is not needed either"
    if not found.readers:
        yield "  Nothing reads it."
    if found.node.reach is Reach.SELECTABLE:
        yield f"  Another choice makes it needed: {found.node.why}."
    elif found.node.reach is Reach.IDLE:
        yield f"  It is built {found.node.why}."
    else:
        yield f"  It is dead: {found.node.why}."
