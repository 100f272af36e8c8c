"""What the provenance of a build says: which lines a vertex is made from, and what was asked.

SLSA provenance as BuildKit writes it, version 1 and 0.2 (moby/buildkit solver/llbsolver/provenance).
Every part may be missing or of another type: it is untrusted.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field

_OLD_METADATA = "https://mobyproject.org/buildkit@v1#metadata"
_MOST_LINES = 100_000


class Provenance(Struct, frozen=True, kw_only=True):
    """Lines by the digest of a vertex, the arguments of the frontend, and the Dockerfile."""

    lines: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)
    filename: str = ""
    dockerfile: bytes | None = None


def read_provenance(document: Any) -> Provenance:
    """The provenance in ``document``: a predicate, or an in-toto statement around one."""
    predicate = _dict(document).get("predicate", document)
    config, source, arguments = _parts(_dict(predicate))
    steps = _dict(source.get("locations"))
    lines = {
        digest: found
        for digest, step in _dict(config.get("digestMapping")).items()
        if isinstance(step, str) and (found := tuple(_lines(_dict(steps.get(step)))))
    }
    info = _dict(next(iter(_list(source.get("infos"))), None))
    return Provenance(
        lines=lines,
        arguments={key: value for key, value in arguments.items() if isinstance(value, str)},
        filename=str(info.get("filename") or ""),
        dockerfile=_decoded(info.get("data")),
    )


def _parts(predicate: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The build configuration, the source map and the arguments, from where each version has them."""
    definition = _dict(predicate.get("buildDefinition"))
    if definition:
        metadata = _dict(_dict(_dict(predicate.get("runDetails")).get("metadata")).get("buildkit_metadata"))
        config = _dict(_dict(definition.get("internalParameters")).get("buildConfig"))
        request = _dict(_dict(definition.get("externalParameters")).get("request"))
    else:
        metadata = _dict(_dict(predicate.get("metadata")).get(_OLD_METADATA))
        config = _dict(predicate.get("buildConfig"))
        request = _dict(_dict(predicate.get("invocation")).get("parameters"))
    return config, _dict(metadata.get("source")), _dict(request.get("args"))


def _lines(step: dict[str, Any]) -> Iterator[int]:
    """The first line of every instruction that the step is made from, each once."""
    seen: set[int] = set()
    for location in _list(step.get("locations")):
        starts = [_start(range_) for range_ in _list(_dict(location).get("ranges"))]
        first = min((line for line in starts if 0 < line <= _MOST_LINES), default=0)
        if first and first not in seen:
            seen.add(first)
            yield first


def _start(range_: Any) -> int:
    line = _dict(_dict(range_).get("start")).get("line")
    return line if isinstance(line, int) else 0


def _decoded(data: Any) -> bytes | None:
    try:
        return base64.b64decode(data, validate=True) if isinstance(data, str) else None
    except (binascii.Error, ValueError):
        return None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
