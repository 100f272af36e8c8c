"""The value of ``RUN --mount``, expanded and checked.

Rules: moby/buildkit frontend/dockerfile/instructions/commands_runmount.go.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.dockerfile import paths

_TYPES = ("bind", "cache", "tmpfs", "secret", "ssh")
_SHARING = ("shared", "private", "locked")
_SIZE = r"(?i:([0-9]+(?:\.[0-9]*)?|\.[0-9]+) ?(?:([kmgtp])(?:i?b)?|b)?)\Z"
_UNITS = " kmgtp"
_LARGEST = 2**32 - 1
_OWNED = frozenset({"cache", "secret", "ssh"})
# what Go's strconv.ParseBool accepts
TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_KEYS = {"src": "source", "dst": "target", "destination": "target", "ro": "readonly", "rw": "readwrite"}


class MountError(ValueError):
    """A mount that BuildKit rejects when it builds the stage."""


class Mount(Struct, frozen=True, kw_only=True):
    """One mount; ``source_name`` is its from, empty for the build context (bind) or no source."""

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
    """The mount of CSV ``fields``, each value expanded; MountError if BuildKit rejects it."""
    values: dict[str, str] = {"type": "bind"}
    for field in fields:
        key, equals, value = field.partition("=")
        key = _KEYS.get(key.lower(), key.lower())
        values.update(_setting(key, expand(value) if equals else None, values["type"], field))
    mount = _mount(values)
    _check(mount, values)
    return mount


def normal_mount(mount: Mount, workdir: str, *, is_known: bool, windows: bool) -> Mount:
    """``mount`` normalized, so that equal mounts compare equal; MountError if BuildKit rejects it.

    The stage that it reads is not part of it: it is an input of the step. ``is_known`` means that the
    working directory is ``workdir``, not one that an image sets.
    """
    if mount.type == "ssh":
        if mount.source:
            raise MountError("an ssh mount cannot have a source")
        return replace(mount, source_name="", readonly=True)
    if mount.type == "secret":
        return _secret(mount, windows)
    target = posixpath.normpath(paths.workdir(workdir, mount.target, windows=windows))
    if target == "/" and (is_known or paths.is_absolute(mount.target, windows=windows)):
        raise MountError("a mount needs a target other than the root")
    cached = mount.type == "cache"
    return replace(
        mount,
        source_name="*" if mount.source_name and mount.type != "tmpfs" else "",
        source=paths.from_root(mount.source, windows=False),
        target=target,
        id=(mount.id or posixpath.normpath(mount.target)) if cached else "",
        sharing=(mount.sharing or "shared") if cached else "",
    )


def _secret(mount: Mount, windows: bool) -> Mount:
    name = mount.source or mount.id or posixpath.basename(mount.target.rstrip("/"))
    if windows and not mount.target and not mount.environment:
        raise MountError("a secret mount needs a target on Windows")
    target = mount.target or ("" if mount.environment else f"/run/secrets/{posixpath.basename(name)}")
    return replace(mount, source="", id=name, target=target, readonly=True)


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
        raise MountError(f"unknown mount type `{value}`: use {', '.join(_TYPES)}")
    if key == "sharing" and (value := value.lower()) not in _SHARING:
        raise MountError(f"sharing of a cache must be shared, private or locked, not `{value}`")
    if key in ("uid", "gid"):
        return _number(f"{key} of a mount must be a number, not `{value}`", value, 10)
    if key == "mode":
        return _number(f"mode of a mount must be octal, not `{value}`", value, 8)
    if key == "size":
        return _size(value)
    if key not in ("type", "from", "source", "target", "id", "sharing", "env"):
        raise MountError(f"unknown option `{key}` in a mount")
    return value


def _number(message: str, value: str, base: int) -> str:
    """``value`` as a decimal number of 32 bits; MountError with ``message`` if it is not one."""
    digits = value.lstrip("0") or "0"
    if not value or not re.fullmatch("[0-7]{1,11}" if base == 8 else "[0-9]{1,10}", digits):
        raise MountError(message)
    if int(digits, base) > _LARGEST:
        raise MountError(message)
    return str(int(digits, base))


def _size(value: str) -> str:
    """``value`` in bytes, as docker/go-units reads it."""
    match = re.match(_SIZE, value)
    if not match:
        raise MountError(f"size of a mount must be a number of bytes such as 64m, not `{value}`")
    return str(int(float(match[1]) * 1024 ** _UNITS.index((match[2] or " ").lower())))


def _truth(key: str, value: str | None) -> bool:
    if value is None or value in TRUE:
        return True
    if value in FALSE:
        return False
    raise MountError(f"{key} of a mount must be true or false, not `{value}`")


def _only(key: str, kind: str, kinds: tuple[str, ...]) -> None:
    if kind not in kinds:
        raise MountError(f"a {kind} mount cannot have {key}")


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
        raise MountError(f"a {mount.type} mount cannot have uid, gid or mode")
    if mount.type == "secret":
        if values.get("from"):
            raise MountError("a secret mount cannot have from")
        if not (mount.source or mount.target or mount.id):
            raise MountError("a secret mount needs an id or a target")
        if mount.source and mount.id:
            raise MountError("a secret mount can have an id or a source, not both")
    if mount.sharing and mount.type != "cache":
        raise MountError(f"a {mount.type} mount cannot have sharing")
