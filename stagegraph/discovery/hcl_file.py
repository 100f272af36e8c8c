"""HCL as plain values; the one module that imports hcl2.

What is written as a text or a list is a value; names of variables, also inside texts, are looked
up; every other expression is UNKNOWN.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any

_NAME = re.compile(r"[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*\Z")
_HOLE = re.compile(r"(?<!\$)\$\{\s*([^{}]*?)\s*\}")
_DEEPEST = 40


class HclError(ValueError):
    """The text is no HCL."""


class Unknown(Enum):
    """The value of an expression that is not worked out."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN
Scope = Mapping[str, Any]


def read_hcl(text: str) -> dict[str, dict[str, dict[str, Any]]]:
    """The blocks of ``text``, by kind and label, later ones over earlier ones, not yet evaluated."""
    import hcl2

    try:
        data = hcl2.loads(text if text.endswith("\n") else text + "\n")
    except RecursionError:
        raise HclError("it is nested too deeply") from None
    except Exception as error:  # the parser has errors of many kinds, of its own and of lark
        line = getattr(error, "line", None)
        raise HclError("it is no HCL" + (f", from line {line} on" if line else "")) from None
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for kind, blocks in data.items():
        for block in blocks if isinstance(blocks, list) else ():
            for label, body in block.items() if isinstance(block, dict) else ():
                if isinstance(body, dict):
                    found.setdefault(kind, {}).setdefault(_label(label), {}).update(body)
    return found


def _label(text: str) -> str:
    return text.strip('"')


def evaluated(value: Any, scope: Scope, depth: int = 0) -> Any:
    """``value`` as hcl2 has it, with the names in ``scope`` put in; UNKNOWN where that is not enough."""
    if depth > _DEEPEST:
        return UNKNOWN
    if isinstance(value, list):
        return [evaluated(item, scope, depth + 1) for item in value]
    if isinstance(value, dict):
        return {
            _label(str(key)): evaluated(item, scope, depth + 1)
            for key, item in value.items()
            if not str(key).startswith("__")
        }
    return _text(value, scope) if isinstance(value, str) else value


def _text(value: str, scope: Scope) -> Any:
    if value.startswith('"'):
        return _template(value, scope)
    if value.startswith("${") and value.endswith("}"):
        value = value[2:-1].strip()
    if value in ("null", "true", "false"):
        return {"null": None, "true": True, "false": False}[value]
    return _looked_up(value, scope)


def _template(value: str, scope: Scope) -> Any:
    inside = value[1:-1] if value.endswith('"') and len(value) > 1 else value[1:]
    holes = [_looked_up(match[1], scope) for match in _HOLE.finditer(inside)]
    if "%{" in inside or not all(isinstance(hole, (str, int, float)) for hole in holes):
        return UNKNOWN
    rest = _HOLE.sub("\0", inside)
    if "${" in rest.replace("$${", ""):
        return UNKNOWN
    parts = [_unescaped(part) for part in rest.split("\0")]
    return "".join(part + str(hole) for part, hole in zip(parts, [*holes, ""], strict=True))


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"')) if "\\" in text else text
    except ValueError:
        return text


def _looked_up(name: str, scope: Scope) -> Any:
    if not _NAME.match(name):
        return UNKNOWN
    value: Any = scope
    for key in name.split("."):
        value = value.get(key, UNKNOWN) if isinstance(value, Mapping) else UNKNOWN
    return value
