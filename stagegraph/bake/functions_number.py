"""Functions of numbers and booleans (zclconf/go-cty cty/function/stdlib number.go, bool.go, general.go)."""

from __future__ import annotations

import math
from fractions import Fraction

from stagegraph.bake.function import Function
from stagegraph.bake.operations import divide, modulo, product
from stagegraph.bake.values import UnsuitableValueError, Value, equal, to_bool, to_integer, to_number, to_text

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def _float(value: float) -> Fraction:
    if not math.isfinite(value):
        raise UnsuitableValueError("the result is not a finite number")
    return Fraction(repr(value))


def _pow(base: Value, power: Value) -> Value:
    exponent = to_number(power)
    if exponent.denominator == 1 and 0 <= exponent <= 1000 and to_number(base).denominator == 1:
        exact = to_number(base) ** int(exponent)
        if exact.numerator.bit_length() <= 1024:
            return Fraction(exact)
    try:
        return _float(float(to_number(base)) ** float(exponent))
    except (OverflowError, ZeroDivisionError, TypeError):
        raise UnsuitableValueError("the result is not a finite number") from None


def _log(number: Value, base: Value) -> Value:
    try:
        return _float(math.log(to_number(number)) / math.log(to_number(base)))
    except (ValueError, ZeroDivisionError, OverflowError):
        raise UnsuitableValueError("the result is not a finite number") from None


def _parse_integer(value: Value, base: Value) -> Value:
    text, radix = to_text(value), to_integer(base)
    if not 2 <= radix <= 62:
        raise UnsuitableValueError("the base must be between 2 and 62")
    digits = text.removeprefix("-").removeprefix("+")
    alphabet = _DIGITS if radix <= 36 else _DIGITS + _DIGITS[10:].upper()
    places = [alphabet.find(char.lower() if radix <= 36 else char) for char in digits]
    if not places or len(places) > 1000 or any(not 0 <= place < radix for place in places):
        raise UnsuitableValueError(f"{text} is not a whole number in base {radix}")
    total = 0
    for place in places:
        total = total * radix + place
    return Fraction(-total if text.startswith("-") else total)


def _extreme(values: tuple[Value, ...], largest: bool) -> Value:
    numbers = [to_number(value) for value in values]
    return max(numbers) if largest else min(numbers)


FUNCTIONS = {
    "absolute": Function(lambda a: abs(to_number(a)), 1, 1),
    "add": Function(lambda a, b: to_number(a) + to_number(b), 2, 2),
    "and": Function(lambda a, b: to_bool(a) and to_bool(b), 2, 2),
    "ceil": Function(lambda a: Fraction(math.ceil(to_number(a))), 1, 1),
    "divide": Function(lambda a, b: divide(to_number(a), to_number(b)), 2, 2),
    "equal": Function(equal, 2, 2, nulls=True),
    "floor": Function(lambda a: Fraction(math.floor(to_number(a))), 1, 1),
    "greaterthan": Function(lambda a, b: to_number(a) > to_number(b), 2, 2),
    "greaterthanorequalto": Function(lambda a, b: to_number(a) >= to_number(b), 2, 2),
    "int": Function(lambda a: Fraction(math.trunc(to_number(a))), 1, 1),
    "lessthan": Function(lambda a, b: to_number(a) < to_number(b), 2, 2),
    "lessthanorequalto": Function(lambda a, b: to_number(a) <= to_number(b), 2, 2),
    "log": Function(_log, 2, 2),
    "max": Function(lambda *values: _extreme(values, True), 1, None),
    "min": Function(lambda *values: _extreme(values, False), 1, None),
    "modulo": Function(lambda a, b: modulo(to_number(a), to_number(b)), 2, 2),
    "multiply": Function(lambda a, b: product(to_number(a), to_number(b)), 2, 2),
    "negate": Function(lambda a: -to_number(a), 1, 1),
    "not": Function(lambda a: not to_bool(a), 1, 1),
    "notequal": Function(lambda a, b: not equal(a, b), 2, 2, nulls=True),
    "or": Function(lambda a, b: to_bool(a) or to_bool(b), 2, 2),
    "parseint": Function(_parse_integer, 2, 2),
    "pow": Function(_pow, 2, 2),
    "signum": Function(lambda a: Fraction((to_number(a) > 0) - (to_number(a) < 0)), 1, 1),
    "subtract": Function(lambda a, b: to_number(a) - to_number(b), 2, 2),
}
