"""Measures an image: bytes by layer, line, stage and copied path, what is wrong, what stays behind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from stagegraph.graph.build import Build
from stagegraph.graph.report import analyse
from stagegraph.model import CONTEXT_ID, NodeKind, Report, stage_id
from stagegraph.records.record import Tick
from stagegraph.sizes import kinds
from stagegraph.sizes.filesystem import Filesystem, filesystem
from stagegraph.sizes.image import Image, read_image
from stagegraph.sizes.layer import DIRECTORY, Layer
from stagegraph.sizes.lines import Origin, Origins, origins
from stagegraph.sizes.packages import package_counts
from stagegraph.sizes.usage import CacheRecord, Usage, usage_of
from stagegraph.sizes.waste import SizeFinding, findings


class LayerSize(Struct, frozen=True, kw_only=True):
    """One layer: its line, and its bytes. ``line`` and ``node`` are None for a layer of the base image."""

    number: int  # from 1, the lowest first
    digest: str
    created_by: str  # its entry of history, empty if unknown
    line: int | None
    node: str | None  # Node.id of its stage
    packed: int  # bytes as they are in the archive
    unpacked: int  # bytes of its files
    in_image: int  # bytes of its files that no later layer hides
    files: int


class CopiedSize(Struct, frozen=True, kw_only=True):
    """What one COPY or ADD brings into the image."""

    line: int
    node: str  # Node.id of what it reads
    paths: tuple[str, ...]  # in the source
    unpacked: int
    in_image: int


class FolderSize(Struct, frozen=True, kw_only=True):
    """The bytes in the image below one folder."""

    path: str
    bytes: int
    files: int


class LeftSize(Struct, frozen=True, kw_only=True):
    """What the cache keeps of a stage or image that is not in the image; ``bytes`` is None if unknown."""

    node: str
    label: str
    bytes: int | None


class Sizes(Struct, frozen=True, kw_only=True):
    """What an image weighs, and why. All sizes are in bytes.

    ``left_behind`` is None without the records of the cache.
    """

    archive: str
    name: str
    platform: str
    dockerfile: str  # empty without one, or when it did not make the image
    packed: int
    unpacked: int  # of all files of all layers
    in_image: int  # of the files that are in the image
    layers: tuple[LayerSize, ...]
    copied: tuple[CopiedSize, ...]
    folders: tuple[FolderSize, ...]  # of the root
    findings: tuple[SizeFinding, ...]
    packages: dict[str, int]
    tools: dict[str, tuple[str, ...]]  # the programs that ship, by kind
    left_behind: tuple[LeftSize, ...] | None
    notes: tuple[str, ...]

    @property
    def wasted(self) -> int:
        """The bytes of files that a later layer hides."""
        return self.unpacked - self.in_image


def sizes_of(
    path: str,
    build: Build | None,
    *,
    platform: str = "",
    name: str = "",
    records: Sequence[CacheRecord] = (),
    tick: Tick,
) -> Sizes:
    """Measure the image in the archive at ``path``, which ``build`` made.

    Raises InputError as ``read_image`` does.
    """
    image = read_image(path, tick, kinds.kept_bytes, platform=platform, name=name)
    files = filesystem(image.layers)
    made = origins(image.history, len(image.layers), build.target_builds[0] if build else None)
    known = build if build and not made.disagreement else None
    in_image = _bytes_in_image(files)
    return Sizes(
        archive=image.archive,
        name=image.name,
        platform=image.platform,
        dockerfile=known.source.name if known else "",
        packed=image.packed,
        unpacked=image.unpacked,
        in_image=sum(in_image),
        layers=tuple(_layers(image, made, in_image)),
        copied=tuple(_copied(image, made, in_image)),
        folders=tuple(_folders(files)),
        findings=findings(files, made.by_layer),
        packages=package_counts(files, image.attestations),
        tools=_tools(files),
        left_behind=_left_behind(known, usage_of(known, records)) if known and records else None,
        notes=tuple(_notes(image, made, build)),
    )


def _bytes_in_image(files: Filesystem) -> list[int]:
    """The bytes of the files of each layer that are in the image."""
    totals = [0] * len(files.layers)
    for at in files.visible:
        totals[at.layer] += files.size(at)
    return totals


def _layers(image: Image, made: Origins, in_image: Sequence[int]) -> Iterator[LayerSize]:
    for position, (layer, origin) in enumerate(zip(image.layers, made.by_layer, strict=True)):
        yield LayerSize(
            number=position + 1,
            digest=layer.digest,
            created_by=origin.created_by if origin else "",
            line=origin.span.line if origin and origin.span else None,
            node=stage_id(origin.stage) if origin and origin.stage is not None else None,
            packed=layer.size,
            unpacked=layer.unpacked,
            in_image=in_image[position],
            files=len(layer.kinds) - layer.kinds.count(DIRECTORY),
        )
