"""Files that define builds of Dockerfiles: which they are, and what they build."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

BAKE_FILE = r"(?:.*/)?[^/]*bake[^/]*\.(?:json|hcl)\Z"
COMPOSE_FILE = r"(?:.*/)?(?:docker-)?compose[^/]*\.ya?ml\Z"
# how the first line that is not a comment begins, as patterns for the `re` functions
_DOCKERFILE_START = r"(?i)(?:from|arg)\s"
_BAKE_START = r'(?:target|group|variable|function)\s+"'
_COMPOSE_START = r"(?:---|(?:services|version|name|include|networks|volumes|configs|secrets|x-[\w-]+)\s*:)"
_MOST_CHARACTERS = 65_536


class BuiltDockerfile(NamedTuple):
    """A Dockerfile, relative to the current directory, and its target; empty for the last stage."""

    path: str
    target: str


def build_file_kind(name: str, text: str | None = None) -> str:
    """ "bake file" or "compose file" for a file that defines builds, else empty.

    Without ``text`` only the name decides, as it does for bake and compose themselves.
    """
    begin = _first_line(text) if text is not None else ""
    if re.match(_DOCKERFILE_START, begin):
        return ""
    if re.match(BAKE_FILE, name) or _is_bake(text or "", begin):
        return "bake file"
    if re.match(COMPOSE_FILE, name) or _is_compose(text or "", begin):
        return "compose file"
    return ""


def _first_line(text: str) -> str:
    lines = (line.strip() for line in text[:_MOST_CHARACTERS].split("\n"))
    return next((line for line in lines if line and not line.startswith(("#", "//"))), "")


def _is_bake(text: str, begin: str) -> bool:
    keys = r'"(?:target|group)"\s*:\s*\{'
    return bool(
        re.match(_BAKE_START, begin) or (begin.startswith("{") and re.search(keys, text[:_MOST_CHARACTERS]))
    )


def _is_compose(text: str, begin: str) -> bool:
    return bool(re.match(_COMPOSE_START, begin) and re.search(r"(?m)^services\s*:", text[:_MOST_CHARACTERS]))


def built_dockerfiles(name: str, text: str) -> list[BuiltDockerfile]:
    """The existing Dockerfiles that the bake or compose file ``name`` certainly builds, in its order."""
    import os

    from stagegraph.discovery.bake import bake_builds
    from stagegraph.discovery.compose import compose_builds
    from stagegraph.discovery.found_build import TooMuchError
    from stagegraph.discovery.repository import Repository, repository_of

    path = Path(name).resolve()
    root = repository_of(path.parent) or path.parent
    read = bake_builds if build_file_kind(name, text) == "bake file" else compose_builds
    try:
        builds, _ = read(path.relative_to(root).as_posix(), text, Repository(root, ()))
    except (TooMuchError, RecursionError, ValueError):
        return []
    found = {
        BuiltDockerfile(os.path.relpath(root / build.dockerfile), build.target or ""): None
        for build in builds
        if build.dockerfile and build.certain and not {"dockerfile", "target"} & build.unknown
        if (root / build.dockerfile).is_file()
    }
    return list(found)
