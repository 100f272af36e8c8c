"""The files of an image: which of its layers' files are in it, and which a later layer hides.

Layers are gone through from the last to the first, so each file is looked at once. See the OCI image
specification, layer.md, "Applying changesets".
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
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
    """The regular files of ``layers``: those ``visible`` after the last of them, and those ``hidden``.

    ``fates`` has a number for each file of each layer: ``_VISIBLE``, ``_OTHER`` for what is not a regular
    file, or the place of what hides it. Large images have so many files that an object for each is too much.
    """

    layers: tuple[Layer, ...]
    fates: tuple[array[int], ...]

    @property
    def visible(self) -> Iterator[Position]:
        """The files that are in the image, the lowest layer first."""
        for layer, fates in enumerate(self.fates):
            yield from (Position(layer, file) for file, fate in enumerate(fates) if fate == _VISIBLE)

    @property
    def hidden(self) -> Iterator[Hidden]:
        """The files that are not, the lowest layer first."""
        for layer, fates in enumerate(self.fates):
            for file, fate in enumerate(fates):
                if fate >= 0:
                    yield Hidden(Position(layer, file), _unpacked(fate))

    def is_visible(self, at: Position) -> bool:
        """Whether it is a regular file that is in the image."""
        return self.fates[at.layer][at.file] == _VISIBLE

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

    def is_same_mode(self, one: Position, other: Position) -> bool:
        """Whether both have the same mode and owner."""
        first, second = self.layers[one.layer], self.layers[other.layer]
        return (first.modes[one.file], first.owners[one.file]) == (
            second.modes[other.file],
            second.owners[other.file],
        )


_VISIBLE, _OTHER = -1, -2
_Place = int  # a Position as one number, which needs less memory


def _packed(layer: int, file: int) -> _Place:
    return layer << 32 | file


def _unpacked(place: _Place) -> Position:
    return Position(place >> 32, place & 0xFFFFFFFF)


def filesystem(layers: Sequence[Layer]) -> Filesystem:
    """The files of an image of ``layers``, the lowest first."""
    above = _Above(layers)
    fates = [_fates(layers, number, above) for number in range(len(layers) - 1, -1, -1)]
    return Filesystem(layers=tuple(layers), fates=tuple(fates[::-1]))


class _Above:
    """What the layers above one hold and remove; where several do, the nearest."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers
        self._names: dict[str, _Place] = {}  # files, folders and whiteouts
        self._emptied: dict[str, _Place] = {}  # folders of which nothing below is in the image
        self._folders: dict[str, _Place | None] = {}  # what hides all of a folder, for one layer

    def hides(self, name: str, kind: str) -> _Place | None:
        """What hides a file called ``name`` of a lower layer."""
        by = self._names.get(name)
        if by is not None and not kind == self._kind(by) == DIRECTORY:
            return by
        return self._hides_all(name.rpartition("/")[0])

    def _kind(self, place: _Place) -> str:
        at = _unpacked(place)
        return self._layers[at.layer].kinds[at.file]

    def _hides_all(self, folder: str) -> _Place | None:
        """What hides everything in ``folder``."""
        around = folder
        by = None
        while by is None and around not in self._folders:
            by = self._empties(around)
            if not around:
                break
            around = around.rpartition("/")[0]
        else:
            by = self._folders.get(around) if by is None else by
        self._folders[folder] = by  # not of the folders around it: paths can have thousands
        return by

    def _empties(self, folder: str) -> _Place | None:
        by = self._emptied.get(folder)
        own = self._names.get(folder) if by is None else None
        return own if own is not None and self._kind(own) != DIRECTORY else by

    def add(self, own: dict[str, _Place], removed: dict[str, _Place]) -> None:
        """Add a layer, which has ``own`` files and removes ``removed``, below those that are known."""
        for name, place in own.items():
            before = self._names.get(name) if self._kind(place) == DIRECTORY else None
            if before is not None and self._kind(before) != DIRECTORY:
                self._emptied.setdefault(name, before)
        whiteouts = {name: place for name, place in removed.items() if self._kind(place) == WHITEOUT}
        self._names.update(whiteouts)
        self._names.update(own)
        self._emptied |= removed
        self._folders = {}


def _fates(layers: Sequence[Layer], number: int, above: _Above) -> array[int]:
    """The fate of each file of one layer, of which the last of one name counts; ``above`` gets the layer."""
    layer = layers[number]
    own: dict[str, _Place] = {}
    removed: dict[str, _Place] = {}
    fates = array("q", [_OTHER]) * len(layer.names)
    linked: set[str] = set()  # a hard link that is visible keeps the bytes of what it leads to
    for file in range(len(layer.names) - 1, -1, -1):
        kind, name = layer.kinds[file], layer.names[file]
        if kind in (WHITEOUT, OPAQUE):
            removed[name] = _packed(number, file)
            continue
        before = own.setdefault(name, _packed(number, file))
        by = above.hides(name, kind) if before == _packed(number, file) else before
        if kind == HARDLINK and by is None:
            linked.add(layer.links[file])
        elif kind == FILE:
            fates[file] = _VISIBLE if by is None else by
    if number:
        above.add(own, removed)
    for file, fate in enumerate(fates if linked else ()):
        if fate >= 0 and layer.names[file] in linked:
            fates[file] = _VISIBLE
    return fates
