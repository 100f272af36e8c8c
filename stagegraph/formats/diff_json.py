"""A comparison as JSON; docs/diff.schema.json describes each field."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from msgspec.structs import asdict

from stagegraph.comparison.changes import Comparison

SCHEMA_VERSION = 1  # counts changes that break readers


def render(comparison: Comparison) -> str:
    """One JSON object with one change a line, so that two outputs can be compared line by line."""
    labels = comparison.labels
    head = {
        "schema_version": SCHEMA_VERSION,
        "old": comparison.old.source,
        "new": comparison.new.source,
        "same": comparison.same,
    }
    lists = {
        "nodes": [asdict(change) | {"label": change.label} for change in comparison.nodes],
        "edges": [
            asdict(change) | {"source_label": labels[change.source], "target_label": labels[change.target]}
            for change in comparison.edges
        ],
        "needed": [asdict(change) for change in comparison.needed],
    }
    parts = [f"{_json(name)}: {_json(value)}" for name, value in head.items()]
    parts += [f"{_json(name)}: {_rows(rows)}" for name, rows in lists.items()]
    return "{\n  " + ",\n  ".join(parts) + "\n}\n"


def _rows(rows: Sequence[dict[str, Any]]) -> str:
    return "[\n    " + ",\n    ".join(map(_json, rows)) + "\n  ]" if rows else "[]"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
