"""The functions that bake files call most; one that is not here makes a value unknown.

Rules: docs.docker.com/build/bake/funcs, whose list is in docker/buildx bake/hclparser/stdlib.go.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable
from typing import Any

from stagegraph.discovery.hcl_values import LONGEST, UNKNOWN, is_known, shown


def _known(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function``, asked only when all that it is given is known."""

    def called(*values: Any) -> Any:
        return function(*values) if all(map(is_known, values)) else UNKNOWN

    return called


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("no truth")
    return value


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if value not in (None, "")), None)


def _flatten(values: Iterable[Any]) -> list[Any]:
    return [one for value in values for one in (_flatten(value) if isinstance(value, list) else [value])]


def _merge(*tables: dict[str, Any]) -> dict[str, Any]:
    return {key: value for table in tables for key, value in table.items()}


def _joined(between: str, *lists: Any) -> str:
    texts = list(map(shown, _flatten(lists)))
    if sum(map(len, texts)) + len(between) * len(texts) > LONGEST:
        raise ValueError("too long")
    return between.join(texts)


def _replaced(text: str, old: str, new: str) -> str:
    if text.count(old) * len(new) > LONGEST:
        raise ValueError("too long")
    return text.replace(old, new)


def _cut(text: str, start: int, length: int) -> str:
    return text[start:] if length < 0 else text[start : start + length]


def _digest(name: str) -> Callable[[str], str]:
    return lambda text: hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()


_ALL: dict[str, Callable[..., Any]] = {
    "and": lambda a, b: _truth(a) and _truth(b),
    "base64encode": lambda text: base64.b64encode(text.encode()).decode(),
    "coalesce": _coalesce,
    "compact": lambda values: [value for value in values if value],
    "concat": lambda *lists: [value for one in lists for value in one],
    "contains": lambda values, value: value in values,
    "distinct": lambda values: [one for index, one in enumerate(values) if one not in values[:index]],
    "element": lambda values, index: values[index % len(values)],
    "equal": lambda a, b: a == b,
    "flatten": _flatten,
    "indexof": lambda values, value: values.index(value),
    "join": _joined,
    "keys": lambda table: sorted(table),
    "length": lambda value: len(value),
    "lookup": lambda table, key, *default: table.get(key, *default),
    "lower": lambda text: text.lower(),
    "md5": _digest("md5"),
    "merge": _merge,
    "not": lambda a: not _truth(a),
    "notequal": lambda a, b: a != b,
    "or": lambda a, b: _truth(a) or _truth(b),
    "replace": _replaced,
    "reverse": lambda text: text[::-1],
    "reverselist": lambda values: values[::-1],
    "sha1": _digest("sha1"),
    "sha256": _digest("sha256"),
    "slice": lambda values, start, end: values[start:end],
    "sort": lambda values: sorted(values),
    "split": lambda between, text: text.split(between),
    "strlen": lambda text: len(text),
    "substr": _cut,
    "title": lambda text: text.title(),
    "trim": lambda text, characters: text.strip(characters),
    "trimprefix": lambda text, prefix: text.removeprefix(prefix),
    "trimspace": lambda text: text.strip(),
    "trimsuffix": lambda text, suffix: text.removesuffix(suffix),
    "upper": lambda text: text.upper(),
    "values": lambda table: [table[key] for key in sorted(table)],
}
FUNCTIONS = {f"{name}()": _known(function) for name, function in _ALL.items()}
