"""Reads the provenance of a build: the lines that each vertex is made from, the options, the Dockerfile.

SLSA provenance as BuildKit writes it, versions 1 and 0.2 (moby/buildkit solver/llbsolver/provenance).
It is untrusted: every part may be missing or have another type.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from stagegraph.options import Options

_OLD_METADATA = "https://mobyproject.org/buildkit@v1#metadata"
_MOST_LINES = 100_000


class Provenance(Struct, frozen=True, kw_only=True):
    """What the provenance of one platform holds."""

    lines: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # by the digest of the vertex
    arguments: Mapping[str, str] = field(default_factory=dict)  # of the frontend
    filename: str = ""  # of the Dockerfile
    dockerfile: bytes | None = None


def read_provenance(document: Any) -> Provenance:
    """The provenance in ``document``: a predicate, or an in-toto statement around one."""
    predicate = as_dict(document).get("predicate", document)
    config, source, arguments = _parts(as_dict(predicate))
    steps = {step: tuple(_lines(as_dict(own))) for step, own in as_dict(source.get("locations")).items()}
    lines = {
        digest: steps[step]
        for digest, step in as_dict(config.get("digestMapping")).items()
        if isinstance(step, str) and steps.get(step)
    }
    info = as_dict(next(iter(as_list(source.get("infos"))), None))
    return Provenance(
        lines=lines,
        arguments={key: value for key, value in arguments.items() if isinstance(value, str)},
        filename=str(info.get("filename") or ""),
        dockerfile=_decoded(info.get("data")),
    )


def _parts(predicate: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The build configuration, the source map and the frontend arguments, in either version."""
    definition = as_dict(predicate.get("buildDefinition"))
    if definition:
        metadata = as_dict(
            as_dict(as_dict(predicate.get("runDetails")).get("metadata")).get("buildkit_metadata")
        )
        config = as_dict(as_dict(definition.get("internalParameters")).get("buildConfig"))
        request = as_dict(as_dict(definition.get("externalParameters")).get("request"))
    else:
        metadata = as_dict(as_dict(predicate.get("metadata")).get(_OLD_METADATA))
        config = as_dict(predicate.get("buildConfig"))
        request = as_dict(as_dict(predicate.get("invocation")).get("parameters"))
    return config, as_dict(metadata.get("source")), as_dict(request.get("args"))


def _lines(step: dict[str, Any]) -> Iterator[int]:
    """The first line of each instruction that the step is made from, without duplicates."""
    seen: set[int] = set()
    for location in as_list(step.get("locations")):
        starts = [_start(range_) for range_ in as_list(as_dict(location).get("ranges"))]
        first = min((line for line in starts if 0 < line <= _MOST_LINES), default=0)
        if first and first not in seen:
            seen.add(first)
            yield first


def _start(range_: Any) -> int:
    line = as_dict(as_dict(range_).get("start")).get("line")
    return line if isinstance(line, int) else 0


def _decoded(data: Any) -> bytes | None:
    try:
        return base64.b64decode(data, validate=True) if isinstance(data, str) else None
    except (binascii.Error, ValueError):
        return None


def options_of(arguments: Mapping[str, str], build_platform: object = None) -> Options:
    """The options of a build whose frontend got ``arguments``; ``build_platform`` may be unknown."""
    platforms = tuple(filter(None, arguments.get("platform", "").split(",")))
    default = (
        build_platform if isinstance(build_platform, str) and build_platform else Options().build_platform
    )
    return Options(
        target=arguments.get("target") or None,
        build_args=_with_prefix("build-arg:", arguments),
        platforms=platforms or (default,),
        contexts={k: v for k, v in _with_prefix("context:", arguments).items() if "::" not in k},
        build_platform=default,
    )


def _with_prefix(prefix: str, arguments: Mapping[str, str]) -> dict[str, str]:
    return {k.removeprefix(prefix): v for k, v in arguments.items() if k.startswith(prefix)}


def as_dict(value: Any) -> dict[str, Any]:
    """``value`` if it is a dict, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """``value`` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []
