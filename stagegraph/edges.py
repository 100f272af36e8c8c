"""The edges of the stage graph: one for every instruction that reads something."""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.build import Variant
from stagegraph.dockerfile.actions import Action, CopyAction, RunAction
from stagegraph.dockerfile.instructions import Copy, Run, mount_source
from stagegraph.dockerfile.references import familiar_reference
from stagegraph.dockerfile.stages import Command, Place
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
        name = place.name if place.replaced else familiar_reference(place.base)
        return f"named-context:{name}", NodeKind.NAMED_CONTEXT, name
    if not place.reference:
        return None
    return f"image:{place.reference}", NodeKind.IMAGE, place.base


def edges_of(variant: Variant) -> Iterator[Edge]:
    """The edges of one variant, stage by stage in the order of the file."""
    count = len(variant.resolved.file.stages)
    for place, actions in zip(variant.resolved.places[:count], variant.actions, strict=False):
        yield from _from(variant, place)
        if not place.replaced:
            by_command = {action.command: action for action in actions.actions}
            for position, command in enumerate(place.commands):
                yield from _reads(variant, place, command, by_command.get(position))


def _from(variant: Variant, place: Place) -> Iterator[Edge]:
    found = source_of(place) if place.base_index is None else node_of(variant, place.base_index)
    if found and place.span:
        yield Edge(source=found[0], target=f"stage:{place.index}", kind=EdgeKind.FROM, line=place.span.line)


def _reads(variant: Variant, place: Place, command: Command, action: Action | None) -> Iterator[Edge]:
    item = command.instruction
    if isinstance(item, Copy):
        yield from _copies(variant, place, command, item, action)
    elif isinstance(item, Run) and item.mounts:
        yield from _mounts(variant, place, command, item, action)


def _copies(
    variant: Variant, place: Place, command: Command, item: Copy, action: Action | None
) -> Iterator[Edge]:
    copied = action if isinstance(action, CopyAction) else None
    paths = copied.paths if copied else item.sources
    destination = copied.destination if copied else item.destination
    fetched = {remote.address for remote in copied.remotes} if copied else set()
    kind = EdgeKind.ADD if item.add else EdgeKind.COPY
    for source, read in _copy_sources(variant, command, paths, fetched):
        yield Edge(
            source=source,
            target=f"stage:{place.index}",
            kind=kind,
            line=item.span.line,
            paths=read,
            destination=destination,
            onbuild=command.onbuild,
            link=item.link,
        )


def _copy_sources(
    variant: Variant, command: Command, paths: tuple[str, ...], fetched: set[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What is read, and which paths of it."""
    if command.sources:
        found = node_of(variant, command.sources[0])
        if found:
            yield found[0], paths
        return
    local = tuple(path for path in paths if path not in fetched)
    if local:
        yield CONTEXT, local
    for address in sorted(fetched):
        yield f"remote:{address}", (address,)


def _mounts(
    variant: Variant, place: Place, command: Command, item: Run, action: Action | None
) -> Iterator[Edge]:
    mounts = action.mounts if isinstance(action, RunAction) else ()
    for position, (fields, source) in enumerate(zip(item.mounts, command.sources, strict=True)):
        mount = mounts[position][0] if mounts else None
        found = node_of(variant, source) if mount_source(fields) else None
        if mount and mount.is_local:
            found = (CONTEXT, NodeKind.CONTEXT, "")
        if found:
            yield Edge(
                source=found[0],
                target=f"stage:{place.index}",
                kind=EdgeKind.MOUNT,
                line=item.span.line,
                paths=(mount.source or "/",) if mount else (),
                destination=mount.target if mount else "",
                onbuild=command.onbuild,
            )
