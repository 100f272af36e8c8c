"""Shared by the parsers of instructions: their error, flags and number of arguments."""

from __future__ import annotations

from stagegraph.dockerfile.flags import NO_FLAGS, FlagError, Flags, read_flags
from stagegraph.dockerfile.lines import Line


class ParseError(ValueError):
    """BuildKit rejects the instruction; ``word`` is the wrong part, ``hint`` the next step."""

    def __init__(self, message: str, *, word: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.word = word
        self.hint = hint


def flags_of(line: Line) -> Flags:
    """The flags of ``line``; ParseError for one that BuildKit does not accept there."""
    if not line.flags:
        return NO_FLAGS
    try:
        return read_flags(line.keyword, line.flags)
    except FlagError as error:
        raise ParseError(str(error), word=f"--{error.flag}") from None


def at_least_one(line: Line, args: list[str]) -> None:
    """Raise a ParseError when ``line`` has no argument."""
    if not args:
        raise ParseError(f"{line.keyword.upper()} needs an argument")


def exactly_one(line: Line, args: list[str]) -> str:
    """The one argument of ``line``, which takes no flags; ParseError otherwise."""
    if len(args) != 1:
        raise ParseError(f"{line.keyword.upper()} needs an argument")
    flags_of(line)
    return args[0]
