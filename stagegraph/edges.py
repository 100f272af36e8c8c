"""The edges of the stage graph: one for every instruction that reads something."""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.build import Variant
from stagegraph.dockerfile.instructions import Copy
from stagegraph.dockerfile.reads import Read, reads_of
from stagegraph.dockerfile.stages import Place
from stagegraph.model import Edge, EdgeKind, NodeKind

CONTEXT = "context"


def node_of(variant: Variant, index: int) -> tuple[str, NodeKind, str] | None:
    """Id, kind and label of the node that place ``index`` is drawn as; None for scratch."""
    place = variant.resolved.places[index]
    if place.is_stage:
        return f"stage:{index}", NodeKind.STAGE, place.title
    return source_of(place)


def source_of(place: Place) -> tuple[str, NodeKind, str] | None:
    """Id, kind and label of what a place is made from, when that is no stage and not scratch."""
    if place.context:
        return f"named-context:{place.context_name}", NodeKind.NAMED_CONTEXT, place.context_name
    if not place.reference:
        return None
    return f"image:{place.reference}", NodeKind.IMAGE, place.base


def edges_of(variant: Variant) -> Iterator[Edge]:
    """The edges of one variant, stage by stage in the order of the file."""
    for place, reads in reads_of(variant.resolved):
        yield from _from(variant, place)
        target = f"stage:{place.index}"
        for read in reads:
            source = _source(variant, read)
            if source:
                yield _edge(read, source, target)


def _from(variant: Variant, place: Place) -> Iterator[Edge]:
    found = source_of(place) if place.base_index is None else node_of(variant, place.base_index)
    if found and place.span:
        yield Edge(source=found[0], target=f"stage:{place.index}", kind=EdgeKind.FROM, line=place.span.line)


def _source(variant: Variant, read: Read) -> str:
    """The id of the node that is read; empty for scratch, which is no node."""
    if read.remote:
        return f"remote:{read.remote}"
    if read.place is None:
        return CONTEXT
    found = node_of(variant, read.place)
    return found[0] if found else ""


def _edge(read: Read, source: str, target: str) -> Edge:
    item = read.command.instruction
    added = isinstance(item, Copy) and item.add
    return Edge(
        source=source,
        target=target,
        kind=EdgeKind.MOUNT if read.mounted else EdgeKind.ADD if added else EdgeKind.COPY,
        line=item.span.line,
        paths=read.paths,
        destination=read.destination,
        lands=read.lands,
        onbuild=read.command.onbuild,
        link=isinstance(item, Copy) and item.link,
    )
