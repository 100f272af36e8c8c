"""Patterns of Go's regexp package as Python patterns, never with exponential time.

Source: github.com/google/re2/wiki/Syntax. Go matches in linear time, Python does not: a pattern that
repeats a repetition is not run on long texts; what it would give is unknown.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from stagegraph.bake.values import UnsuitableValueError

_SHORT = 16  # characters on which any pattern ends soon
_LONG = 2_000
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
        return re.compile(python, re.ASCII), _nesting(python)
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


def _nesting(pattern: str) -> int:
    """How many unbounded repetitions one character can take part in: nested or after one another."""
    from re import _constants, _parser

    def depth(items: Any, inside: bool) -> int:
        worst, row = 0, 0
        for operation, argument in items:
            if operation in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
                _, high, body = argument
                many = high == _constants.MAXREPEAT or high > 10
                inner = depth(body, many or inside)
                row += many
                worst = max(worst, 9 if many and (inside or inner) else inner)
            elif operation is _constants.SUBPATTERN:
                worst = max(worst, depth(argument[3], inside))
            elif operation is _constants.BRANCH:
                worst = max([worst, *(depth(branch, inside) for branch in argument[1])])
        return max(worst, row)

    return depth(_parser.parse(pattern, re.ASCII), False)


def compiled(pattern: str, text: str) -> re.Pattern[str] | None:
    """``pattern`` for Python; None if it could take too long. UnsuitableValueError if it is invalid."""
    expression, nesting = _translated(pattern)
    slow = nesting >= 3 and len(text) > _LONG // nesting
    if slow or (nesting >= 9 and len(text) > _SHORT):
        return None
    return expression if len(text) <= 100_000 // max(nesting, 1) else None


def go_template(replacement: str) -> str:
    """The replacement of Go (``$1``, ``${name}``, ``$$``) as one of Python."""

    def part(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        return "$" if not name else rf"\g<{name}>"

    return re.sub(r"\$(?:\$|\{(\w+)\}|(\w+))", part, replacement.replace("\\", "\\\\"))
