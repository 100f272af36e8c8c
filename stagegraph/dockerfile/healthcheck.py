"""HEALTHCHECK: its arguments and flags.

Rules: moby/buildkit frontend/dockerfile/instructions/parse.go, parseHealthcheck.
"""

from __future__ import annotations

import re

from stagegraph.dockerfile.flags import Flags
from stagegraph.dockerfile.words import SPACE, command_words
from stagegraph.go_duration import nanoseconds

_INTERVALS = ("interval", "timeout", "start-period", "start-interval")
_SHORTEST = 10**6  # a millisecond
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


def _is_interval(text: str) -> bool:
    """Whether ``text`` is a duration that is zero or long enough."""
    time = nanoseconds(text)
    return time is not None and (time == 0 or time >= _SHORTEST)
