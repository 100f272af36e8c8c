"""The functions of bake files by name (docker/buildx docs/bake-stdlib.md)."""

from __future__ import annotations

from stagegraph.bake import (
    functions_collection,
    functions_encoding,
    functions_format,
    functions_number,
    functions_text,
    functions_time,
    functions_version,
)
from stagegraph.bake.evaluate import SPECIAL
from stagegraph.bake.function import Function
from stagegraph.bake.values import UNKNOWN, UnsuitableValueError, Value, has_unknown

FUNCTIONS: dict[str, Function] = {
    **functions_collection.FUNCTIONS,
    **functions_encoding.FUNCTIONS,
    **functions_format.FUNCTIONS,
    **functions_number.FUNCTIONS,
    **functions_text.FUNCTIONS,
    **functions_time.FUNCTIONS,
    **functions_version.FUNCTIONS,
}
NAMES = frozenset([*FUNCTIONS, *SPECIAL, "homedir"])


def call(name: str, arguments: list[Value]) -> Value:
    """The result of the function ``name``; UNKNOWN if an argument is. UnsuitableValueError if it has none."""
    function = FUNCTIONS.get(name)
    if function is None:
        raise UnsuitableValueError(f"unknown function {name}")
    count = len(arguments)
    if count < function.fewest or (function.most is not None and count > function.most):
        raise UnsuitableValueError(f"{name}() takes {_count(function)}, not {count}")
    if not function.nulls and any(argument is None for argument in arguments):
        raise UnsuitableValueError(f"an argument of {name}() is null")
    if any(map(has_unknown, arguments)):
        return UNKNOWN
    try:
        return function.call(*arguments)
    except UnsuitableValueError as problem:
        raise UnsuitableValueError(f"{name}(): {problem}") from None


def _count(function: Function) -> str:
    if function.most is None:
        return f"at least {function.fewest} arguments"
    if function.most == function.fewest:
        return f"{function.fewest} argument{'s' if function.fewest != 1 else ''}"
    return f"{function.fewest} to {function.most} arguments"
