"""The bytes of an image as a tree: by line of the Dockerfile, then by directory, then by file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from stagegraph.sizes.filesystem import Filesystem, Position
from stagegraph.sizes.lines import Origins

_SMALLEST = 1 / 2000  # share of all bytes; what is smaller is in one leaf of its directory
_DEEPEST = 64  # directories in directories
_Entries = list[tuple[str, int]]  # path, bytes


class SizeNode(Struct, frozen=True, kw_only=True):
    """A part of an image; ``children`` have all its bytes, the largest first; a leaf has none."""

    name: str  # an instruction or a part of a path, several joined by "/" with nothing beside them
    kind: str  # "image", "line", "base image", "layer", "hidden", "directory", "file" or "small files"
    bytes: int
    files: int
    line: int | None = None  # of the Dockerfile
    children: tuple[SizeNode, ...] = ()


def size_tree(files: Filesystem, made: Origins, *, known: bool) -> SizeNode:
    """The files of an image, and those that a later layer hides, as one tree.

    ``known`` says that the Dockerfile made the image, so that layers without a line are its base image.
    """
    groups: dict[tuple[str, int | None, str], _Entries] = defaultdict(list)
    for at in files.visible:
        groups[_part_of(at, made, known=known)].append((files.name(at), files.size(at)))
    for hidden in files.hidden:
        entry = (files.name(hidden.file), files.size(hidden.file))
        groups["hidden", None, "hidden by a later layer"].append(entry)
    smallest = sum(layer.unpacked for layer in files.layers) * _SMALLEST
    parts = [
        _parent(name, kind, _inside(entries, 0, smallest, _DEEPEST), line)
        for (kind, line, name), entries in groups.items()
    ]
    return _parent("all files", "image", parts)


def _part_of(at: Position, made: Origins, *, known: bool) -> tuple[str, int | None, str]:
    """The kind, the line and the name of the part of the image that a file is in."""
    origin = made.by_layer[at.layer]
    if origin is not None and origin.span is not None:
        return "line", origin.span.line, origin.created_by
    if known:
        return "base image", None, "base image"
    return "layer", None, f"layer {at.layer + 1}"


def _inside(entries: _Entries, start: int, smallest: float, depth: int) -> Iterator[SizeNode]:
    """What ``entries`` are below the directory whose path, and the slash after it, has ``start`` letters."""
    groups: dict[str, _Entries] = defaultdict(list)
    for entry in entries:
        end = entry[0].find("/", start) if depth else -1
        groups[entry[0][start:] if end < 0 else entry[0][start : end + 1]].append(entry)
    small: _Entries = []
    for name, own in groups.items():
        if sum(size for _, size in own) < smallest:
            small += own
        elif name.endswith("/") and depth:
            yield _directory(name, own, start + len(name), smallest, depth - 1)
        else:
            yield _leaf(name, "file", own)
    if small:
        yield _leaf("small files", "small files", small)


def _directory(name: str, entries: _Entries, start: int, smallest: float, depth: int) -> SizeNode:
    children = tuple(_inside(entries, start, smallest, depth))
    if len(children) == 1:
        only = children[0]
        if only.kind == "directory":  # nothing is beside it: one step less to open
            return SizeNode(
                name=name + only.name,
                kind=only.kind,
                bytes=only.bytes,
                files=only.files,
                children=only.children,
            )
        if only.kind == "small files":
            return _leaf(name, "directory", entries)
    return _parent(name, "directory", children)


def _leaf(name: str, kind: str, entries: _Entries) -> SizeNode:
    return SizeNode(name=name, kind=kind, bytes=sum(size for _, size in entries), files=len(entries))


def _parent(name: str, kind: str, parts: Iterable[SizeNode], line: int | None = None) -> SizeNode:
    children: Sequence[SizeNode] = sorted(parts, key=lambda one: (-one.bytes, one.name))
    return SizeNode(
        name=name,
        kind=kind,
        bytes=sum(one.bytes for one in children),
        files=sum(one.files for one in children),
        line=line,
        children=tuple(children),
    )
