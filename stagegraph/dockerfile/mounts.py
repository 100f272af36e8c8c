"""The value of ``RUN --mount``, expanded and checked.

Rules: moby/buildkit frontend/dockerfile/instructions/commands_runmount.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_TYPES = ("bind", "cache", "tmpfs", "secret", "ssh")
_SHARING = ("shared", "private", "locked")
_OWNED = frozenset({"cache", "secret", "ssh"})
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_KEYS = {"src": "source", "dst": "target", "destination": "target", "ro": "readonly", "rw": "readwrite"}


class MountError(ValueError):
    """A mount that BuildKit refuses when it builds the stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One mount; ``source_name`` is its from, empty for the build context (bind) or nothing."""

    type: str
    source_name: str
    source: str
    target: str
    readonly: bool
    id: str
    sharing: str
    uid: str
    gid: str
    mode: str
    size: str
    required: bool
    environment: str  # of a secret: the variable that it is put in

    @property
    def is_local(self) -> bool:
        """Whether it reads the build context."""
        return self.type == "bind" and not self.source_name

    @property
    def sets_owner(self) -> bool:
        """Whether BuildKit makes a directory with its owner and mode."""
        return bool(self.uid or self.gid or self.mode)


def read_mount(fields: tuple[str, ...], expand: Callable[[str], str]) -> Mount:
    """The mount of CSV ``fields``, each value expanded; MountError where BuildKit refuses it."""
    values: dict[str, str] = {"type": "bind"}
    for field in fields:
        key, equals, value = field.partition("=")
        key = _KEYS.get(key.lower(), key.lower())
        values.update(_setting(key, expand(value) if equals else None, values["type"], field))
    mount = _mount(values)
    _check(mount, values)
    return mount


def _setting(key: str, value: str | None, kind: str, field: str) -> dict[str, str]:
    if key in ("readonly", "readwrite"):
        truth = _truth(key, value)
        return {"readonly": str(truth == (key == "readonly"))}
    if key == "required":
        _only(key, kind, ("secret", "ssh"))
        return {key: str(_truth(key, value))}
    if value is None:
        raise MountError(f"{field} in a mount needs a value")
    if key == "size":
        _only(key, kind, ("tmpfs",))
    return {key: _checked(key, value)}


def _checked(key: str, value: str) -> str:
    if key == "type" and (value := value.lower()) not in _TYPES:
        raise MountError(f"{value} is no type of mount: it is {', '.join(_TYPES)}")
    if key == "sharing" and (value := value.lower()) not in _SHARING:
        raise MountError(f"{value} is no sharing of a cache: it is {', '.join(_SHARING)}")
    if key in ("uid", "gid") and not re.fullmatch("[0-9]{1,10}", value):
        raise MountError(f"{key} of a mount is a number, not {value}")
    if key == "mode" and not re.fullmatch("[0-7]{1,11}", value):
        raise MountError(f"mode of a mount is octal, not {value}")
    if key not in ("type", "from", "source", "target", "id", "sharing", "mode", "uid", "gid", "size", "env"):
        raise MountError(f"a mount has no {key}")
    return value


def _truth(key: str, value: str | None) -> bool:
    if value is None or value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise MountError(f"{key} of a mount is true or false, not {value}")


def _only(key: str, kind: str, kinds: tuple[str, ...]) -> None:
    if kind not in kinds:
        raise MountError(f"a {kind} mount has no {key}")


def _mount(values: dict[str, str]) -> Mount:
    kind = values["type"]
    source = values.get("from", "")
    readonly = values.get("readonly", str(kind not in ("cache", "tmpfs")))
    return Mount(
        type=kind,
        source_name=source or ("scratch" if kind == "cache" else ""),
        source=values.get("source", ""),
        target=values.get("target", ""),
        readonly=readonly == "True",
        id=values.get("id", ""),
        sharing=values.get("sharing", ""),
        uid=values.get("uid", ""),
        gid=values.get("gid", ""),
        mode=values.get("mode", ""),
        size=values.get("size", ""),
        required=values.get("required") == "True",
        environment=values.get("env", ""),
    )


def _check(mount: Mount, values: dict[str, str]) -> None:
    if mount.sets_owner and mount.type not in _OWNED:
        raise MountError(f"a {mount.type} mount has no uid, gid or mode")
    if mount.type == "secret":
        if values.get("from"):
            raise MountError("a secret mount reads from no stage")
        if not (mount.source or mount.target or mount.id or mount.environment):
            raise MountError("a secret mount needs an id or a target")
        if mount.source and mount.id:
            raise MountError("a secret mount has an id or a source, not both")
    if mount.sharing and mount.type != "cache":
        raise MountError(f"a {mount.type} mount has no sharing")
