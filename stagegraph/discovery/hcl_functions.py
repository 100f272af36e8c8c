"""The operators and functions of HCL expressions. An unknown operand makes the result UNKNOWN.

The functions are those that bake files call most (docs.docker.com/build/bake/funcs, whose list is in
docker/buildx bake/hclparser/stdlib.go); a call of any other function is UNKNOWN.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from itertools import islice
from typing import Any

from msgspec import Struct

LONGEST_TEXT = 50_000  # characters
_MOST_PARTS = 5_000  # of one value
_MOST_STEPS = 1_000_000  # of one file: about two seconds
_DEEPEST = 120  # nodes, each of which takes several frames of the stack
_TRUTHS = {"true": True, "false": False}


class Unknown(Enum):
    """The value of an expression that cannot be evaluated."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN
Function = Callable[..., Any]


class LimitError(Exception):
    """Evaluating takes too many steps or goes too deep."""


class Limits(Struct):
    """What evaluating one file may still cost: shared by all of its expressions, so that it ends."""

    steps: int = _MOST_STEPS
    depth: int = 0

    def spend(self, steps: int) -> None:
        """Count ``steps``. Raises LimitError when there are too many."""
        self.steps -= steps
        if self.steps < 0:
            raise LimitError

    def enter(self) -> None:
        """Count one step, one level deeper. Raises LimitError."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise LimitError
        self.spend(1)

    def bounded(self, value: Any) -> Any:
        """``value``; UNKNOWN where it is too large, as values get that repeat each other, or infinite."""
        waiting, parts = [value], 0
        while waiting:
            one = waiting.pop()
            parts += 1
            length = len(one) if isinstance(one, str) else 0
            self.spend(1 + length // 16)
            infinite = isinstance(one, float) and not math.isfinite(one)
            if infinite or parts > _MOST_PARTS or length > LONGEST_TEXT:
                return UNKNOWN
            if isinstance(one, (list, dict)):
                waiting.extend(islice(one.values() if isinstance(one, dict) else one, _MOST_PARTS))
        return value


def is_known(value: Any) -> bool:
    """Whether ``value`` is not UNKNOWN and holds nothing that is."""
    if isinstance(value, dict):
        return all(map(is_known, value.values()))
    return all(map(is_known, value)) if isinstance(value, list) else value is not UNKNOWN


def to_text(value: object) -> str:
    """A string, number or boolean as HCL converts it to a string."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(_whole_number(value)) if isinstance(value, float) else str(value)


def to_bool(value: Any) -> Any:
    """A boolean, or a string that HCL converts to one; UNKNOWN for anything else."""
    if isinstance(value, str):
        value = _TRUTHS.get(value)
    return value if isinstance(value, bool) else UNKNOWN


def logical(operator: str, left: Any, right: Callable[[], Any]) -> Any:
    """``left && right`` or ``left || right``: one side can decide although the other is UNKNOWN."""
    decisive = operator == "||"
    if left is decisive:
        return left
    other = right()
    if other is decisive or left is not UNKNOWN:
        return other
    return UNKNOWN


def binary(operator: str, left: Any, right: Any) -> Any:
    """The result of a comparison or of arithmetic."""
    if not (is_known(left) and is_known(right)):
        return UNKNOWN
    if operator in ("==", "!="):
        return (left == right) is (operator == "==")
    try:
        return _ARITHMETIC[operator](float(left), float(right)) if operator in _ARITHMETIC else UNKNOWN
    except (TypeError, ValueError, ArithmeticError):
        return UNKNOWN


def unary(operator: str, value: Any) -> Any:
    """``!value`` or ``-value``."""
    if operator == "!":
        return not value if isinstance(value, bool) else UNKNOWN
    return -value if isinstance(value, (int, float)) and not isinstance(value, bool) else UNKNOWN


def item(owner: Any, key: Any) -> Any:
    """``owner[key]`` and ``owner.key``."""
    if isinstance(owner, Mapping):
        return owner.get(key, UNKNOWN) if isinstance(key, str) else UNKNOWN
    index = int(key) if str(key).isdecimal() and len(str(key)) < 8 else -1
    return owner[index] if isinstance(owner, list) and 0 <= index < len(owner) else UNKNOWN


def call(function: Function | None, arguments: list[Any]) -> Any:
    """The result of a call; UNKNOWN where there is no such function or the call fails."""
    try:
        return function(*arguments) if function else UNKNOWN
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
        return UNKNOWN


def _whole_number(value: float) -> int | float:
    return int(value) if value == int(value) else value


_ARITHMETIC: dict[str, Callable[[float, float], Any]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "+": lambda a, b: _whole_number(a + b),
    "-": lambda a, b: _whole_number(a - b),
    "*": lambda a, b: _whole_number(a * b),
    "/": lambda a, b: _whole_number(a / b),
    "%": lambda a, b: _whole_number(a % b),
}


def _of_known(function: Function) -> Function:
    """``function``, called only when all of its arguments are known."""

    def checked(*values: Any) -> Any:
        return function(*values) if all(map(is_known, values)) else UNKNOWN

    return checked


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("expected a boolean")
    return value


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if value not in (None, "")), None)


def _flatten(values: Iterable[Any]) -> list[Any]:
    return [one for value in values for one in (_flatten(value) if isinstance(value, list) else [value])]


def _merge(*tables: dict[str, Any]) -> dict[str, Any]:
    return {key: value for table in tables for key, value in table.items()}


def _join(separator: str, *lists: Any) -> str:
    texts = list(map(to_text, _flatten(lists)))
    if sum(map(len, texts)) + len(separator) * len(texts) > LONGEST_TEXT:
        raise ValueError("too long")
    return separator.join(texts)


def _replace(text: str, old: str, new: str) -> str:
    if text.count(old) * len(new) > LONGEST_TEXT:
        raise ValueError("too long")
    return text.replace(old, new)


def _substr(text: str, start: int, length: int) -> str:
    return text[start:] if length < 0 else text[start : start + length]


def _digest(name: str) -> Callable[[str], str]:
    return lambda text: hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()


_OF_KNOWN_VALUES: dict[str, Function] = {
    "and": lambda a, b: _boolean(a) and _boolean(b),
    "base64encode": lambda text: base64.b64encode(text.encode()).decode(),
    "coalesce": _coalesce,
    "compact": lambda values: [value for value in values if value],
    "concat": lambda *lists: [value for one in lists for value in one],
    "contains": lambda values, value: value in values,
    "distinct": lambda values: [one for index, one in enumerate(values) if one not in values[:index]],
    "element": lambda values, index: values[index % len(values)],
    "equal": lambda a, b: a == b,
    "flatten": _flatten,
    "indexof": lambda values, value: values.index(value),
    "join": _join,
    "keys": lambda table: sorted(table),
    "length": lambda value: len(value),
    "lookup": lambda table, key, *default: table.get(key, *default),
    "lower": lambda text: text.lower(),
    "md5": _digest("md5"),
    "merge": _merge,
    "not": lambda a: not _boolean(a),
    "notequal": lambda a, b: a != b,
    "or": lambda a, b: _boolean(a) or _boolean(b),
    "replace": _replace,
    "reverse": lambda text: text[::-1],
    "reverselist": lambda values: values[::-1],
    "sha1": _digest("sha1"),
    "sha256": _digest("sha256"),
    "slice": lambda values, start, end: values[start:end],
    "sort": lambda values: sorted(values),
    "split": lambda separator, text: text.split(separator),
    "strlen": lambda text: len(text),
    "substr": _substr,
    "title": lambda text: text.title(),
    "trim": lambda text, characters: text.strip(characters),
    "trimprefix": lambda text, prefix: text.removeprefix(prefix),
    "trimspace": lambda text: text.strip(),
    "trimsuffix": lambda text, suffix: text.removesuffix(suffix),
    "upper": lambda text: text.upper(),
    "values": lambda table: [table[key] for key in sorted(table)],
}
FUNCTIONS: dict[str, Function] = {name: _of_known(function) for name, function in _OF_KNOWN_VALUES.items()}
