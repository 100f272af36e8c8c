"""Sizes, limits and flags of compose files (docker/go-units size.go, ulimit.go; compose-go interpolation)."""

from __future__ import annotations

import re

from stagegraph.bake.values import UnsuitableValueError
from stagegraph.bake.yaml_values import Yaml, scalar_text

_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?", re.IGNORECASE)
_UNITS = "BKMGTP"


def to_bytes(value: Yaml) -> int:
    """A size such as ``64mb`` in bytes."""
    text = scalar_text(value).strip()
    match = _SIZE.fullmatch(text)
    if not match:
        raise UnsuitableValueError(f"invalid size {text}")
    return int(float(match[1]) * 1024 ** _UNITS.index((match[2] or "B").upper()))


def memory_text(size: int) -> str:
    """``size`` as go-units prints it: four digits and a binary unit."""
    number, unit = float(size), 0
    while number >= 1024 and unit < 8:
        number /= 1024
        unit += 1
    return f"{number:.4g}{('B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB')[unit]}"


def ulimit_texts(value: Yaml) -> list[str]:
    """Limits as ``name=soft:hard``, sorted by name."""
    texts = []
    for name, limit in sorted((value or {}).items()):
        soft, hard = (
            (limit.get("soft", 0), limit.get("hard", 0)) if isinstance(limit, dict) else (limit, limit)
        )
        try:
            numbers = [int(scalar_text(one)) for one in (soft, hard)]
        except ValueError:
            raise UnsuitableValueError(f"invalid limit {name}") from None
        if numbers[1] != -1 and numbers[0] > numbers[1]:
            raise UnsuitableValueError(f"the soft limit of {name} must not be above the hard limit")
        texts.append(f"{name}={numbers[0]}:{numbers[1]}")
    return texts


def to_flag(value: Yaml) -> bool:
    """A boolean, or a word for one."""
    if value is None or isinstance(value, bool):
        return bool(value)
    known = {
        **dict.fromkeys(("true", "y", "yes", "on", "1"), True),
        **dict.fromkeys(("false", "n", "no", "off", "0"), False),
    }
    text = scalar_text(value).lower()
    if text not in known:
        raise UnsuitableValueError(f"{text} is not true or false")
    return known[text]
