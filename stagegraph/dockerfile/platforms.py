"""Platforms as containerd reads them: ``OS``, ``ARCH``, ``OS/ARCH`` or ``OS/ARCH/VARIANT``.

Rules: containerd/platforms platforms.go and database.go.
"""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

_PART = r"[A-Za-z0-9_.-]+\Z"
_OS = r"([A-Za-z0-9_-]+)(?:\(([A-Za-z0-9_.+%\-]*)\))?\Z"
KNOWN_OS = frozenset(
    [
        "aix",
        "android",
        "darwin",
        "dragonfly",
        "freebsd",
        "hurd",
        "illumos",
        "ios",
        "js",
        "linux",
        "nacl",
        "netbsd",
        "openbsd",
        "plan9",
        "solaris",
        "windows",
        "zos",
    ]
)
KNOWN_ARCHITECTURES = frozenset(
    [
        "386",
        "amd64",
        "amd64p32",
        "arm",
        "armbe",
        "arm64",
        "arm64be",
        "ppc64",
        "ppc64le",
        "loong64",
        "mips",
        "mipsle",
        "mips64",
        "mips64le",
        "mips64p32",
        "mips64p32le",
        "ppc",
        "riscv",
        "riscv64",
        "s390",
        "s390x",
        "sparc",
        "sparc64",
        "wasm",
    ]
)
_ALIASES = {
    "i386": ("386", ""),
    "x86_64": ("amd64", None),
    "x86-64": ("amd64", None),
    "aarch64": ("arm64", None),
    "armhf": ("arm", "v7"),
    "armel": ("arm", "v6"),
}


class PlatformError(ValueError):
    """A text that is not a platform."""


class Platform(Struct, frozen=True):
    """An operating system, an architecture and its variant, normalized."""

    os: str
    architecture: str
    variant: str = ""
    os_version: str = ""

    def __str__(self) -> str:
        version = f"({self.os_version})" if self.os_version else ""
        return "/".join(part for part in (self.os + version, self.architecture, self.variant) if part)


DEFAULT = Platform("linux", "amd64")


@lru_cache(maxsize=256)
def parse_platform(text: str, default: Platform = DEFAULT) -> Platform:
    """The platform that ``text`` names, missing parts from ``default``; PlatformError if it names none."""
    parts = text.split("/")
    if len(parts) > 3 or "*" in text:
        raise PlatformError(f"invalid platform `{text}`: expected OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT")
    os = re.match(_OS, parts[0])
    if not os or not all(re.match(_PART, part) for part in parts[1:]):
        raise PlatformError(
            f"invalid platform `{text}`: a part is empty or has a character that is not allowed"
        )
    if len(parts) == 1:
        return _one_part(text, os, default)
    architecture, variant = _architecture(parts[1], parts[2] if len(parts) == 3 else "")
    if len(parts) == 2:
        variant = _implied(architecture, variant)
    elif architecture == "arm64" and not variant:
        variant = "v8"
    return Platform(_os(os[1]), architecture, variant, os[2] or "")


def normalized(platform: Platform) -> Platform:
    """``platform`` without default variants, as in image names."""
    architecture, variant = _architecture(platform.architecture, platform.variant)
    return Platform(_os(platform.os), architecture, variant, platform.os_version)


def _one_part(text: str, os: re.Match[str], default: Platform) -> Platform:
    name = _os(os[1])
    if name in KNOWN_OS:
        variant = _implied(default.architecture, default.variant) if default.architecture == "arm" else ""
        return Platform(name, default.architecture, variant, os[2] or "")
    architecture, variant = _architecture(os[1], "")
    variant = _implied(architecture, variant)
    if architecture in KNOWN_ARCHITECTURES:
        return Platform(default.os, architecture, variant)
    raise PlatformError(f"`{text}` is not a known operating system or architecture")


def _implied(architecture: str, variant: str) -> str:
    """``variant`` without the default one of arm, v7."""
    return "" if (architecture, variant) == ("arm", "v7") else variant


def _os(name: str) -> str:
    lowered = name.lower()
    return "darwin" if lowered == "macos" else lowered


def _architecture(name: str, variant: str) -> tuple[str, str]:
    name, variant = name.lower(), variant.lower()
    if name in _ALIASES:
        alias, fixed = _ALIASES[name]
        name, variant = alias, variant if fixed is None else fixed
    if name == "amd64" and variant == "v1":
        return name, ""
    if name == "arm64" and variant in ("8", "v8", "v8.0"):
        return name, ""
    if name == "arm64" and variant in ("9", "9.0", "v9.0"):
        return name, "v9"
    if name == "arm" and variant in ("", "7"):
        return name, "v7"
    if name == "arm" and variant in ("5", "6", "8"):
        return name, f"v{variant}"
    return name, variant
