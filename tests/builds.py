"""Real builds with their records: each Dockerfile, and its bundles, event streams and logs."""

from __future__ import annotations

import io
import lzma
import tarfile
from functools import cache

from msgspec.structs import replace

import stagegraph as sg
from stagegraph.records.reading import records_of

from .conftest import ROOT


@cache
def files() -> dict[str, bytes]:
    """Every file by its path: ``parallel/cold.dockerbuild``."""
    data = lzma.decompress((ROOT / "tests/data/builds.tar.xz").read_bytes())
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = [member for member in archive if member.isfile()]
        return {member.name: file.read() for member in members if (file := archive.extractfile(member))}


def named(suffix: str) -> list[str]:
    """The paths that end with ``suffix``."""
    return [name for name in files() if name.endswith(suffix)]


@cache
def records(path: str) -> tuple[sg.Record, ...]:
    """The records in the file ``path``."""
    return tuple(records_of(io.BytesIO(files()[path]), path))


@cache
def dockerfile(path: str) -> sg.Source:
    """The Dockerfile beside ``path``."""
    name = path.split("/")[0] + "/Dockerfile"
    return sg.Source(name=name, text=files()[name].decode())


@cache
def timings(path: str, number: int = 0) -> sg.Timings:
    """What a record of ``path`` measured, with the Dockerfile beside it."""
    record = records(path)[number]
    return sg.measure(record, None if record.dockerfile else dockerfile(path))


def without_provenance(record: sg.Record) -> sg.Record:
    """``record`` as a stream of events has it: no Dockerfile, no lines, no options."""
    return replace(record, dockerfile=None, lines={}, options=None)
