"""Variables in compose files and in ``.env`` files.

Source: compose-spec 12-interpolation.md; compose-go template/template.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from stagegraph.bake.values import UnsuitableValueError

_NAME = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
_OPERATOR = re.compile(r":?[-?+]")
_DEEPEST = 50
_LONGEST = 1_000_000

Lookup = Callable[[str], str | None]


class InvalidTemplateError(UnsuitableValueError):
    """A ``$`` that is not a variable."""


class MissingVariableError(UnsuitableValueError):
    """A variable with ``:?`` or ``?`` is not set."""


def interpolated(text: str, lookup: Lookup, depth: int = 0) -> str:
    """``text`` with its variables replaced; InvalidTemplateError and MissingVariableError."""
    if "$" not in text:
        return text
    if depth > _DEEPEST:
        raise InvalidTemplateError("variables are nested too deeply")
    parts: list[str] = []
    position = length = 0
    while True:
        dollar = text.find("$", position)
        parts.append(text[position : dollar if dollar >= 0 else len(text)])
        if dollar < 0:
            return "".join(parts)
        part, position = _variable(text, dollar + 1, lookup, depth)
        parts.append(part)
        length += len(part)
        if length > _LONGEST:
            raise InvalidTemplateError("the values of its variables are too long")


def _variable(text: str, start: int, lookup: Lookup, depth: int) -> tuple[str, int]:
    """The value of the variable after ``$``, and the offset behind it."""
    if text.startswith("$", start):
        return "$", start + 1
    braced = text.startswith("{", start)
    match = _NAME.match(text, start + braced)
    if not match:
        raise InvalidTemplateError("a `$` is not followed by a variable; write `$$` for a dollar sign")
    if not braced:
        return lookup(match.group()) or "", match.end()
    if text.startswith("}", match.end()):
        return lookup(match.group()) or "", match.end() + 1
    operator = _OPERATOR.match(text, match.end())
    end = _closing(text, operator.end()) if operator else -1
    if operator is None or end < 0:
        raise InvalidTemplateError(f"`${{{match.group()}` is not a valid variable")
    word = text[operator.end() : end]
    return _with_operator(match.group(), operator.group(), word, lookup, depth), end + 1


def _closing(text: str, start: int) -> int:
    """The offset of the brace that closes what is open at ``start``; -1 without one."""
    level = 1
    for match in re.compile(r"\$\{|\}").finditer(text, start):
        level += 1 if match.group() == "${" else -1
        if not level:
            return match.start()
    return -1


def _with_operator(name: str, operator: str, word: str, lookup: Lookup, depth: int) -> str:
    value = lookup(name)
    is_set = bool(value) if operator.startswith(":") else value is not None
    if operator.endswith("+"):
        return interpolated(word, lookup, depth + 1) if is_set else ""
    if is_set:
        return value or ""
    if operator.endswith("-"):
        return interpolated(word, lookup, depth + 1)
    raise MissingVariableError(
        f"required variable {name} is missing a value: {interpolated(word, lookup, depth + 1)}"
    )
