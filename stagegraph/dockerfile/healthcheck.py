"""The one instruction with a grammar of its own, HEALTHCHECK.

Rules: moby/buildkit frontend/dockerfile/instructions/parse.go, parseHealthcheck.
"""

from __future__ import annotations

import re

from stagegraph.dockerfile.flags import Flags
from stagegraph.dockerfile.whitespace import SPACE
from stagegraph.dockerfile.words import command_words

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_INTERVALS = ("interval", "timeout", "start-period", "start-interval")
_SHORTEST = 0.001  # seconds: container.MinimumDuration


def split(text: str) -> tuple[list[str], bool]:
    """The type, then the command as RUN has it."""
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
    """What is wrong with a HEALTHCHECK that is not NONE, or nothing."""
    if args[0].upper() != "CMD":
        return f"HEALTHCHECK is NONE or CMD, not {args[0]}"
    if len(args) < 2:
        return "HEALTHCHECK CMD needs a command"
    for name in _INTERVALS:
        value = flags.one(name)
        if value and not _is_interval(value):
            return f"--{name} is no duration of at least 1ms: {value}"
    retries = flags.one("retries")
    if retries and not re.fullmatch(r"\+?[0-9]{1,10}", retries):
        return f"--retries is no number of tries: {retries}"
    return ""


def _is_interval(text: str) -> bool:
    """Whether Go's time.ParseDuration takes ``text`` and it is nothing or long enough."""
    digits = text.removeprefix("+")
    if digits == "0":
        return True
    seconds, position = 0.0, 0
    while match := _PART.match(digits, position):
        seconds += float(match[1]) * _UNITS[match[2]]
        position = match.end()
    return position == len(digits) > 0 and (seconds == 0 or seconds >= _SHORTEST)
