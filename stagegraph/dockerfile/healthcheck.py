"""HEALTHCHECK: its arguments and flags.

Rules: moby/buildkit frontend/dockerfile/instructions/parse.go, parseHealthcheck.
"""

from __future__ import annotations

import re

from stagegraph.dockerfile.flags import Flags
from stagegraph.dockerfile.words import SPACE, command_words

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
_INTERVALS = ("interval", "timeout", "start-period", "start-interval")
_SHORTEST = 10**6  # a millisecond
_LONGEST = 2**63 - 1
_MOST_TRIES = 2**31 - 1


def split(text: str) -> tuple[list[str], bool]:
    """The type, then the words of the command; and whether it is in JSON form."""
    first, rest = "", text
    for position, char in enumerate(text):
        if char in SPACE:
            first, rest = text[:position], text[position:].lstrip(SPACE)
            break
    else:
        first, rest = text, ""
    if not first:
        return [], False
    command, json_form = command_words(rest)
    return [first, *command], json_form


def fault(args: list[str], flags: Flags) -> str:
    """What is wrong with a HEALTHCHECK that is not NONE; empty if nothing is."""
    if args[0].upper() != "CMD":
        return f"HEALTHCHECK must be NONE or CMD, not {args[0]}"
    if len(args) < 2:
        return "HEALTHCHECK CMD needs a command"
    for name in _INTERVALS:
        value = flags.one(name)
        if value and not _is_interval(value):
            return f"--{name} must be a duration of at least 1ms, not `{value}`"
    retries = flags.one("retries")
    if retries and not _is_count(retries):
        return f"--retries must be a whole number, not `{retries}`"
    return ""


def _is_count(text: str) -> bool:
    """Whether ``text`` is a 32-bit number that is not negative."""
    match = re.fullmatch(r"([+-]?)(?=[0-9])0*([0-9]{0,10})", text)
    return match is not None and int(match[2] or 0) <= (0 if match[1] == "-" else _MOST_TRIES)


def _nanoseconds(number: str, unit: int) -> int:
    whole, _, part = number.partition(".")
    part = part[:18]  # finer than a nanosecond for every unit
    return int(whole or 0) * unit + int(part.ljust(18, "0")) * unit // 10**18


def _is_interval(text: str) -> bool:
    """Whether Go's time.ParseDuration accepts ``text`` and it is zero or long enough."""
    negative, digits = text.startswith("-"), text.removeprefix("-" if text.startswith("-") else "+")
    if digits == "0":
        return True
    total, position = 0, 0
    part = re.compile(_PART)
    while match := part.match(digits, position):
        total += _nanoseconds(match[1], _UNITS[match[2]])
        position = match.end()
    if position != len(digits) or not digits or total > _LONGEST:
        return False
    return total == 0 or (not negative and total >= _SHORTEST)
