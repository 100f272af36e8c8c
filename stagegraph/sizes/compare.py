"""Compares the sizes of two images: what grew, by line and by folder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from msgspec import Struct

from stagegraph.sizes.sizes import LayerSize, Sizes

BASE = "base image"


class SizeChange(Struct, frozen=True, kw_only=True):
    """The bytes of one line or folder before and after; None where it did not exist."""

    name: str  # the instruction, "base image", or the path of a folder
    line_before: int | None = None
    line_after: int | None = None
    before: int | None = None
    after: int | None = None

    @property
    def grown(self) -> int:
        """How many bytes more there are after."""
        return (self.after or 0) - (self.before or 0)


class SizeComparison(Struct, frozen=True, kw_only=True):
    """Two images, and what changed from one to the other, the largest change first."""

    before: Sizes
    after: Sizes
    lines: tuple[SizeChange, ...]  # by the unpacked bytes of layers
    folders: tuple[SizeChange, ...]  # by bytes in the image


def compare_sizes(before: Sizes, after: Sizes) -> SizeComparison:
    """What changed from ``before`` to ``after``.

    Layers are matched by the instruction that made them, those of equal instructions in their order.
    """
    return SizeComparison(
        before=before,
        after=after,
        lines=_sorted(_lines(_by_instruction(before), _by_instruction(after))),
        folders=_sorted(_folders(before, after)),
    )


def _sorted(changes: Iterator[SizeChange]) -> tuple[SizeChange, ...]:
    return tuple(sorted((one for one in changes if one.grown), key=lambda one: (-abs(one.grown), one.name)))


_Key = tuple[str, int]


def _by_instruction(sizes: Sizes) -> dict[_Key, list[LayerSize]]:
    """The layers by instruction and its ordinal; all of the base image are one."""
    layers: dict[_Key, list[LayerSize]] = defaultdict(list)
    seen: dict[str, int] = defaultdict(int)
    for layer in sizes.layers:
        if layer.line is None and sizes.dockerfile:
            layers[BASE, 0].append(layer)
        else:
            layers[layer.created_by, seen[layer.created_by]].append(layer)
            seen[layer.created_by] += 1
    return layers


def _lines(
    before: Mapping[_Key, list[LayerSize]], after: Mapping[_Key, list[LayerSize]]
) -> Iterator[SizeChange]:
    for key in {**before, **after}:
        own, other = before.get(key), after.get(key)
        yield SizeChange(
            name=key[0],
            line_before=own[0].line if own else None,
            line_after=other[0].line if other else None,
            before=sum(layer.unpacked for layer in own) if own else None,
            after=sum(layer.unpacked for layer in other) if other else None,
        )


def _folders(before: Sizes, after: Sizes) -> Iterator[SizeChange]:
    own = {folder.path: folder.bytes for folder in before.folders}
    other = {folder.path: folder.bytes for folder in after.folders}
    for path in {**own, **other}:
        yield SizeChange(name=path, before=own.get(path), after=other.get(path))
