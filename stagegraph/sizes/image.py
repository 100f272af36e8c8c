"""Reads one image out of an archive: its configuration, its layers, its attestations.

Source: the OCI image specification, image-layout.md, manifest.md and config.md; the Docker image
specification 1.2 for ``manifest.json``; BuildKit docs/attestations for the manifests of attestations.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from stagegraph.dockerfile.platforms import PlatformError, normalized, parse_platform
from stagegraph.options import Options
from stagegraph.records.provenance import as_dict, as_list
from stagegraph.records.record import Tick
from stagegraph.sizes.archive import Archive, Contents, digest_of
from stagegraph.sizes.kinds import kept_bytes
from stagegraph.sizes.layer import Layer
from stagegraph.sizes.unpacked import MOST_FILES
from stagegraph.source import printable

_DEEPEST = 4  # indexes in indexes
_MOST_IMAGES = 1_000
_MOST_LAYERS = 1_000  # Docker allows 127
_REFERENCE_KIND = "vnd.docker.reference.type"
_REFERENCE = "vnd.docker.reference.digest"
_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")


class HistoryEntry(Struct, frozen=True, kw_only=True):
    """What made a layer or changed the configuration; ``layer`` is the position of its layer, if any."""

    created_by: str
    layer: int | None
    by_buildkit: bool  # the Dockerfile frontend of BuildKit wrote it


class Image(Struct, frozen=True, kw_only=True):
    """One image, for one platform.

    ``history`` is empty where it does not agree with the layers.
    """

    archive: str  # the name of the archive
    name: str  # a tag, or empty
    platform: str  # "linux/amd64"
    layers: tuple[Layer, ...]  # the lowest first
    history: tuple[HistoryEntry, ...]
    attestations: tuple[dict[str, Any], ...]  # in-toto statements
    other_platforms: tuple[str, ...]  # that the archive also has

    @property
    def packed(self) -> int:
        """The bytes of its layers as they are in the archive."""
        return sum(layer.size for layer in self.layers)

    @property
    def unpacked(self) -> int:
        """The bytes of the files of its layers."""
        return sum(layer.unpacked for layer in self.layers)


class _Candidate(Struct, frozen=True, kw_only=True):
    """An image of the archive whose layers are not read yet."""

    digest: str
    name: str
    platform: str
    configuration: dict[str, Any]
    layers: tuple[tuple[str, str, int | None], ...]  # name in the archive; digest and size if known


def read_image(path: str, tick: Tick, *, platform: str = "", name: str = "") -> Image:
    """The image in the archive at ``path``; ``-`` is standard input.

    ``platform`` and ``name`` choose one of several; the default platform is linux/amd64. Raises InputError
    for an archive that is damaged, is not one of an image, or has no such image.
    """
    archive = Archive(path, tick, kept_bytes)
    contents = archive.contents()
    documents = _Documents(archive, contents)
    candidates = documents.candidates()
    chosen = _chosen(archive, candidates, platform, name)
    if len(chosen.layers) > _MOST_LAYERS:
        raise archive.error(f"the image has more than {_MOST_LAYERS:,} layers")
    wanted = frozenset(contents.resolved(name) for name, _, _ in chosen.layers)
    contents = archive.layers(contents, wanted)
    layers = tuple(_layer(archive, contents, chosen, position) for position in range(len(chosen.layers)))
    if sum(len(layer.names) for layer in layers) > MOST_FILES:  # one layer may be listed many times
        raise archive.error(f"the layers have more than {MOST_FILES:,} files")
    return Image(
        archive=archive.name,
        name=chosen.name,
        platform=chosen.platform,
        layers=layers,
        history=_history(chosen.configuration, len(layers)),
        attestations=documents.attestations(chosen.digest),
        other_platforms=tuple(sorted({one.platform for one in candidates} - {chosen.platform})),
    )


def _chosen(archive: Archive, candidates: Sequence[_Candidate], platform: str, name: str) -> _Candidate:
    """The only candidate with the platform and the name."""
    names = sorted({one.name for one in candidates})
    if name:
        candidates = [one for one in candidates if name in (one.name, one.name.removeprefix(_LIBRARY))]
    elif len(names) > 1:
        raise archive.error(
            f"the archive has several images: {_list(names)}", "choose one with `--name NAME`"
        )
    if not candidates:
        raise archive.error(f"no image is called `{name}`; there are {_list(names)}")
    platforms = sorted({one.platform for one in candidates})
    wanted = _platform(platform or (Options().build_platform if len(platforms) > 1 else platforms[0]))
    matching = [one for one in candidates if one.platform == wanted]
    if not matching:
        hint = "choose one with `--platform OS/ARCH`"
        raise archive.error(f"the archive has no image for {wanted}; it has {_list(platforms)}", hint)
    return matching[0]


_LIBRARY = "docker.io/library/"


def _list(names: Sequence[str]) -> str:
    return ", ".join(name or "one without a name" for name in names)


def _platform(text: str) -> str:
    try:
        return str(normalized(parse_platform(text)))
    except PlatformError:
        return printable(text)


class _Documents:
    """The manifests and configurations of an archive, each checked against its digest."""

    def __init__(self, archive: Archive, contents: Contents) -> None:
        self._archive = archive
        self._contents = contents
        self._attested: list[tuple[str, dict[str, Any]]] = []  # digest of the image, manifest

    def candidates(self) -> list[_Candidate]:
        """The images of the archive; InputError if there are none."""
        found = list(self._of_index(self._json("index.json"), "", _DEEPEST, set()))
        found = found or list(self._of_docker_manifest())
        if not found:
            message = "the archive has no image: index.json and manifest.json lead to none"
            raise self._archive.error(message, "write it again with all its files")
        if len(found) > _MOST_IMAGES:
            raise self._archive.error(f"the archive has more than {_MOST_IMAGES:,} images")
        return found

    def attestations(self, digest: str) -> tuple[dict[str, Any], ...]:
        """The in-toto statements about the image whose manifest has ``digest``."""
        return tuple(
            statement
            for attested, manifest in self._attested
            if attested == digest
            for layer in as_list(manifest.get("layers"))
            if (statement := as_dict(self._blob(layer)))
        )

    def _of_index(self, index: Any, name: str, depth: int, seen: set[str]) -> Iterator[_Candidate]:
        for descriptor in as_list(as_dict(index).get("manifests")):
            digest = as_dict(descriptor).get("digest")
            if not isinstance(digest, str) or digest in seen:
                continue
            seen.add(digest)
            manifest = as_dict(self._blob(descriptor))
            annotations = as_dict(as_dict(descriptor).get("annotations"))
            own_name = next(
                (annotations[key] for key in _NAMES if isinstance(annotations.get(key), str)), name
            )
            if _REFERENCE_KIND in annotations:
                self._attested.append((str(annotations.get(_REFERENCE)), manifest))
            elif "manifests" in manifest and depth:
                yield from self._of_index(manifest, own_name, depth - 1, seen)
            elif "layers" in manifest:
                yield from self._of_manifest(digest, own_name, manifest)

    def _of_manifest(self, digest: str, name: str, manifest: dict[str, Any]) -> Iterator[_Candidate]:
        configuration = as_dict(self._blob(manifest.get("config")))
        if "rootfs" not in configuration:
            return
        layers = [as_dict(layer) for layer in as_list(manifest["layers"])]
        yield _Candidate(
            digest=digest,
            name=name,
            platform=_platform_of(configuration),
            configuration=configuration,
            layers=tuple(
                (_blob_name(one.get("digest")), str(one.get("digest")), _size(one)) for one in layers
            ),
        )

    def _of_docker_manifest(self) -> Iterator[_Candidate]:
        for entry in as_list(self._json("manifest.json")):
            names = [tag for tag in as_list(as_dict(entry).get("RepoTags")) if isinstance(tag, str)]
            config = as_dict(entry).get("Config")
            configuration = as_dict(self._json(config)) if isinstance(config, str) else {}
            if "rootfs" in configuration:
                layers = [name for name in as_list(entry.get("Layers")) if isinstance(name, str)]
                yield _Candidate(
                    digest="",
                    name=names[0] if names else "",
                    platform=_platform_of(configuration),
                    configuration=configuration,
                    layers=tuple((name, "", None) for name in layers),
                )

    def _blob(self, descriptor: Any) -> Any:
        """The JSON that ``descriptor`` names; None where the archive does not have it."""
        digest = as_dict(descriptor).get("digest")
        name = _blob_name(digest)
        data = self._contents.documents.get(name)
        if data is not None and digest != digest_of(data):
            raise self._archive.error(f"{name} does not match its digest", "write the archive again")
        return self._json(name)

    def _json(self, name: str) -> Any:
        try:
            return json.loads(self._contents.documents.get(self._contents.resolved(name), b"null"))
        except (ValueError, RecursionError):
            return None


def _blob_name(digest: Any) -> str:
    algorithm, _, rest = str(digest).partition(":")
    return f"blobs/{algorithm}/{rest}"


def _size(descriptor: dict[str, Any]) -> int | None:
    size = descriptor.get("size")
    return size if isinstance(size, int) else None


def _platform_of(configuration: dict[str, Any]) -> str:
    parts = [configuration.get(key) for key in ("os", "architecture", "variant")]
    return _platform("/".join(part for part in parts if isinstance(part, str) and part))


def _layer(archive: Archive, contents: Contents, chosen: _Candidate, position: int) -> Layer:
    """The layer at ``position``, checked against its digests; InputError if it is wrong or missing."""
    name, digest, size = chosen.layers[position]
    own = contents.resolved(name)
    number = f"layer {position + 1} of {len(chosen.layers)}"
    if own in contents.errors:
        raise archive.error(f"{number} cannot be read: {contents.errors[own]}", "write the archive again")
    layer = contents.layers.get(own)
    if layer is None:
        raise archive.error(
            f"{number} is not in the archive ({name})", "pull the whole image and save it again"
        )
    ids = as_list(as_dict(chosen.configuration["rootfs"]).get("diff_ids"))
    expected = ids[position] if position < len(ids) else None
    if layer.diff_id != expected or (digest and layer.digest != digest) or size not in (None, layer.size):
        raise archive.error(f"{number} does not match its digest or size", "write the archive again")
    return layer


def _history(configuration: dict[str, Any], layers: int) -> tuple[HistoryEntry, ...]:
    entries = []
    position = 0
    for entry in map(as_dict, as_list(configuration.get("history"))):
        makes_layer = entry.get("empty_layer") is not True
        entries.append(
            HistoryEntry(
                created_by=str(entry.get("created_by") or ""),
                layer=position if makes_layer else None,
                by_buildkit="buildkit.dockerfile" in str(entry.get("comment")),
            )
        )
        position += makes_layer
    return tuple(entries) if position == layers else ()
