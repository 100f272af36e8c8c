"""Which paths mean a bake or compose file, and which files of a directory Docker reads."""

from __future__ import annotations

import os
from collections.abc import Sequence

from stagegraph.errors import StagegraphError
from stagegraph.reading import NAMES, read_source

_SUFFIXES = (".hcl", ".json", ".yaml", ".yml")  # of bake and compose files
COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")  # docker compose
COMPOSE_OVERRIDES = (
    "compose.override.yaml", "compose.override.yml",
    "docker-compose.override.yml", "docker-compose.override.yaml",
)  # fmt: skip


def names_request(path: str) -> bool:
    """Whether ``path`` is a bake or compose file, or a directory with one and without a Dockerfile.

    A directory counts if its file has one of the default names; empty is the current directory.
    """
    if os.path.isdir(path or "."):
        return _has_only_build_files(path or ".")
    return path.lower().endswith(_SUFFIXES) and _defines_builds(path)


def default_files(directory: str, *, compose: bool = False) -> tuple[str, ...]:
    """The names of the files in ``directory`` that bake, or with ``compose`` docker compose, reads."""
    from stagegraph.bake.reading import DEFAULT_FILES

    if compose:
        return (*_there(directory, COMPOSE_FILES)[:1], *_there(directory, COMPOSE_OVERRIDES)[:1])
    return _there(directory, DEFAULT_FILES)


def _there(directory: str, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if os.path.isfile(os.path.join(directory, name)))


def _has_only_build_files(directory: str) -> bool:
    return not _there(directory, NAMES) and bool(default_files(directory))


def _defines_builds(path: str) -> bool:
    """Whether the file at ``path`` has the name of a bake or compose file, or begins like one."""
    from stagegraph.discovery.build_files import build_file_kind

    try:
        text = read_source(path).text
    except StagegraphError:
        text = None
    return bool(build_file_kind(path, text))
