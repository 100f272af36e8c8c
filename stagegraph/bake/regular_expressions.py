"""Patterns of Go's regexp package as Python patterns, never with exponential time.

Source: github.com/google/re2/wiki/Syntax. Go matches in linear time, Python does not: a pattern that
repeats a repetition is not run on long texts; what it would give is unknown.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any

from stagegraph.bake.values import UnsuitableValueError

_SHORT = 16  # characters on which nested repetitions end soon
_LONG = 100_000
_MOST_WAYS = 7  # power of ten: ways to match that may be tried
_TOKEN = re.compile(
    r"\\Q(.*?)(?:\\E|$)|\\[pP](?:\{\^?\w+\}|\w)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|.", re.DOTALL
)
_TOKENS = {
    "\\z": r"\Z",
    "$": r"\Z",
    "\\pL": r"[^\W\d_]",
    "\\p{L}": r"[^\W\d_]",
    "\\pN": r"\d",
    "\\p{N}": r"\d",
}
_CLASSES = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": r"\x00-\x7f", "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~", "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ", "upper": "A-Z", "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f",
}  # fmt: skip


@lru_cache(maxsize=256)
def _translated(pattern: str) -> tuple[re.Pattern[str], int]:
    multiline = bool(re.match(r"\(\?[a-zA-Z]*m", pattern))
    python = "".join(_token(match, multiline) for match in _TOKEN.finditer(pattern))
    python = python.replace("(?P<", "\0").replace("(?<", "(?P<").replace("\0", "(?P<")
    if len(pattern) > 1000 or re.search(r"(?<!\\)\(\?[=!]|\(\?P<[=!]|\\[1-9]", python):
        raise UnsuitableValueError("invalid or too long pattern")
    try:
        return re.compile(python, re.ASCII), _longest(python)
    except (re.error, RecursionError, OverflowError) as error:
        raise UnsuitableValueError(f"invalid pattern: {error}") from None


def _token(match: re.Match[str], multiline: bool) -> str:
    text = match.group()
    if match[1] is not None:
        return re.escape(match[1])
    if text == "$" and multiline:
        return text
    if text.startswith("["):
        return re.sub(r"\[:(\w+):\]", lambda one: _CLASSES.get(one[1], ""), text).replace("[[", r"[\[")
    return _TOKENS.get(text, text)


def _longest(pattern: str) -> int:
    """On how many characters ``pattern`` ends soon: a bound on the ways to match, not the exact number."""
    from re import _constants, _parser  # type: ignore[attr-defined]  # not in the stubs

    repeats = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)
    longest = _LONG

    def ways(items: Any) -> tuple[int, int]:
        """How many repetitions and how many alternatives a part of a pattern has."""
        nonlocal longest
        count, alternatives = 0, 1
        for operation, argument in items:
            inner = 0, 1
            if operation in repeats:
                inner = ways(argument[2])
                many = argument[1] == _constants.MAXREPEAT or argument[1] > 3
                if many and inner[0]:
                    longest = min(longest, _SHORT)
                if many and inner[1] > 1:
                    longest = min(longest, int(2 * _MOST_WAYS / math.log10(inner[1] + 1)))
                inner = inner[0] + 1, inner[1]
            elif operation is _constants.SUBPATTERN:
                inner = ways(argument[3])
            elif operation is _constants.BRANCH:
                parts = [ways(branch) for branch in argument[1]]
                inner = max(part[0] for part in parts), len(parts) * max(part[1] for part in parts)
            count, alternatives = count + inner[0], max(alternatives, inner[1])
        return count, alternatives

    count, _ = ways(_parser.parse(pattern, re.ASCII))
    return min(longest, int(10 ** (_MOST_WAYS / (count - 1)))) if count > 1 else longest


def compiled(pattern: str, text: str) -> re.Pattern[str] | None:
    """``pattern`` for Python; None if it could take too long. UnsuitableValueError if it is invalid."""
    expression, longest = _translated(pattern)
    return expression if len(text) <= longest else None


def go_template(replacement: str) -> str:
    """The replacement of Go (``$1``, ``${name}``, ``$$``) as one of Python."""

    def part(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        return "$" if not name else rf"\g<{name}>"

    return re.sub(r"\$(?:\$|\{(\w+)\}|(\w+))", part, replacement.replace("\\", "\\\\"))
