"""Lines of shell as words in which the variables are put in that the same file sets."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product

from msgspec import Struct

MISSING = "\x00"  # stands in a word for a value that is not known
_MOST_WAYS = 64
_ENDS = frozenset({"&&", "||", ";", "|", "&", "(", ")", ";;", "|&", "{", "}", ";&"})
_VARIABLE = re.compile(
    r"\$\$?\{([A-Za-z_]\w*)(?::?([-=?+])([^{}]*))?\}|\$\$?\(([A-Za-z_][\w-]*)\)|\$\$?([A-Za-z_]\w*)"
)
_LEFT = re.compile(r"\$\{[^{}]*\}|\$\(\(?|`|\$\{|\$[@*#?!0-9]")
Values = Mapping[str, Sequence[str]]


class Lines(Struct, frozen=True):
    """One command line that may have run over several lines of a file, and where it begins."""

    text: str
    line: int


def logical_lines(text: str, first: int = 1, continuation: str = "\\") -> Iterator[Lines]:
    """The lines of ``text`` with those joined that end in a backslash; comments are left out."""
    parts: list[str] = []
    start = first
    for number, raw in enumerate(text.split("\n"), first):
        line = raw.rstrip("\r")
        if not parts:
            start = number
            if line.lstrip().startswith("#"):
                continue
        if line.endswith(continuation):
            parts.append(line[:-1] + " ")
            continue
        yield Lines("".join((*parts, line)), start)
        parts = []
    if parts:
        yield Lines("".join(parts), start)


def simple_commands(text: str) -> list[list[str]] | None:
    """The words of every simple command of a line; None where its quotes do not match."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.wordchars += "$@{}%+!^:,[]\x00"
    lexer.commenters = ""
    commands: list[list[str]] = [[]]
    try:
        for word in lexer:
            if word in _ENDS:
                commands.append([])
            else:
                commands[-1].append(word)
    except ValueError:
        return None
    return [command for command in commands if command]


def ways(text: str, values: Values) -> Iterator[tuple[str, bool]]:
    """``text`` with its variables put in, in every way that ``values`` allow, and whether that is sure.

    A default in ``${X:-default}`` stands where nothing sets X, and is not sure. What is not known
    becomes MISSING.
    """
    names = list(dict.fromkeys(_name(match) for match in _VARIABLE.finditer(text)))
    choices: list[Sequence[str | None]] = [values.get(name) or [None] for name in names]
    for choice in islice(product(*choices), _MOST_WAYS):
        yield _filled(text, dict(zip(names, choice, strict=True)))


def _name(match: re.Match[str]) -> str:
    return match[1] or match[4] or match[5]


def _filled(text: str, values: Mapping[str, str | None]) -> tuple[str, bool]:
    sure = True

    def part(match: re.Match[str]) -> str:
        nonlocal sure
        value = values[_name(match)]
        if value is not None:
            return value
        sure = False
        default = match[3] if match[2] in ("-", "=") else None
        return default if default is not None and "$" not in default else MISSING

    filled = _VARIABLE.sub(part, text)
    if _LEFT.search(filled):
        return _LEFT.sub(MISSING, filled), False
    return filled, sure
