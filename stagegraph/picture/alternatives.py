"""What to show of a report as another choice: only what an existing platform, or an argument, chooses."""

from __future__ import annotations

from msgspec.structs import replace

from stagegraph.model import Node, NodeKind, Reach, Report
from stagegraph.picture.view import View


def likely(report: Report, view: View) -> Report:
    """``report`` without choices of platforms that do not exist; all of it if ``view`` asks for everything.

    BuildKit accepts any name as a platform, so ``FROM bin-$TARGETOS`` can choose `bin-unix`. A stage that
    only such a platform chooses is idle here; a named one is built as a target.
    """
    gone = sum(not edge.platform_exists for edge in report.edges)
    if view.all or not (gone or any(not node.platform_exists for node in report.nodes)):
        return report
    nodes = tuple(_idle(node) if not node.platform_exists else node for node in report.nodes)
    edges = tuple(edge for edge in report.edges if edge.platform_exists)
    notes = (*report.notes, *([_note(gone)] if gone else []))
    return replace(report, nodes=nodes, edges=edges, notes=notes)


def _note(count: int) -> str:
    if count == 1:
        return "a choice for a platform that does not exist is left out; --all draws it"
    return f"{count} choices for platforms that do not exist are left out; --all draws them"


def _idle(node: Node) -> Node:
    if node.reach is not Reach.SELECTABLE:
        return node
    named = node.kind is NodeKind.STAGE and node.label != f"stage-{node.index}"
    return replace(node, reach=Reach.IDLE, why=f"as target `{node.label}`" if named else "")
