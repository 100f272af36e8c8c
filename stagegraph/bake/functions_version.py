"""``semvercmp``: constraints on versions (Masterminds/semver constraints.go)."""

from __future__ import annotations

import re
from typing import NamedTuple

from stagegraph.bake.function import Function
from stagegraph.bake.values import UnsuitableValueError, Value, to_text

_VERSION = r"v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
_CONSTRAINT = re.compile(rf"\s*(!=|=>|>=|=<|<=|~>|=|>|<|~|\^|)\s*({_VERSION})(?:\s*,|\s+|$)")
_RANGE = re.compile(rf"\s*({_VERSION})\s+-\s+({_VERSION})\s*")


class _Version(NamedTuple):
    numbers: tuple[int, int, int]
    before: tuple[str, ...]  # the parts of a pre-release
    given: int  # how many numbers are written

    def key(self) -> tuple[object, ...]:
        """A key that sorts as semver.org item 11 says."""
        parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in self.before)
        return (self.numbers, not self.before, parts)


def _version(text: str) -> _Version:
    match = re.fullmatch(_VERSION, text)
    if not match or len(text) > 256:
        raise UnsuitableValueError(f"{text} is not a version")
    written = [part for part in match.groups()[:3] if part is not None]
    given = next((place for place, part in enumerate(written) if not part.isdigit()), len(written))
    numbers = [int(part) for part in written[:given]] + [0, 0, 0]
    before = tuple(match[4].split(".")) if match[4] else ()
    return _Version((numbers[0], numbers[1], numbers[2]), before, given)


def _holds(version: _Version, operator: str, limit: _Version) -> bool:
    if version.before and not limit.before:
        return False  # pre-releases only count where a constraint names one
    key, low = version.key(), limit.key()
    upper = _next(limit.numbers, limit.given) if limit.given else None
    partial = limit.given < 3
    if operator in ("", "=") and partial:
        operator = "~"
    if operator == "!=" and partial:
        return not _holds(version, "~", limit)
    if operator in ("~", "~>"):
        return limit.given == 0 or (
            key >= low and version.numbers < _next(limit.numbers, min(limit.given, 2))
        )
    if operator == "^":
        return limit.given == 0 or (key >= low and version.numbers < _caret(limit))
    if operator in (">", "<=", "=<") and partial:
        above = upper is not None and version.numbers >= upper
        return above if operator == ">" else not above
    compare = {"": key == low, "=": key == low, "!=": key != low, ">": key > low, "<": key < low}
    compare |= {">=": key >= low, "=>": key >= low, "<=": key <= low, "=<": key <= low}
    return compare[operator]


def _next(numbers: tuple[int, int, int], place: int) -> tuple[int, int, int]:
    """The first version whose number at ``place`` (from 1) is higher."""
    raised = [*numbers[: place - 1], numbers[place - 1] + 1, 0, 0, 0]
    return raised[0], raised[1], raised[2]


def _caret(limit: _Version) -> tuple[int, int, int]:
    for place in range(1, limit.given + 1):
        if limit.numbers[place - 1]:
            return _next(limit.numbers, place)
    return _next(limit.numbers, limit.given)


def _constraints(text: str) -> list[tuple[str, _Version]]:
    if between := _RANGE.fullmatch(text):
        return [(">=", _version(between[1])), ("<=", _version(between[6]))]
    found, position = [], 0
    while position < len(text.rstrip()):
        match = _CONSTRAINT.match(text, position)
        if not match:
            raise UnsuitableValueError(f"{text} is not a constraint on versions such as >=1.2")
        found.append((match[1], _version(match[2])))
        position = match.end()
    if not found:
        raise UnsuitableValueError("the constraint on versions is empty")
    return found


def _compare(version: Value, constraint: Value) -> bool:
    one = _version(to_text(version))
    if one.given == 0:
        raise UnsuitableValueError(f"{to_text(version)} is not a version")
    choices = [_constraints(part) for part in to_text(constraint).split("||")]
    return any(all(_holds(one, *limit) for limit in choice) for choice in choices)


FUNCTIONS = {"semvercmp": Function(_compare, 2, 2)}
