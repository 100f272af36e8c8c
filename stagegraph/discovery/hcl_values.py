"""Values of HCL and what operators make of them; what is not known stays UNKNOWN."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

LONGEST = 50_000  # characters of an expression, or of a text that comes out
_MOST_PARTS = 5_000  # of a value
CONSTANTS = {"true": True, "false": False, "null": None}


class Unknown(Enum):
    """The value of an expression that is not worked out."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN
Scope = Mapping[str, Any]  # variables by name; functions by name with () behind it


def within_limits(value: Any) -> Any:
    """``value``; UNKNOWN where it has grown beyond all use, as values do that repeat each other."""
    waiting, left = [value], _MOST_PARTS
    while waiting:
        one = waiting.pop()
        left -= 1
        if left < 0 or (isinstance(one, str) and len(one) > LONGEST):
            return UNKNOWN
        if isinstance(one, float) and not math.isfinite(one):
            return UNKNOWN
        if isinstance(one, list):
            waiting.extend(one[: left + 1])
        elif isinstance(one, dict):
            waiting.extend(one.values())
    return value


def is_known(value: Any) -> bool:
    """Whether nothing in ``value`` is UNKNOWN."""
    if isinstance(value, dict):
        return all(map(is_known, value.values()))
    return all(map(is_known, value)) if isinstance(value, list) else value is not UNKNOWN


def shown(value: object) -> str:
    """A number or a truth as HCL writes it in a text."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(_whole_number(value)) if isinstance(value, float) else str(value)


def truth(value: Any) -> Any:
    """The truth of a value; UNKNOWN where it is none."""
    if isinstance(value, str):
        value = CONSTANTS.get(value)
    return value if isinstance(value, bool) else UNKNOWN


def logical(sign: str, left: Any, right: Callable[[], Any]) -> Any:
    """``left && right`` or ``left || right``, which one side may decide."""
    decides = sign == "||"
    if left is decides:
        return left
    other = right()
    if other is decides or left is not UNKNOWN:
        return other
    return UNKNOWN


def compared(sign: str, left: Any, right: Any) -> Any:
    """What any other operator makes of two values."""
    if not (is_known(left) and is_known(right)):
        return UNKNOWN
    if sign in ("==", "!="):
        return (left == right) is (sign == "==")
    try:
        return _NUMBERS[sign](float(left), float(right)) if sign in _NUMBERS else UNKNOWN
    except (TypeError, ValueError, ArithmeticError):
        return UNKNOWN


def _whole_number(value: float) -> int | float:
    return int(value) if value == int(value) else value


_NUMBERS: dict[str, Callable[[float, float], Any]] = {
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


def negated(value: Any) -> Any:
    """The other truth."""
    return not value if isinstance(value, bool) else UNKNOWN


def negative(value: Any) -> Any:
    """The value with a minus before it."""
    return -value if isinstance(value, (int, float)) and not isinstance(value, bool) else UNKNOWN


def called(function: Any, arguments: list[Any]) -> Any:
    """What ``function`` makes of ``arguments``; UNKNOWN where there is none or it fails."""
    if not callable(function):
        return UNKNOWN
    try:
        return within_limits(function(*arguments))
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
        return UNKNOWN
