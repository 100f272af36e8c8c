"""The edges of the stage graph: one for every instruction that reads something.

Words are expanded as far as a reader of the graph needs it. A word that cannot be expanded stays as
it is written; ``stagegraph.dockerfile.evaluate`` reports why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from stagegraph.dockerfile import references
from stagegraph.dockerfile.expand import Budget, ExpansionError
from stagegraph.dockerfile.instructions import Copy, Run, mount_source
from stagegraph.dockerfile.mounts import Mount, MountError, read_mount
from stagegraph.dockerfile.paths import PathError, destination, is_absolute
from stagegraph.dockerfile.scope import Scope
from stagegraph.dockerfile.stages import Command, Resolved, StageOrImage
from stagegraph.model import CONTEXT_ID, Edge, EdgeKind, NodeKind, image_id, remote_id, stage_id


def node_of(source: StageOrImage) -> tuple[str, NodeKind, str] | None:
    """Id, kind and label of the node of a stage or image; None for scratch, which is not a node."""
    if source.is_stage:
        return stage_id(source.index), NodeKind.STAGE, source.title
    return base_node(source)


def base_node(source: StageOrImage) -> tuple[str, NodeKind, str] | None:
    """Id, kind and label of what ``source`` is made from; None for another stage and for scratch."""
    if source.context:
        return f"{NodeKind.NAMED_CONTEXT}:{source.context_name}", NodeKind.NAMED_CONTEXT, source.context_name
    if not source.reference:
        return None
    return image_id(source.reference), NodeKind.IMAGE, source.base


def edges_of(resolved: Resolved) -> Iterator[Edge]:
    """The edges of one resolved Dockerfile, stage by stage in the order of the file."""
    scopes: dict[int, Scope] = {}
    budget = Budget()
    for stage in resolved.counted_sources:
        if not stage.is_stage:
            break
        base = scopes.get(stage.base_index) if stage.base_index is not None else None
        scope = scopes[stage.index] = Scope(resolved, stage, base, budget)
        yield from _from(resolved, stage)
        for command in () if stage.replaced else stage.commands:
            yield from _edges(scope, command)


def _from(resolved: Resolved, stage: StageOrImage) -> Iterator[Edge]:
    node = base_node(stage) if stage.base_index is None else node_of(resolved.sources[stage.base_index])
    if node and stage.span:
        yield Edge(source=node[0], target=stage_id(stage.index), kind=EdgeKind.FROM, line=stage.span.line)


def _edges(scope: Scope, command: Command) -> Iterator[Edge]:
    """The edges of one instruction; other instructions change the scope."""
    item = command.instruction
    if isinstance(item, Copy):
        yield from _copies(scope, item, command)
    elif isinstance(item, Run):
        yield from _mounts(scope, item, command)
    else:
        with suppress(ExpansionError, PathError):
            scope.apply(item)


def _copies(scope: Scope, item: Copy, command: Command) -> Iterator[Edge]:
    paths = tuple(_or_written(scope.written, word) for word in item.sources)
    if command.sources:
        source = node_of(scope.resolved.sources[command.sources[0]])
        if source:
            yield _copy_edge(scope, item, command, source[0], paths)
        return
    addresses = _addresses(scope, item)
    local = tuple(path for path, address in zip(paths, addresses, strict=True) if not address)
    if local:
        yield _copy_edge(scope, item, command, CONTEXT_ID, local)
    for address in sorted(set(filter(None, addresses))):
        yield _copy_edge(scope, item, command, remote_id(address), (address,))


def _copy_edge(scope: Scope, item: Copy, command: Command, source: str, paths: tuple[str, ...]) -> Edge:
    to = _or_written(scope.written, item.destination)
    return Edge(
        source=source,
        target=stage_id(scope.stage.index),
        kind=EdgeKind.ADD if item.add else EdgeKind.COPY,
        line=item.span.line,
        paths=paths,
        destination=to,
        lands=_lands(scope, to),
        onbuild=command.onbuild,
        link=item.link,
    )


def _lands(scope: Scope, to: str) -> str:
    """The destination ``to`` from the root; empty where a variable or a directory of an image decides."""
    try:
        known = scope.knows_workdir or is_absolute(to, windows=scope.windows)
        if known and "$" not in to:
            return destination(scope.workdir, to, windows=scope.windows)
    except PathError:
        pass
    return ""


def _addresses(scope: Scope, item: Copy) -> list[str]:
    """The address that each source is downloaded from, empty for local files."""
    if not item.add:
        return [""] * len(item.sources)
    words = [_or_written(scope.expand, word) for word in item.sources]
    return [word if references.is_remote(word) else "" for word in words]


def _mounts(scope: Scope, item: Run, command: Command) -> Iterator[Edge]:
    for fields, index in zip(item.mounts, command.sources, strict=False):
        mount = _mount(scope, fields)
        if mount_source(fields):
            node = node_of(scope.resolved.sources[index])
            source = node[0] if node else ""
        else:
            source = CONTEXT_ID if mount and mount.is_local else ""
        if source:
            yield Edge(
                source=source,
                target=stage_id(scope.stage.index),
                kind=EdgeKind.MOUNT,
                line=item.span.line,
                paths=(mount.source or "/",) if mount else (),
                destination=mount.target if mount else "",
                onbuild=command.onbuild,
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
