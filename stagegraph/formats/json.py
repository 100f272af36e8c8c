"""The report as JSON; docs/report.schema.json describes each field."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from stagegraph.model import Report

SCHEMA_VERSION = 1


def render(report: Report) -> str:
    """All of ``report`` as JSON, with lists in its order."""
    data = {"schema_version": SCHEMA_VERSION, **_plain(report)}
    data["max_parallelism"] = report.max_parallelism
    data["dead"] = list(report.dead)
    return to_json(data)


def to_json(data: object, indent: int | None = 2) -> str:
    """``data`` as JSON, safe to show: control and formatting characters are escaped.

    So is ``##[``, which begins a command in the log of a GitHub job.
    """
    text = json.dumps(data, ensure_ascii=False).replace("##[", "#\\u0023[")
    encoded = text.encode("utf-8", "replace")
    if not text.isprintable():
        text = encoded.decode()
        encoded = "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in text).encode()
    # msgspec indents as json.dumps does, in a quarter of the time
    return (msgspec.json.format(encoded, indent=indent) if indent else encoded).decode() + "\n"


def _plain(value: Any) -> Any:
    """``value`` with structs as dicts and tuples as lists."""
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Struct):
        return {name: _plain(item) for name, item in asdict(value).items()}
    return value
