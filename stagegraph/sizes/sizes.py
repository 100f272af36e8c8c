"""Measures an image: bytes by layer, line, stage and copied path, what is wrong, what stays behind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from msgspec import Struct

from stagegraph.dockerfile.stages import StageOrImage
from stagegraph.graph.build import Build
from stagegraph.graph.edges import node_of
from stagegraph.graph.report import analyse
from stagegraph.model import CONTEXT_ID, stage_id
from stagegraph.sizes import kinds
from stagegraph.sizes.filesystem import Filesystem, Position, filesystem
from stagegraph.sizes.image import Image
from stagegraph.sizes.layer import DIRECTORY, HARDLINK, SYMLINK, Layer
from stagegraph.sizes.left_behind import LeftSize, could_stay, left_behind, unknown_steps
from stagegraph.sizes.lines import Origins, origins
from stagegraph.sizes.packages import package_counts
from stagegraph.sizes.tree import SizeNode, size_tree
from stagegraph.sizes.usage import CacheRecord, usage_of
from stagegraph.sizes.waste import SizeFinding, findings

_FOLDER_DEPTH = 3


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
    label: str  # the name of that: "builder"; empty for the build context
    paths: tuple[str, ...]  # in the source
    unpacked: int
    in_image: int


class FolderSize(Struct, frozen=True, kw_only=True):
    """The bytes in the image below one folder."""

    path: str
    bytes: int
    files: int


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
    could_stay: int | None  # of a build with one stage: bytes in the image of its base image and RUNs
    notes: tuple[str, ...]
    tree: SizeNode  # all files, also those that a later layer hides

    @property
    def wasted(self) -> int:
        """The bytes of files that a later layer hides."""
        return self.unpacked - self.in_image


def sizes_of(image: Image, build: Build | None = None, records: Sequence[CacheRecord] = ()) -> Sizes:
    """Measure ``image``, which ``build`` made; ``records`` are those of the cache that it was built with."""
    files = filesystem(image.layers)
    made = origins(image.history, len(image.layers), build.target_builds[0] if build else None)
    known = build if build and not made.disagreement else None
    in_image = _bytes_in_image(files)
    usage = usage_of(known, records) if known and records else None
    return Sizes(
        archive=image.archive,
        name=image.name,
        platform=image.platform,
        dockerfile=known.source.name if known else "",
        packed=image.packed,
        unpacked=image.unpacked,
        in_image=sum(in_image),
        layers=tuple(_layers(image, made, in_image)),
        copied=tuple(_copied(image, made, in_image, known)) if known else (),
        folders=tuple(_folders(files)),
        findings=findings(files, made.by_layer),
        packages=package_counts(files, image.attestations),
        tools=_tools(files, image.layers),
        left_behind=tuple(left_behind(known, analyse(known), usage)) if known and usage else None,
        could_stay=could_stay(known, made, in_image) if known and usage else None,
        notes=(*_notes(image, made, build), *(unknown_steps(known, usage) if known and usage else ())),
        tree=size_tree(files, made, known=known is not None),
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


def _copied(image: Image, made: Origins, in_image: Sequence[int], build: Build) -> Iterator[CopiedSize]:
    """What each COPY and ADD of the Dockerfile brings into the image."""
    sources = build.target_builds[0].resolved.sources
    for position, origin in enumerate(made.by_layer):
        if origin is None or origin.copy is None or origin.span is None:
            continue
        read = origin.copy.source
        node, label = _read_by(sources[read]) if read is not None else (CONTEXT_ID, "")
        yield CopiedSize(
            line=origin.span.line,
            node=node,
            label=label,
            paths=tuple(part.path or "".join(part.options[1:]) for part in origin.copy.parts),
            unpacked=image.layers[position].unpacked,
            in_image=in_image[position],
        )


def _read_by(source: StageOrImage) -> tuple[str, str]:
    """The Node.id and the name of what an instruction reads."""
    node = node_of(source)
    return (node[0], node[2]) if node else ("", "")


def _folders(files: Filesystem) -> Iterator[FolderSize]:
    """The bytes in the image by folder of the root and the folder below it, the largest first."""
    sizes: dict[str, int] = defaultdict(int)
    counts: dict[str, int] = defaultdict(int)
    for at in files.visible:
        parts = files.name(at).split("/")
        for depth in range(1, min(len(parts), _FOLDER_DEPTH + 1)):
            folder = "/".join(parts[:depth])
            sizes[folder] += files.size(at)
            counts[folder] += 1
    for path in sorted(sizes, key=lambda path: (-sizes[path], path)):
        yield FolderSize(path=path, bytes=sizes[path], files=counts[path])


def _tools(files: Filesystem, layers: Sequence[Layer]) -> dict[str, tuple[str, ...]]:
    """The programs in the image that build images rarely need, by kind; links to them too."""
    seen: set[str] = set()
    by_kind: dict[str, set[str]] = defaultdict(set)
    for number in range(len(layers) - 1, -1, -1):
        layer = layers[number]
        for position, path in enumerate(layer.names):
            kind = kinds.tool_of(path)
            if not kind or path in seen:
                continue
            seen.add(path)
            if layer.kinds[position] in (SYMLINK, HARDLINK) or files.is_visible(Position(number, position)):
                by_kind[kind].add("/" + path)
    return {kind: tuple(sorted(by_kind[kind])) for kind in kinds.TOOLS if by_kind[kind]}


def _notes(image: Image, made: Origins, build: Build | None) -> Iterator[str]:
    if image.other_platforms:
        yield f"the archive also has an image for {', '.join(image.other_platforms)}: choose with --platform"
    if build and made.disagreement:
        where = f"{build.source.name}:{made.span.line}: " if made.span else f"{build.source.name}: "
        yield f"{where}this Dockerfile did not make the image: {made.disagreement}"
    odd = sum(layer.odd_names for layer in image.layers)
    if odd:
        yield f"{odd} names in the layers have `..`, and are read as from the root"
