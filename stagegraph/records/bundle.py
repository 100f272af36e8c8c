"""Reads bundles (``.dockerbuild``) of ``docker buildx history export`` and docker/build-push-action.

A bundle is an OCI layout whose manifests are history records; see moby/buildkit
solver/llbsolver/history and docker/buildx util/desktop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from stagegraph.dockerfile.logical import source_from_bytes
from stagegraph.errors import InputError
from stagegraph.records.collector import Collector, TimestampError, nanoseconds
from stagegraph.records.event_stream import add_event
from stagegraph.records.oci_layout import Layout, LayoutError
from stagegraph.records.provenance import Provenance, as_dict, as_list, options_of, read_provenance
from stagegraph.records.record import LAST_TIME, SECOND, Interval, Limits, Record, Tick
from stagegraph.source import Source

_RECORD = "application/vnd.buildkit.historyrecord.v0"
_STATUS = "application/vnd.buildkit.status.v0"
_OLD_STATUS = "application/vnd.buildkit.solvestatus.v0"
_PROVENANCE = "application/vnd.in-toto+json"
_REFERENCE = "vnd.buildkit.history.reference"
_DEPTH = 4  # an index may hold indexes of manifests; deeper ones are ignored


def read_bundle(stream: BinaryIO, source: str, tick: Tick, limits: Limits | None = None) -> list[Record]:
    """The records of a bundle; InputError when ``stream`` is damaged or not a bundle.

    ``limits`` are shared by the bundles of one file. Raises LimitError.
    """
    limits = limits or Limits()
    try:
        layout = Layout(stream, tick, limits)
        manifests = list(_manifests(layout, layout.index, _DEPTH, set()))
    except LayoutError as error:
        raise _invalid(source, str(error)) from None
    if not manifests:
        raise _invalid(source, "this bundle contains no record of a build")
    several = len(manifests) > 1
    for _ in manifests:
        limits.count_build()
    return [_record(layout, manifest, source, several, limits) for manifest in manifests]


def _invalid(source: str, message: str) -> InputError:
    return InputError(
        message,
        source=Source(name=source, text=""),
        hint="create a bundle with docker buildx history export --finalize -o build.dockerbuild",
    )


def _manifests(layout: Layout, index: Any, depth: int, seen: set[str]) -> Iterator[dict[str, Any]]:
    """The manifests of records, each once however often it is listed."""
    for descriptor in as_list(as_dict(index).get("manifests")):
        digest = as_dict(descriptor).get("digest")
        if not isinstance(digest, str) or digest in seen:
            continue
        seen.add(digest)
        manifest = as_dict(layout.json(descriptor))
        if as_dict(manifest.get("config")).get("mediaType") == _RECORD:
            yield manifest
        elif depth:
            yield from _manifests(layout, manifest, depth - 1, seen)


def _record(layout: Layout, manifest: dict[str, Any], source: str, several: bool, limits: Limits) -> Record:
    config = as_dict(layout.json(manifest.get("config")))
    layers = _layers(manifest)
    notes: list[str] = []
    collector = Collector(limits)
    for layer in layers:
        notes.extend(_add_status(layout, layer, collector))
    provenance = _merged(
        read_provenance(layout.json(layer)) for layer in layers if layer.get("mediaType") == _PROVENANCE
    )
    attributes = {k: v for k, v in as_dict(config.get("FrontendAttrs")).items() if isinstance(v, str)}
    vertices = collector.vertices()
    if not vertices:
        notes.append("the record holds no events")
    return Record(
        source=source,
        name=str(attributes.get("target") or config.get("Ref") or "") if several else "",
        format="dockerbuild",
        vertices=vertices,
        dockerfile=_dockerfile(provenance, attributes),
        lines=provenance.lines,
        options=options_of({**provenance.arguments, **attributes}, config.get("DefaultPlatform")),
        span=_span(config),
        error=str(as_dict(config.get("error")).get("message") or ""),
        notes=tuple(dict.fromkeys([*layout.notes, *notes])),
    )


def _layers(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The layers of ``manifest``, each once however often it is listed."""
    layers = [as_dict(layer) for layer in as_list(manifest.get("layers"))]
    keyed = {tuple(_text(layer.get(key)) for key in ("digest", "mediaType")): layer for layer in layers}
    return list(keyed.values())


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _add_status(layout: Layout, layer: dict[str, Any], collector: Collector) -> Iterator[str]:
    """Add the events of a layer, if it has any; yields a note for each part that could not be read."""
    kind = layer.get("mediaType")
    if kind not in (_STATUS, _OLD_STATUS):
        return
    data = layout.blob(layer)
    if data is None:
        yield "the events are missing from the bundle"
    elif kind == _STATUS:
        from stagegraph.records.status_frames import FrameError, add_frames

        try:
            add_frames(collector, data)
        except FrameError as error:
            yield str(error)
    else:
        try:
            add_event(collector, as_dict(layout.json(layer)))
        except (ValueError, TypeError, AttributeError, OverflowError):
            yield "some events could not be read"


def _merged(provenances: Iterator[Provenance]) -> Provenance:
    """The provenance of all platforms: there is one for each of them."""
    lines: dict[str, tuple[int, ...]] = {}
    last = Provenance()
    for provenance in provenances:
        lines.update(provenance.lines)
        if provenance.dockerfile is not None or last.dockerfile is None:
            last = provenance
    return Provenance(
        lines=lines, arguments=last.arguments, filename=last.filename, dockerfile=last.dockerfile
    )


def _dockerfile(provenance: Provenance, attributes: Mapping[str, str]) -> Source | None:
    if provenance.dockerfile is None:
        return None
    name = provenance.filename or attributes.get("filename") or "Dockerfile"
    try:
        return source_from_bytes(provenance.dockerfile, name)
    except InputError:
        return None


def _span(config: Mapping[str, Any]) -> Interval | None:
    start, end = _time(config.get("CreatedAt")), _time(config.get("CompletedAt"))
    return Interval(start, max(start, end)) if start is not None and end is not None else None


def _time(value: Any) -> int | None:
    """A time, which is text in bundles of 2024, and seconds with nanoseconds later."""
    if isinstance(value, dict):
        seconds, nanos = value.get("seconds", 0), value.get("nanos", 0)
        whole = isinstance(seconds, int) and isinstance(nanos, int)
        time = seconds * SECOND + nanos if whole and seconds else 0
        return time if 0 < time < LAST_TIME else None
    try:
        return nanoseconds(value) if isinstance(value, str) else None
    except TimestampError:
        return None
