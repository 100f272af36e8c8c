"""Images that one bake target tags and another one reads by that tag.

BuildKit does not know of these: it pulls what the registry has. The first target must be built, and
pushed or loaded, before the other one.
"""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.dockerfile.references import ImageReferenceError, full_reference
from stagegraph.graph.edges import base_node
from stagegraph.graph.request import Request
from stagegraph.graph.stage_graph import ancestors
from stagegraph.model import BakeTarget, Edge, EdgeKind

_IMAGE = "docker-image://"  # of a named context


def tag_edges(request: Request) -> Iterator[Edge]:
    """An edge from the image of a bake target to each node that is pulled by one of its tags.

    References are compared as they are normalised; one with a digest is never a tag. An image that only
    the target itself reads is an older one of its own, and has no edge.
    """
    nodes = _pulled(request) if any(one.tags for one in request.bake_targets) else {}
    for target in request.bake_targets:
        tags = {_full(tag): tag for tag in target.tags}
        for node, reference in nodes.items():
            if reference in tags and _others_read(request, node, target):
                yield Edge(
                    source=target.node,
                    target=node,
                    kind=EdgeKind.TAG,
                    line=target.line or 1,
                    paths=(tags[reference],),
                    needed=bool(request.whole_graph.nodes[node]["needed"]),
                )


def _pulled(request: Request) -> dict[str, str]:
    """The full reference of every node that is pulled from a registry."""
    references = {}
    for part, one in request.builds:
        for source in one.resolved.sources:
            node = base_node(source)
            if node and (not source.context or source.context.startswith(_IMAGE)):
                text = source.context.removeprefix(_IMAGE) or source.reference
                references[part.naming.node_id(node[0])] = _full(text)
    return {node: reference for node, reference in references.items() if reference}


def _full(reference: str) -> str:
    try:
        return full_reference(reference)
    except ImageReferenceError:
        return ""


def _others_read(request: Request, node: str, target: BakeTarget) -> bool:
    own = ancestors(request.whole_graph, [target.node])
    return any(reader not in own for reader in request.whole_graph.succ[node])
