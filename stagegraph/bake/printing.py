"""The JSON of ``docker buildx bake --print`` (docker/buildx bake/bake.go, MarshalJSON)."""

from __future__ import annotations

from typing import Any

from stagegraph.bake.model import Bake, Group, Target

_ESCAPED = ("annotations", "args", "labels", "extra-hosts", "dockerfile-inline")
_ALWAYS = ("context", "dockerfile")
_OF_TARGET = (
    "description", "annotations", "attest", "context", "contexts", "dockerfile", "dockerfile-inline", "args",
    "labels", "tags", "cache-from", "cache-to", "target", "secret", "ssh", "platforms", "output", "pull",
    "no-cache", "network", "no-cache-filter", "shm-size", "ulimits", "call", "entitlements", "extra-hosts",
    "policy",
)  # fmt: skip


def printed(bake: Bake) -> dict[str, Any]:
    """The object that ``bake --print`` prints; attributes that are unknown are left out."""
    groups = {group.name: _group(group) for group in bake.groups}
    targets = {target.name: _target(target) for target in bake.targets}
    return {**({"group": groups} if groups else {}), "target": targets}


def _group(group: Group) -> dict[str, Any]:
    described = {"description": group.description} if group.description else {}
    return {**described, "targets": None if group.targets is None else list(group.targets)}


def _target(target: Target) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name in _OF_TARGET:
        value = getattr(target, name.replace("-", "_"))
        is_set = value is not None if not isinstance(value, (tuple, dict)) else bool(value)
        if (
            (name in _ALWAYS and name not in target.unknown)
            or (is_set and name not in ("description", *_ALWAYS))
            or (name == "description" and value)
        ):
            members[name] = _plain(value, name in _ESCAPED)
    return members


def _plain(value: Any, escape: bool) -> Any:
    """``value`` for JSON; what bake would read as a template again is escaped."""
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{") if escape else value
    if isinstance(value, tuple):
        return [_plain(item, escape) for item in value]
    if isinstance(value, dict):
        return {key: _plain(value[key], escape) for key in sorted(value)}
    return value
