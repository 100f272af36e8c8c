"""The sizes of an image as JSON; docs/sizes.schema.json describes each field."""

from __future__ import annotations

from typing import Any

import msgspec

from stagegraph.formats.json import to_json
from stagegraph.sizes.compare import SizeComparison
from stagegraph.sizes.sizes import Sizes

SCHEMA_VERSION = 1


def render(sizes: Sizes | SizeComparison) -> str:
    """All of ``sizes``, or of the comparison of two, as JSON; sizes are in bytes."""
    data: dict[str, Any] = {"schema_version": SCHEMA_VERSION, **msgspec.to_builtins(sizes)}
    if isinstance(sizes, Sizes):
        data["wasted"] = sizes.wasted
    for each in (data, data.get("before", {}), data.get("after", {})):
        each.pop("tree", None)  # only the page shows it; ``folders`` has the directories
    return to_json(data)
