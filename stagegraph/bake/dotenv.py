"""Reads ``.env`` files (compose-go dotenv/parser.go; compose-spec 05-services.md, env_file)."""

from __future__ import annotations

import re

from stagegraph.bake.interpolation import Lookup, interpolated
from stagegraph.bake.values import UnsuitableValueError
from stagegraph.errors import BakeError
from stagegraph.source import Source, Span

_KEY = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.\[\]-]*)[ \t]*(?:([=:])[ \t]*|(?=\r?(?:\n|$)))")
_SKIPPED = re.compile(r"\s*(?:#[^\n]*(?:\n|$)\s*)*")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_SINGLE = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "$": "$$"}


def read_dotenv(source: Source, lookup: Lookup) -> dict[str, str]:
    """The variables of ``source``; where values refer to others, ``lookup`` wins. Raises BakeError."""
    values: dict[str, str] = {}
    text = source.text.removeprefix("\ufeff")
    position = 0

    def look(name: str) -> str | None:
        outer = lookup(name)
        return outer if outer is not None else values.get(name)

    while True:
        skipped = _SKIPPED.match(text, position)
        position = skipped.end() if skipped else position
        if position >= len(text):
            return values
        key = _KEY.match(text, position)
        if not key:
            raise _error(source, text, position, "expected NAME=VALUE")
        position = key.end()
        if not key[2]:
            inherited = lookup(key[1])
            values.update({} if inherited is None else {key[1]: inherited})
            continue
        try:
            values[key[1]], position = _value(text, position, look)
        except UnsuitableValueError as problem:
            raise _error(source, text, key.start(), str(problem)) from None


def _value(text: str, start: int, look: Lookup) -> tuple[str, int]:
    """A value and the offset behind it."""
    if single := _SINGLE.match(text, start):
        return single[1], _line_end(text, single.end())
    if double := _DOUBLE.match(text, start):
        escaped = _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[1]), double[1])
        return interpolated(escaped, look), _line_end(text, double.end())
    if text.startswith(("'", '"'), start):
        raise UnsuitableValueError("a quoted value has no end")
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    value = re.split(r"(?:^|[ \t])#", text[start:end], maxsplit=1)[0].strip()
    return interpolated(value, look), end


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _error(source: Source, text: str, position: int, message: str) -> BakeError:
    line = text.count("\n", 0, position) + 1
    return BakeError(message, source=source, span=Span(line, line))
