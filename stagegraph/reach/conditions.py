"""The condition under which BuildKit chooses a stage, in the words a person would use.

Platform arguments are written as the platform ("on windows"), other arguments as "with VARIANT=full".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

# `go tool dist list`, and wasi, which Docker names wasi/wasm: the operating systems and the
# architectures of each for which a program can be built. BuildKit accepts any name as a platform.
_ARCHITECTURES = {
    "aix": "ppc64",
    "android": "386 amd64 arm arm64",
    "darwin": "amd64 arm64",
    "dragonfly": "amd64",
    "freebsd": "386 amd64 arm arm64 riscv64",
    "illumos": "amd64",
    "ios": "amd64 arm64",
    "js": "wasm",
    "linux": "386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x",
    "netbsd": "386 amd64 arm arm64",
    "openbsd": "386 amd64 arm arm64 ppc64 riscv64",
    "plan9": "386 amd64 arm",
    "solaris": "amd64",
    "wasi": "wasm",
    "wasip1": "wasm",
    "windows": "386 amd64 arm arm64",
}
# containerd/platforms compare.go: the variants that it orders
_VARIANTS = {
    "amd64": ("", "v1", "v2", "v3", "v4"),
    "arm": ("", "v5", "v6", "v7", "v8"),
    "arm64": ("", "v8", "v9"),
}
_MACHINES = {"TARGET": "on {}", "BUILD": "on {} build machines"}


class Condition(NamedTuple):
    """A condition in words, and whether every platform that it names exists."""

    text: str  # "with DEBUG=1 on windows"
    exists: bool


def condition(values: Mapping[str, str], plain: Collection[str], overridden: Collection[str]) -> Condition:
    """The condition that the arguments have ``values``.

    ``plain`` are the platform arguments that an ARG gives a default of its own, so that the platform does
    not set them; ``overridden`` those that only ``--build-arg`` sets to this value.
    """
    values = dict(values)
    platforms, exists = [], True
    for machine, words in _MACHINES.items():
        own = {name: values[name] for name in _names(machine, plain) if name in values}
        parts = _parts(machine, own)
        found = not own or platform_exists(*parts)
        exists = exists and found
        if own and found and _can_be_written(parts) and not own.keys() & set(overridden):
            platforms.append(words.format("/".join(filter(None, parts))))
            values = {name: value for name, value in values.items() if name not in own}
    others = ", ".join(f"{name}={value}" for name, value in values.items())
    return Condition(" ".join([*([f"with {others}"] if others else []), *platforms]), exists)


def _names(machine: str, plain: Collection[str]) -> list[str]:
    names = (f"{machine}{part}" for part in ("PLATFORM", "OS", "ARCH", "VARIANT"))
    return [name for name in names if name not in plain]


def _parts(machine: str, values: Mapping[str, str]) -> tuple[str | None, str | None, str | None]:
    """Operating system, architecture and variant; None where a part can be any."""
    os, architecture, variant = (values.get(f"{machine}{part}") for part in ("OS", "ARCH", "VARIANT"))
    if f"{machine}PLATFORM" not in values:
        return os, architecture, variant
    first, _, rest = values[f"{machine}PLATFORM"].partition("/")
    second, _, third = rest.partition("/")
    whole = (first.partition("(")[0], second, third)
    own = (os, architecture, variant)
    agrees = all(a is None or a == b for a, b in zip(own, whole, strict=True))
    return whole if agrees else ("", "", "")


def _can_be_written(parts: tuple[str | None, str | None, str | None]) -> bool:
    """Whether the parts that are given are a platform by themselves: not a variant without architecture."""
    _, architecture, variant = parts
    return bool(architecture) or (architecture is None and variant is None)


def platform_exists(os: str | None, architecture: str | None, variant: str | None) -> bool:
    """Whether a platform exists that has these parts; None is any."""
    systems = _ARCHITECTURES.items() if os is None else [(os, _ARCHITECTURES.get(os, ""))]
    names = {name for _, listed in systems for name in listed.split()}
    if architecture is not None:
        names &= {architecture}
    return any(variant is None or variant in _VARIANTS.get(name, ("",)) for name in names)
