"""Counts the packages of an image: in the databases of dpkg, apk and rpm, and in its SBOM."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Any

from stagegraph.records.provenance import as_dict, as_list
from stagegraph.sizes.filesystem import Filesystem
from stagegraph.sizes.kinds import DATABASES, DISTROLESS

_SBOM = "spdx.dev"


def package_counts(files: Filesystem, statements: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many packages each package manager has installed, and how many the SBOM lists as ``sbom``."""
    counts: Counter[str] = Counter()
    for at in files.visible:
        path = files.name(at)
        data = files.layers[at.layer].kept.get(at.file, b"")
        if path.startswith(DISTROLESS):
            counts["dpkg"] += not path.endswith(".md5sums")
        elif path in DATABASES:
            manager = DATABASES[path]
            counts[manager] += _COUNTS[manager](data)
    counts["sbom"] = sum(_listed(statement) for statement in statements)
    return {name: count for name, count in sorted(counts.items()) if count}


def _dpkg(data: bytes) -> int:
    return data.count(b"\nStatus: install ok installed") + data.startswith(b"Status: install ok installed")


def _apk(data: bytes) -> int:
    return data.count(b"\nP:") + data.startswith(b"P:")


def _rpm(data: bytes) -> int:
    """The rows of the table of packages; 0 where the database cannot be read."""
    if not data.startswith(b"SQLite format 3\x00"):
        return 0
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.deserialize(data)
            row = connection.execute("SELECT count(*) FROM Packages").fetchone()
    except sqlite3.Error:
        return 0
    return int(row[0])


_COUNTS = {"dpkg": _dpkg, "apk": _apk, "rpm": _rpm}


def _listed(statement: Mapping[str, Any]) -> int:
    if _SBOM not in str(statement.get("predicateType")):
        return 0
    packages = [as_dict(one) for one in as_list(as_dict(statement.get("predicate")).get("packages"))]
    return sum("externalRefs" in one or "versionInfo" in one for one in packages)
