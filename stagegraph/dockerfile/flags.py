"""Flags between an instruction and its arguments.

Rules: moby/buildkit frontend/dockerfile/parser/split_command.go and
frontend/dockerfile/instructions/bflag.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from types import MappingProxyType

from msgspec import Struct, field

_BYTE_SPACE = "\t\n\v\f\r \x85\xa0"  # unicode.IsSpace of single bytes: BuildKit splits flags by bytes

# a flag without quotes and escapes, and the white space after it; "--" alone ends the flags
_PLAIN_FLAG = re.compile(r"[\t\n\v\f\r ]*(--[^\t-\r \x85\xa0'\"\\]+)(?=[\t\n\v\f\r ])")


class FlagKind(Enum):
    """How many values a flag takes."""

    BOOL = "bool"
    ONE = "one value"
    MANY = "several values"


_COPY = {"chown": FlagKind.ONE, "chmod": FlagKind.ONE, "link": FlagKind.BOOL, "exclude": FlagKind.MANY}

KNOWN: Mapping[str, Mapping[str, FlagKind]] = MappingProxyType(
    {
        "from": {"platform": FlagKind.ONE},
        "copy": {**_COPY, "from": FlagKind.ONE, "parents": FlagKind.BOOL},
        "add": {
            **_COPY,
            "keep-git-dir": FlagKind.BOOL,
            "checksum": FlagKind.ONE,
            "unpack": FlagKind.BOOL,
        },
        "run": {
            "mount": FlagKind.MANY,
            "network": FlagKind.ONE,
            "security": FlagKind.ONE,
            "device": FlagKind.MANY,
        },
        "healthcheck": {
            "interval": FlagKind.ONE,
            "timeout": FlagKind.ONE,
            "start-period": FlagKind.ONE,
            "start-interval": FlagKind.ONE,
            "retries": FlagKind.ONE,
        },
    }
)


class FlagError(ValueError):
    """A flag that is unknown, given twice, or has an invalid value; ``flag`` is its name."""

    def __init__(self, message: str, flag: str, hint: str = "") -> None:
        super().__init__(message)
        self.flag = flag
        self.hint = hint


class Flags(Struct, frozen=True):
    """The values of the given flags of one instruction, by name."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def one(self, name: str) -> str:
        """The value of a flag that takes one value; empty if it is not given."""
        return self.values.get(name, ("",))[-1]

    def many(self, name: str) -> tuple[str, ...]:
        """The values of a flag that takes several."""
        return self.values.get(name, ())

    def on(self, name: str) -> bool:
        """Whether a boolean flag is set."""
        return self.one(name) == "true"


NO_FLAGS = Flags()


def split_flags(text: str) -> tuple[list[str], str]:
    """The flags at the start of ``text``, without quotes and escapes, and the text after them."""
    if "--" not in text or not text.lstrip(_BYTE_SPACE).startswith("--"):
        return [], text
    if text.isascii():
        return _split_bytewise(text)
    flags, rest = _split_bytewise(text.encode("utf-8", "replace").decode("latin-1"))
    return flags, rest.encode("latin-1").decode("utf-8", "replace")


def _split_bytewise(text: str) -> tuple[list[str], str]:
    flags: list[str] = []
    position = 0
    while plain := _PLAIN_FLAG.match(text, position):
        flags.append(plain[1])
        position = plain.end()
    while True:
        while position < len(text) and text[position] in _BYTE_SPACE:
            position += 1
        if text[position : position + 2] != "--":
            return flags, text[position:]
        word, quoted, position = _flag_word(text, position)
        if word == "--":
            return flags, text[position:]
        if word or quoted:
            flags.append(word)


def _flag_word(text: str, position: int) -> tuple[str, bool, int]:
    """The word at ``position``, whether part of it was quoted, and where it ends."""
    word: list[str] = []
    quote = ""
    quoted = False
    while position < len(text):
        char = text[position]
        if not quote and char in _BYTE_SPACE:
            break
        position += 1
        if char == quote:
            quote = ""
            continue
        if not quote and char in "'\"":
            quote, quoted = char, True
            continue
        if char == "\\":
            char = text[position : position + 1]
            position += 1
        word.append(char)
    return "".join(word), quoted, min(position, len(text))


def read_flags(keyword: str, words: Sequence[str]) -> Flags:
    """The flags of the instruction ``keyword`` (lower case); FlagError for one that BuildKit rejects."""
    if not words:
        return NO_FLAGS
    known = KNOWN.get(keyword, {})
    values: dict[str, tuple[str, ...]] = {}
    for word in words:
        name, equals, value = word.removeprefix("--").partition("=")
        kind = known.get(name)
        if kind is None:
            raise FlagError(f"unknown flag --{name} on {keyword.upper()}", name, _hint(name, known))
        if name in values and kind is not FlagKind.MANY:
            raise FlagError(f"flag --{name} is given twice", name)
        values[name] = (*values.get(name, ()), _value(name, kind, bool(equals), value))
    return Flags(values)


def _hint(name: str, known: Mapping[str, FlagKind]) -> str:
    from difflib import get_close_matches

    if near := get_close_matches(name[:40], known, n=1):
        return f"did you mean --{near[0]}?"
    return f"use one of {', '.join(f'--{flag}' for flag in known)}" if known else "remove the flag"


def _value(name: str, kind: FlagKind, has_value: bool, value: str) -> str:
    if kind is not FlagKind.BOOL:
        if not has_value:
            raise FlagError(f"flag --{name} needs a value", name)
        return value
    if has_value and not value:
        raise FlagError(f"flag --{name} needs a value after =", name)
    lowered = value.lower() or "true"
    if lowered not in ("true", "false"):
        raise FlagError(f"flag --{name} must be true or false, not {value}", name)
    return lowered
