"""Reads ``.env`` files (compose-go dotenv/parser.go; compose-spec 05-services.md, env_file)."""

from __future__ import annotations

import re

from stagegraph.bake.interpolation import Lookup, interpolated
from stagegraph.bake.values import UnsuitableValueError
from stagegraph.errors import BakeError
from stagegraph.source import Source, Span

_KEY = re.compile(r"[ \t]*(?:export[ \t]+)?([\w.\[\]-]+)[ \t]*(?:([=:])[ \t]*|(?=\n|$))")
_SKIPPED = re.compile(r"\s*(?:#[^\n]*(?:\n|$)\s*)*")
_QUOTED = re.compile(r"""(["'])((?:\\.|(?!\1)[^\\])*)\1""", re.DOTALL)
_ESCAPE = re.compile(r'\\(0[0-7]{0,3}|[abfnrtv$"\\])')
_ESCAPES = {
    "n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "$": "$$", '"': '"',
    "\\": "\\",
}  # fmt: skip


def read_dotenv(source: Source, lookup: Lookup) -> dict[str, str]:
    """The variables of ``source``; where values refer to others, ``lookup`` wins. Raises BakeError."""
    values: dict[str, str] = {}
    text = source.text.removeprefix("\ufeff").replace("\r\n", "\n")
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
    """A value and the offset behind it; a comment begins with a space before its ``#``."""
    if quoted := _QUOTED.match(text, start):
        quote, value = quoted[1], quoted[2].replace(f"\\{quoted[1]}", quoted[1])
        if quote == '"':
            value = interpolated(_ESCAPE.sub(_unescaped, value), look)
        return value, quoted.end()
    if text.startswith(("'", '"'), start):
        raise UnsuitableValueError("a quoted value has no end")
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    return interpolated(text[start:end].partition(" #")[0].rstrip(), look), end


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    return chr(int(code, 8) & 255) if code.startswith("0") else _ESCAPES[code]


def _error(source: Source, text: str, position: int, message: str) -> BakeError:
    line = text.count("\n", 0, position) + 1
    return BakeError(message, source=source, span=Span(line, line))
