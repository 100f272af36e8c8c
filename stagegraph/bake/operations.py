"""Operators of the expression language, indexes and attributes (hashicorp/hcl ops.go; zclconf/go-cty)."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from stagegraph.bake.values import (
    UNKNOWN,
    UnsuitableValueError,
    Value,
    equal,
    has_unknown,
    kind,
    to_bool,
    to_number,
    to_text,
)


def attribute(value: Value, name: str) -> Value:
    """The attribute ``name`` of an object or a map; UnsuitableValueError if there is none."""
    if value is None:
        raise UnsuitableValueError("this value is null and has no attributes")
    if not isinstance(value, dict):
        raise UnsuitableValueError(f"this value is a {kind(value)} and has no attributes")
    if name not in value:
        raise UnsuitableValueError(f"this value has no attribute `{name}`")
    return value[name]


def index(value: Value, key: Value) -> Value:
    """The element of ``value`` at ``key``; UnsuitableValueError if there is none."""
    if value is UNKNOWN or key is UNKNOWN:
        return UNKNOWN
    if value is None or key is None:
        raise UnsuitableValueError("null cannot be indexed, and nothing has the index null")
    if isinstance(value, dict):
        name = to_text(key)
        if name not in value:
            raise UnsuitableValueError(f"there is no element with the key {name}")
        return value[name]
    if not isinstance(value, list):
        raise UnsuitableValueError(f"a {kind(value)} has no elements")
    place = to_number(key)
    if place.denominator != 1 or not 0 <= place < len(value):
        raise UnsuitableValueError(f"there is no element {to_text(place)}: the list has {len(value)}")
    return value[int(place)]


def operate(operator: str, left: Value, right: Value) -> Value:
    """The result of a binary operator; UnsuitableValueError if an operand does not suit it."""
    if operator in ("==", "!="):
        if has_unknown(left) or has_unknown(right):
            return UNKNOWN
        return equal(left, right) == (operator == "==")
    if left is None or right is None:
        raise UnsuitableValueError(f"an operand of {operator} is null")
    if operator in ("&&", "||"):
        both = to_bool(left), to_bool(right)
        return all(both) if operator == "&&" else any(both)
    return _NUMERIC[operator](to_number(left), to_number(right))


def divide(left: Fraction, right: Fraction) -> Fraction:
    """The quotient."""
    if not right:
        raise UnsuitableValueError("division by zero")
    return left / right


def modulo(left: Fraction, right: Fraction) -> Fraction:
    """The remainder, which has the sign of ``left`` (big.Float: truncated division)."""
    return left - right * int(divide(left, right))


def product(left: Fraction, right: Fraction) -> Fraction:
    """The product."""
    if left.numerator.bit_length() + right.numerator.bit_length() > 20_000:
        raise UnsuitableValueError("a number is too large")
    return left * right


_NUMERIC: dict[str, Callable[[Fraction, Fraction], Value]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": product,
    "/": divide,
    "%": modulo,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
