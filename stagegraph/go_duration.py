"""Durations as Go writes them, in a Dockerfile and in a bake file: ``1h30m``, ``-1.5s``."""

from __future__ import annotations

import re

_UNITS = {  # in nanoseconds
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_PART = r"([0-9]{1,40}\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)"
_LONGEST = 2**63 - 1


def nanoseconds(text: str) -> int | None:
    """What ``text`` means to Go's time.ParseDuration; None where that gives an error."""
    negative, digits = text.startswith("-"), text.removeprefix("-" if text.startswith("-") else "+")
    if digits == "0":
        return 0
    total, position = 0, 0
    part = re.compile(_PART)
    while match := part.match(digits, position):
        total += _part(match[1], _UNITS[match[2]])
        position = match.end()
    if position != len(digits) or not digits or total > _LONGEST:
        return None
    return -total if negative else total


def _part(number: str, unit: int) -> int:
    whole, _, part = number.partition(".")
    part = part[:18]  # finer than a nanosecond for every unit
    return int(whole or 0) * unit + int(part.ljust(18, "0")) * unit // 10**18
