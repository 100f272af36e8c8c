"""The build that a record is of, for the graph of what was measured."""

from __future__ import annotations

from stagegraph.build import Build
from stagegraph.measured.ties import tie
from stagegraph.options import Options
from stagegraph.records.model import Record
from stagegraph.source import Source

_DEFAULT = Options()


def recorded_build(record: Record, source: Source | None = None, options: Options = _DEFAULT) -> Build | None:
    """The build that ``measure`` ties ``record`` to with the same arguments; None without a Dockerfile."""
    builds = tie(record, source, options).builds
    return builds[0] if builds else None
