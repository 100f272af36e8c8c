"""What each form of an expression of HCL means: a function from the scope to its value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from stagegraph.discovery.hcl_values import CONSTANTS, UNKNOWN, Scope, compared, logical, shown, truth

Thunk = Callable[[Scope], Any]


def constant(value: Any) -> Thunk:
    """A value that is written out."""
    return lambda _scope: value


def variable(name: str) -> Thunk:
    """The value of a name."""
    if name in CONSTANTS:
        return constant(CONSTANTS[name])
    return lambda scope: scope.get(name, UNKNOWN)


def applied(function: Callable[[Any], Any], inner: Thunk) -> Thunk:
    """What ``function`` makes of a value."""
    return lambda scope: function(inner(scope))


def condition(asked: Thunk, yes: Thunk, no: Thunk) -> Thunk:
    """``asked ? yes : no``."""

    def value(scope: Scope) -> Any:
        answer = truth(asked(scope))
        if answer is UNKNOWN:
            both = yes(scope), no(scope)
            return both[0] if both[0] == both[1] else UNKNOWN
        return (yes if answer else no)(scope)

    return value


def operation(sign: str, left: Thunk, right: Thunk) -> Thunk:
    """``left sign right``."""
    if sign in ("&&", "||"):
        return lambda scope: logical(sign, truth(left(scope)), lambda: truth(right(scope)))
    return lambda scope: compared(sign, left(scope), right(scope))


def item(owner: Thunk, key: Thunk) -> Thunk:
    """``owner[key]`` and ``owner.key``."""

    def value(scope: Scope) -> Any:
        found, wanted = owner(scope), key(scope)
        if isinstance(found, Mapping):
            return found.get(wanted, UNKNOWN) if isinstance(wanted, str) else UNKNOWN
        position = int(wanted) if str(wanted).isdecimal() and len(str(wanted)) < 8 else -1
        return found[position] if isinstance(found, list) and 0 <= position < len(found) else UNKNOWN

    return value


def repeated(source: Any, names: Sequence[str], made: Thunk, kept: Thunk, scope: Scope) -> Any:
    """``[for names in source : made if kept]``."""
    if not isinstance(source, (list, dict)):
        return UNKNOWN
    found = []
    for key, value in source.items() if isinstance(source, dict) else enumerate(source):
        own = {**scope, **dict(zip(names, (key, value) if len(names) == 2 else (value,), strict=True))}
        wanted = truth(kept(own))
        if wanted is UNKNOWN:
            return UNKNOWN
        if wanted:
            found.append(made(own))
    return found


def made_table(pairs: list[tuple[Any, Any]]) -> Any:
    """A table of its pairs, whose keys must be known."""
    if not all(isinstance(key, (str, int, float)) for key, _ in pairs):
        return UNKNOWN
    return {shown(key): value for key, value in pairs}
