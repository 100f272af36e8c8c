"""HCL as plain values; the one module that imports hcl2."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from textwrap import dedent
from typing import Any

from stagegraph.discovery.hcl_expression import expression, template
from stagegraph.discovery.hcl_functions import FUNCTIONS
from stagegraph.discovery.hcl_values import UNKNOWN, Scope, within_limits

_DEEPEST = 40
_MOST_ROUNDS = 20
_MOST_CALLS = 2_000  # of one function
_HEREDOC = re.compile(r'"<<(-?)\w+\r?\n(.*?)\r?\n?[ \t]*\w+"\Z', re.DOTALL)


class HclError(ValueError):
    """The text is no HCL."""


def read_hcl(text: str) -> dict[str, dict[str, Any]]:
    """The blocks of ``text``, by kind and label, later ones over earlier ones, not yet evaluated.

    Attributes that stand outside of all blocks are under the kind "".
    """
    found: dict[str, dict[str, Any]] = {}
    for kind, blocks in _loaded(text).items():
        if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
            found.setdefault("", {})[kind] = blocks
            continue
        for block in blocks:
            for label, body in block.items():
                if isinstance(body, dict):
                    found.setdefault(kind, {}).setdefault(_label(label), {}).update(body)
    return found


def _loaded(text: str) -> dict[str, Any]:
    import hcl2

    try:
        return dict(hcl2.loads(text if text.endswith("\n") else text + "\n"))
    except RecursionError:
        raise HclError("it is nested too deeply") from None
    except Exception as error:  # the parser has errors of many kinds, of its own and of lark
        line = getattr(error, "line", None)
        raise HclError("it is no HCL" + (f", from line {line} on" if line else "")) from None


def scope_of(blocks: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What expressions see: functions, and variables with their defaults, which may need each other."""
    defaults = {
        name: body["default"] for name, body in blocks.get("variable", {}).items() if "default" in body
    }
    defaults = {**blocks.get("", {}), **defaults}
    scope: dict[str, Any] = {**FUNCTIONS, **dict.fromkeys(blocks.get("variable", {}), UNKNOWN)}
    for name, body in blocks.get("function", {}).items():
        scope[f"{name}()"] = _function(body, scope)
    for _ in range(_MOST_ROUNDS):
        values = {name: within_limits(evaluated(value, scope)) for name, value in defaults.items()}
        if all(scope.get(name, UNKNOWN) is value or scope[name] == value for name, value in values.items()):
            break
        scope.update(values)
    return scope


def _function(body: Mapping[str, Any], scope: Mapping[str, Any]) -> Callable[..., Any]:
    """A function of the file; one that is called without end gives up."""
    left = _MOST_CALLS
    params = [str(name) for name in body.get("params", [])]
    variadic = body.get("variadic_params")

    def called(*values: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            return UNKNOWN
        if len(values) < len(params) or (len(values) > len(params) and variadic is None):
            return UNKNOWN
        own = dict(zip(params, values, strict=False))
        if variadic is not None:
            own[str(variadic)] = list(values[len(params) :])
        return evaluated(body.get("result"), {**scope, **own})

    return called


def _label(text: str) -> str:
    return text.strip('"')


def evaluated(value: Any, scope: Scope, depth: int = 0) -> Any:
    """``value`` as hcl2 has it, worked out in ``scope``; UNKNOWN where that is not enough."""
    if depth > _DEEPEST:
        return UNKNOWN
    if isinstance(value, list):
        return [evaluated(item, scope, depth + 1) for item in value]
    if isinstance(value, dict):
        return _table(value, scope, depth)
    return _text(value, scope) if isinstance(value, str) else value


def _table(value: Mapping[str, Any], scope: Scope, depth: int) -> Any:
    found = {}
    for key, item in value.items():
        name = expression(key[2:-1], scope) if key.startswith("${") else _label(str(key))
        if not isinstance(name, str):
            return UNKNOWN
        if not name.startswith("__"):
            found[name] = evaluated(item, scope, depth + 1)
    return found


def _text(value: str, scope: Scope) -> Any:
    heredoc = _HEREDOC.match(value)
    if heredoc:
        return template(dedent(heredoc[2]) if heredoc[1] else heredoc[2], scope)
    if value.startswith('"'):
        return template(value[1:-1] if value.endswith('"') and len(value) > 1 else value[1:], scope)
    return expression(value[2:-1] if value.startswith("${") and value.endswith("}") else value, scope)
