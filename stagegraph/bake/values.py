"""The values of HCL expressions (zclconf/go-cty), as plain Python values, and their conversions.

A string is ``str``, a number ``Fraction``, null ``None``. A tuple is ``list``, an object ``dict``;
lists, sets and maps, whose elements have one type, are subclasses of these. ``UNKNOWN`` stands for a value
that depends on the time, on chance or on the machine.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final, TypeAlias

Value: TypeAlias = Any
_PRECISION = 512  # bits of a number in go-cty


class ListValue(list[Value]):
    """A list: its elements have one type."""


class SetValue(list[Value]):
    """A set: sorted, each element once."""


class MapValue(dict[str, Value]):
    """A map: its values have one type."""


class Unknown:
    """The type of ``UNKNOWN``."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


class UnsuitableValueError(Exception):
    """A value of the wrong type or out of range; the message names what is wrong."""


_KINDS: dict[Any, str] = {
    str: "string",
    Fraction: "number",
    ListValue: "list",
    SetValue: "set",
    MapValue: "map",
    list: "tuple",
    dict: "object",
}


def kind(value: Value) -> str:
    """The name of the type of ``value``, as messages have it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    return _KINDS.get(type(value), "unknown")


def has_unknown(value: Value) -> bool:
    """Whether ``value`` is unknown, or holds something unknown."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if one is UNKNOWN:
            return True
        if isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, dict):
            waiting.extend(one.values())
    return False


def number_text(number: Fraction) -> str:
    """The decimal digits of ``number``: all of them, or as many as tell 512-bit numbers apart."""
    if number.denominator == 1:
        return str(number.numerator)
    digits = _decimal_places(number.denominator)
    sign, number = ("-" if number < 0 else ""), abs(number)
    if digits is None or digits > 200:
        digits = _shortest(number)
    text = str(round(number * 10**digits)).rjust(digits + 1, "0")
    return sign + f"{text[:-digits]}.{text[-digits:]}".rstrip("0").rstrip(".")


def _decimal_places(denominator: int) -> int | None:
    """How many digits a fraction has after the point; None if it never ends."""
    counts = []
    for prime in (2, 5):
        count = 0
        while denominator % prime == 0:
            denominator //= prime
            count += 1
        counts.append(count)
    return max(counts) if denominator == 1 else None


def _shortest(number: Fraction) -> int:
    """The fewest digits after the point that round to the same 512-bit number."""
    exponent = _PRECISION - (number.numerator.bit_length() - number.denominator.bit_length())
    wanted = round(number * Fraction(2) ** exponent)
    for digits in range(1, 400):
        rounded = Fraction(round(number * 10**digits), 10**digits)
        if round(rounded * Fraction(2) ** exponent) == wanted:
            return digits
    return 400


def to_text(value: Value) -> str:
    """``value`` as a string (convert.Convert to cty.String); UnsuitableValueError if it has none."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Fraction):
        return number_text(value)
    raise UnsuitableValueError(f"a string is required, not {_a(kind(value))}")


def to_number(value: Value) -> Fraction:
    """``value`` as a number; strings are parsed."""
    if isinstance(value, Fraction):
        return value
    if isinstance(value, str):
        return parse_number(value)
    raise UnsuitableValueError(f"a number is required, not {_a(kind(value))}")


def parse_number(text: str) -> Fraction:
    """The number that ``text`` is in decimal digits."""
    import re

    if not re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", text, re.ASCII) or len(text) > 1000:
        raise UnsuitableValueError("a number is required")
    return Fraction(text)


def to_bool(value: Value) -> bool:
    """``value`` as a boolean: also "true", "false", "1" and "0"."""
    if isinstance(value, bool):
        return value
    known = {"true": True, "1": True, "false": False, "0": False}
    if isinstance(value, str) and value in known:
        return known[value]
    raise UnsuitableValueError(f"true or false is required, not {_a(kind(value))}")


def to_integer(value: Value) -> int:
    """``value`` as a whole number."""
    number = to_number(value)
    if number.denominator != 1:
        raise UnsuitableValueError("a whole number is required")
    return number.numerator


def to_items(value: Value) -> list[Value]:
    """The elements of a list, a set or a tuple."""
    if isinstance(value, list):
        return value
    raise UnsuitableValueError(f"a list is required, not {_a(kind(value))}")


def to_texts(value: Value) -> list[str]:
    """The elements of a list, all as strings."""
    return [to_text(item) for item in to_items(value)]


def to_members(value: Value) -> dict[str, Value]:
    """The members of a map or an object, sorted by key."""
    if isinstance(value, dict):
        return dict(sorted(value.items()))
    raise UnsuitableValueError(f"a map is required, not {_a(kind(value))}")


def set_of(items: list[Value]) -> SetValue:
    """A set of ``items``."""
    unique: list[Value] = []
    for item in items:
        if not any(equal(item, other) for other in unique):
            unique.append(item)
    return SetValue(sorted(unique, key=_order))


def _order(value: Value) -> tuple[Any, ...]:
    if isinstance(value, (str, Fraction, bool)):
        return (kind(value), value)
    return (kind(value), repr(value))


def equal(left: Value, right: Value) -> bool:
    """Whether two values have the same type and are equal."""
    if kind(left) != kind(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


def unified(yes: Value, no: Value) -> tuple[Value, Value]:
    """Both results of a conditional in the type that they share; UnsuitableValueError if there is none."""
    kinds = {kind(yes), kind(no)} - {"null", "unknown"}
    if len(kinds) < 2:
        return yes, no
    if kinds <= {"tuple", "list", "set"} or kinds <= {"object", "map"}:
        return yes, no
    if kinds <= {"string", "number", "bool"} and "string" in kinds:
        return _text_or_null(yes), _text_or_null(no)
    first, second = sorted(kinds)
    raise UnsuitableValueError(f"the two results of a conditional have different types: {first} and {second}")


def _text_or_null(value: Value) -> Value:
    return value if value is None or value is UNKNOWN else to_text(value)


def _a(name: str) -> str:
    return name if name == "null" else f"{'an' if name[0] in 'aou' else 'a'} {name}"
