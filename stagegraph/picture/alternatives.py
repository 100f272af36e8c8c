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
    if view.all:
        return report
    nodes = tuple(_idle(node) if not node.platform_exists else node for node in report.nodes)
    edges = tuple(edge for edge in report.edges if edge.platform_exists)
    return replace(report, nodes=nodes, edges=edges)


def _idle(node: Node) -> Node:
    if node.reach is not Reach.SELECTABLE:
        return node
    named = node.kind is NodeKind.STAGE and node.label != f"stage-{node.index}"
    return replace(node, reach=Reach.IDLE, why=f"as target `{node.label}`" if named else "")
