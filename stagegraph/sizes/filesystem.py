"""The files of an image: which of its layers' files are in it, and which a later layer hides.

Layers are gone through from the last to the first, so each file is looked at once. See the OCI image
specification, layer.md, "Applying changesets".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from stagegraph.sizes.layer import DIRECTORY, FILE, HARDLINK, OPAQUE, WHITEOUT, Layer


class Position(NamedTuple):
    """A file of an image: the position of its layer, and its position in that layer."""

    layer: int
    file: int


class Hidden(NamedTuple):
    """A regular file that is not in the image, and the file or whiteout that hides it."""

    file: Position
    by: Position


class Filesystem(Struct, frozen=True, kw_only=True):
    """The regular files of ``layers``: those ``visible`` after the last of them, and those ``hidden``."""

    layers: tuple[Layer, ...]
    visible: tuple[Position, ...]
    hidden: tuple[Hidden, ...]

    def name(self, at: Position) -> str:
        """The path of a file, without ``/`` at its start."""
        return self.layers[at.layer].names[at.file]

    def size(self, at: Position) -> int:
        """The bytes of a file."""
        return self.layers[at.layer].sizes[at.file]

    def is_same_content(self, one: Position, other: Position) -> bool:
        """Whether both are regular files with the same bytes."""
        first, second = self.layers[one.layer], self.layers[other.layer]
        return (
            first.kinds[one.file] == second.kinds[other.file] == FILE
            and first.sizes[one.file] == second.sizes[other.file]
            and first.contents[one.file] == second.contents[other.file]
        )


def filesystem(layers: Sequence[Layer]) -> Filesystem:
    """The files of an image of ``layers``, the lowest first."""
    above = _Above(layers)
    visible: list[Position] = []
    hidden: list[Hidden] = []
    for number in range(len(layers) - 1, -1, -1):
        own_visible, own_hidden = _of_layer(layers, number, above)
        visible.extend(own_visible)
        hidden.extend(own_hidden)
    return Filesystem(layers=tuple(layers), visible=tuple(visible[::-1]), hidden=tuple(hidden[::-1]))


class _Above:
    """What the layers above one hold and remove; where several do, the nearest."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers
        self._names: dict[str, Position] = {}  # files, folders and whiteouts
        self._emptied: dict[str, Position] = {}  # folders of which nothing below is in the image
        self._folders: dict[str, Position | None] = {}  # what hides all of a folder, for one layer

    def hides(self, name: str, kind: str) -> Position | None:
        """What hides a file called ``name`` of a lower layer."""
        by = self._names.get(name)
        if by is not None and not kind == self._kind(by) == DIRECTORY:
            return by
        return self._hides_all(name.rpartition("/")[0])

    def _kind(self, at: Position) -> str:
        return self._layers[at.layer].kinds[at.file]

    def _hides_all(self, folder: str) -> Position | None:
        """What hides everything in ``folder``."""
        walked = []
        by = None
        while by is None and folder not in self._folders:
            walked.append(folder)
            by = self._empties(folder)
            if not folder:
                break
            folder = folder.rpartition("/")[0]
        else:
            by = by or self._folders.get(folder)
        self._folders.update(dict.fromkeys(walked, by))
        return by

    def _empties(self, folder: str) -> Position | None:
        by = self._emptied.get(folder)
        own = self._names.get(folder) if by is None else None
        return own if own is not None and self._kind(own) != DIRECTORY else by

    def add(self, own: dict[str, Position], removed: dict[str, Position]) -> None:
        """Add a layer, which has ``own`` files and removes ``removed``, below those that are known."""
        for name, at in own.items():
            before = self._names.get(name) if self._kind(at) == DIRECTORY else None
            if before is not None and self._kind(before) != DIRECTORY:
                self._emptied.setdefault(name, before)
        whiteouts = {name: at for name, at in removed.items() if self._kind(at) == WHITEOUT}
        self._names |= whiteouts | own
        self._emptied |= removed
        self._folders = {}


def _of_layer(layers: Sequence[Layer], number: int, above: _Above) -> tuple[list[Position], list[Hidden]]:
    """The visible and the hidden regular files of one layer, last first; ``above`` gets what it holds."""
    layer = layers[number]
    own: dict[str, Position] = {}
    removed: dict[str, Position] = {}
    visible: list[Position] = []
    hidden: list[Hidden] = []
    linked: set[str] = set()  # a hard link that is visible keeps the bytes of what it leads to
    for file in range(len(layer.names) - 1, -1, -1):
        kind, name, at = layer.kinds[file], layer.names[file], Position(number, file)
        if kind in (WHITEOUT, OPAQUE):
            removed[name] = at
            continue
        by = own.get(name) or above.hides(name, kind)
        own.setdefault(name, at)
        if kind == HARDLINK and by is None:
            linked.add(layer.links[file])
        elif kind == FILE and by is None:
            visible.append(at)
        elif kind == FILE and by is not None:
            hidden.append(Hidden(at, by))
    above.add(own, removed)
    if linked:
        visible.extend(one.file for one in hidden if layer.names[one.file.file] in linked)
        hidden = [one for one in hidden if layer.names[one.file.file] not in linked]
    return visible, hidden
