"""``format`` and ``formatlist`` (zclconf/go-cty cty/function/stdlib format.go)."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import NamedTuple

from stagegraph.bake.function import Function
from stagegraph.bake.functions_encoding import json_text
from stagegraph.bake.values import ListValue, UnsuitableValueError, Value, to_bool, to_number, to_text

_VERB = re.compile(
    r"%(?P<flags>[ +\-0#]*)(?P<width>\d+|\*)?(?:\.(?P<precision>\d+|\*)?)?"
    r"(?:\[(?P<index>\d+)\])?(?P<verb>[a-zA-Z%])?"
)
_WIDEST = 1_000
_GREATEST, _SMALLEST = 10**300, Fraction(1, 10**300)  # between these a float of Python is exact enough
_DIGITS = 155  # of a number of 512 bits


class _Verb(NamedTuple):
    name: str
    flags: str
    width: int
    precision: int | None


def _format(pattern: Value, *values: Value) -> str:
    text = to_text(pattern)
    parts: list[str] = []
    end = place = highest = 0
    for match in _VERB.finditer(text):
        parts.append(text[end : match.start()])
        end = match.end()
        if match["verb"] == "%":
            parts.append("%")
            continue
        verb, place = _verb(match, values, place)
        place = int(match["index"]) - 1 if match["index"] else place
        if not 0 <= place < len(values):
            raise UnsuitableValueError(f"there is no argument for {match.group()}")
        parts.append(_padded(_formatted(verb, values[place]), verb))
        place += 1
        highest = max(highest, place)
    if highest < len(values):
        raise UnsuitableValueError("there are more arguments than the format uses")
    return "".join([*parts, text[end:]])


def _verb(match: re.Match[str], values: tuple[Value, ...], place: int) -> tuple[_Verb, int]:
    if not match["verb"]:
        raise UnsuitableValueError(f"{match.group()} is not complete")
    sizes = []
    for size in (match["width"], match["precision"]):
        if size == "*":
            if place >= len(values):
                raise UnsuitableValueError("there is no argument for *")
            size, place = str(int(to_number(values[place]))), place + 1
        sizes.append(int(size) if size else None)
    if max(size or 0 for size in sizes) > _WIDEST:
        raise UnsuitableValueError("a width or a precision is too large")
    precision = 0 if sizes[1] is None and "." in match.group() else sizes[1]
    return _Verb(match["verb"], match["flags"], sizes[0] or 0, precision), place


def _formatted(verb: _Verb, value: Value) -> str:
    if verb.name == "v":
        if "#" in verb.flags or not isinstance(value, (str, bool, Fraction)):
            return json_text(value)
        return _cut(to_text(value), verb) if isinstance(value, str) else to_text(value)
    if value is None:
        raise UnsuitableValueError(f"a null value has no format %{verb.name}")
    if verb.name in "sq":
        text = _cut(to_text(value), verb)
        return json.dumps(text, ensure_ascii=False) if verb.name == "q" else text
    if verb.name == "t":
        return "true" if to_bool(value) else "false"
    if verb.name in "bdoxXeEfgG":
        return _signed(_number(verb, abs(to_number(value))), to_number(value) < 0, verb)
    raise UnsuitableValueError(f"unsupported format %{verb.name}")


def _cut(text: str, verb: _Verb) -> str:
    return text if verb.precision is None else text[: verb.precision]


def _number(verb: _Verb, number: Fraction) -> str:
    if verb.name in "bdoxX":
        return format(int(number), verb.name)
    precision = 6 if verb.precision is None else verb.precision
    if verb.name == "f":
        text = str(round(number * 10**precision)).rjust(precision + 1, "0")
        return f"{text[:-precision]}.{text[-precision:]}" if precision else text
    if number and not _SMALLEST < number < _GREATEST:
        return _far_number(verb, number)
    if verb.name in "gG" and verb.precision is None:
        short = repr(float(number))
        return (short.removesuffix(".0") if "e" not in short else short).replace(
            "e", verb.name.replace("g", "e").replace("G", "E")
        )
    return format(float(number), f".{precision}{verb.name}")


def _far_number(verb: _Verb, number: Fraction) -> str:
    """``number`` with an exponent of three digits or more, which a float of Python cannot hold."""
    from decimal import MAX_EMAX, MIN_EMIN, Context

    context = Context(prec=_DIGITS, Emax=MAX_EMAX, Emin=MIN_EMIN)
    numerator, denominator = map(context.create_decimal, number.as_integer_ratio())
    value = context.divide(numerator, denominator)
    if verb.precision is None and verb.name in "gG":
        text = f"{value.normalize(context):e}"
    else:
        precision = 6 if verb.precision is None else verb.precision
        text = f"{value:.{precision if verb.name in 'eE' else max(precision - 1, 0)}e}"
    mantissa, _, exponent = text.partition("e")
    if verb.name in "gG" and "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}{'e' if verb.name in 'eg' else 'E'}{exponent}"


def _signed(text: str, negative: bool, verb: _Verb) -> str:
    sign = "-" if negative else "+" if "+" in verb.flags else " " if " " in verb.flags else ""
    if "0" in verb.flags and "-" not in verb.flags:
        text = text.rjust(verb.width - len(sign), "0")
    return sign + text


def _padded(text: str, verb: _Verb) -> str:
    return text.ljust(verb.width) if "-" in verb.flags else text.rjust(verb.width)


def _format_list(pattern: Value, *values: Value) -> ListValue:
    lengths = {len(value) for value in values if isinstance(value, list)}
    if len(lengths) > 1:
        raise UnsuitableValueError("the lists have different lengths")
    rows = lengths.pop() if lengths else 1
    columns = [value if isinstance(value, list) else [value] * rows for value in values]
    return ListValue(_format(pattern, *(column[row] for column in columns)) for row in range(rows))


FUNCTIONS = {
    "format": Function(_format, 1, None, nulls=True),
    "formatlist": Function(_format_list, 1, None, nulls=True),
}
