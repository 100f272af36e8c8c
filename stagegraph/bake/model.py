"""What ``docker buildx bake --print`` gives: the groups and targets that a request builds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from stagegraph.source import Span

Entry = Mapping[str, Any]  # of a cache, an output, a secret, an SSH agent or an attestation, as it is printed


class Group(Struct, frozen=True, kw_only=True):
    """A group and the names of its members; ``targets`` is None for a compose file without any build."""

    name: str
    targets: tuple[str, ...] | None
    description: str = ""
    file: str = ""
    line: int | None = None


class Target(Struct, frozen=True, kw_only=True):
    """A target with all that it inherits, and overrides.

    ``file`` and ``line`` (from 1) are where its name is first. ``linked`` is set on a target that is only
    built because another one has it as a context. ``unknown`` names the attributes, and the keys of maps
    (``args.DATE``), that depend on the time, on chance or on the machine; these are left out. ``places``
    has the file and the lines of attributes that are written in a file, also of one that is inherited.
    """

    name: str
    file: str = ""
    line: int | None = None
    description: str = ""
    context: str = "."
    contexts: Mapping[str, str] = {}
    dockerfile: str = "Dockerfile"
    dockerfile_inline: str | None = None
    args: Mapping[str, str] = {}
    labels: Mapping[str, str] = {}
    annotations: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    target: str | None = None
    platforms: tuple[str, ...] = ()
    cache_from: tuple[Entry, ...] = ()
    cache_to: tuple[Entry, ...] = ()
    output: tuple[Entry, ...] = ()
    secret: tuple[Entry, ...] = ()
    ssh: tuple[Entry, ...] = ()
    attest: tuple[Entry, ...] = ()
    policy: tuple[Entry, ...] = ()
    pull: bool | None = None
    no_cache: bool | None = None
    no_cache_filter: tuple[str, ...] = ()
    network: str | None = None
    shm_size: str | None = None
    ulimits: tuple[str, ...] = ()
    call: str | None = None
    entitlements: tuple[str, ...] = ()
    extra_hosts: Mapping[str, str] = {}
    linked: bool = False
    unknown: frozenset[str] = frozenset()
    places: Mapping[str, tuple[str, Span]] = {}


class Bake(Struct, frozen=True, kw_only=True):
    """The groups and targets of one request, sorted by name, and the files that define them."""

    groups: tuple[Group, ...]
    targets: tuple[Target, ...]
    files: tuple[str, ...] = ()

    def target(self, name: str) -> Target | None:
        """The target ``name``; None without one."""
        return next((target for target in self.targets if target.name == name), None)
