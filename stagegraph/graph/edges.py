"""The edges of the stage graph: one for every instruction that reads something."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NamedTuple

from stagegraph.dockerfile import references
from stagegraph.dockerfile.expand import ExpansionError
from stagegraph.dockerfile.instructions import Copy, Run, mount_source
from stagegraph.dockerfile.mounts import Mount, MountError, read_mount
from stagegraph.dockerfile.paths import PathError, is_absolute
from stagegraph.dockerfile.paths import destination as absolute
from stagegraph.dockerfile.scope import Scope
from stagegraph.dockerfile.stages import Command, Resolved, StageOrImage
from stagegraph.graph.build import TargetBuild
from stagegraph.model import Edge, EdgeKind, NodeKind


class Read(NamedTuple):
    """One thing that one instruction reads.

    ``place`` is an index of Resolved.sources, None for the build context or what ``remote`` fetches.
    """

    command: Command
    place: int | None = None
    remote: str = ""  # the address of what ADD fetches
    mounted: bool = False
    paths: tuple[str, ...] = ()
    destination: str = ""
    lands: str = ""  # the destination from the root, where that can be known


def reads_of(resolved: Resolved) -> Iterator[tuple[StageOrImage, list[Read]]]:
    """Every stage with what its instructions read, in the order of the file."""
    scopes: dict[int, Scope] = {}
    for place in resolved.sources[: len(resolved.file.stages)]:
        base = scopes.get(place.base_index) if place.base_index is not None else None
        scope = scopes[place.index] = Scope(resolved, place, base)
        commands = () if place.replaced else place.commands
        yield place, [read for command in commands for read in _reads(scope, command)]


def _reads(scope: Scope, command: Command) -> Iterator[Read]:
    item = command.instruction
    if isinstance(item, Copy):
        yield from _copied(scope, item, command)
    elif isinstance(item, Run):
        if item.mounts:
            yield from _mounted(scope, item, command)
    else:
        with suppress(ExpansionError, PathError):
            scope.apply(item)


def _copied(scope: Scope, item: Copy, command: Command) -> Iterator[Read]:
    paths = tuple(_or_written(scope.written, word) for word in item.sources)
    destination = _or_written(scope.written, item.destination)
    lands = _lands(scope, destination)
    if command.sources:
        yield Read(
            command=command, place=command.sources[0], paths=paths, destination=destination, lands=lands
        )
        return
    fetched = _fetched(scope, item)
    local = tuple(path for path, address in zip(paths, fetched, strict=True) if not address)
    if local:
        yield Read(command=command, paths=local, destination=destination, lands=lands)
    for address in sorted(set(filter(None, fetched))):
        yield Read(command=command, remote=address, paths=(address,), destination=destination, lands=lands)


def _lands(scope: Scope, destination: str) -> str:
    """``destination`` from the root; empty where a variable or a directory of an image is part of it."""
    try:
        known = scope.knows_workdir or is_absolute(destination, windows=scope.windows)
        if known and "$" not in destination:
            return absolute(scope.workdir, destination, windows=scope.windows)
    except PathError:
        pass
    return ""


def _fetched(scope: Scope, item: Copy) -> list[str]:
    """The address that each source is fetched from, empty for local files."""
    if not item.add:
        return [""] * len(item.sources)
    addresses = [_or_written(scope.expand, word) for word in item.sources]
    return [address if references.is_remote(address) else "" for address in addresses]


def _mounted(scope: Scope, item: Run, command: Command) -> Iterator[Read]:
    for fields, source in zip(item.mounts, command.sources, strict=True):
        mount = _mount(scope, fields)
        place = source if mount_source(fields) else None
        if place is None and not (mount and mount.is_local):
            continue
        yield Read(
            command=command,
            place=place,
            mounted=True,
            paths=(mount.source or "/",) if mount else (),
            destination=mount.target if mount else "",
        )


def _mount(scope: Scope, fields: tuple[str, ...]) -> Mount | None:
    try:
        return read_mount(fields, scope.expand)
    except (ExpansionError, MountError):
        return None


def _or_written(expand: Callable[[str], str], word: str) -> str:
    try:
        return expand(word)
    except ExpansionError:
        return word


CONTEXT = "context"


def node_of(variant: TargetBuild, index: int) -> tuple[str, NodeKind, str] | None:
    """Id, kind and label of the node that place ``index`` is drawn as; None for scratch."""
    place = variant.resolved.sources[index]
    if place.is_stage:
        return f"stage:{index}", NodeKind.STAGE, place.title
    return source_of(place)


def source_of(place: StageOrImage) -> tuple[str, NodeKind, str] | None:
    """Id, kind and label of what a place is made from, when that is no stage and not scratch."""
    if place.context:
        return f"named-context:{place.context_name}", NodeKind.NAMED_CONTEXT, place.context_name
    if not place.reference:
        return None
    return f"image:{place.reference}", NodeKind.IMAGE, place.base


def edges_of(variant: TargetBuild) -> Iterator[Edge]:
    """The edges of one variant, stage by stage in the order of the file."""
    for place, reads in reads_of(variant.resolved):
        yield from _from(variant, place)
        target = f"stage:{place.index}"
        for read in reads:
            source = _source(variant, read)
            if source:
                yield _edge(read, source, target)


def _from(variant: TargetBuild, place: StageOrImage) -> Iterator[Edge]:
    found = source_of(place) if place.base_index is None else node_of(variant, place.base_index)
    if found and place.span:
        yield Edge(source=found[0], target=f"stage:{place.index}", kind=EdgeKind.FROM, line=place.span.line)


def _source(variant: TargetBuild, read: Read) -> str:
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
