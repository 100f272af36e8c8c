"""The attributes of targets: how values are read, merged and normalized.

Source: docker/buildx bake/bake.go, type Target.
While files are read, a target is a plain dictionary of its attributes; one that is not there is unset.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from stagegraph.bake.entries import entries_of_value, latest_by, without_duplicates
from stagegraph.bake.values import (
    UNKNOWN,
    ListValue,
    MapValue,
    UnsuitableValueError,
    Value,
    has_unknown,
    to_bool,
    to_items,
    to_members,
    to_text,
)

Fields = dict[str, Any]


class Field(NamedTuple):
    """How an attribute is read from a value, and joined with an earlier value of it."""

    read: Callable[[str, Value], Any]
    join: Callable[[Any, Any], Any]


def _text(name: str, value: Value) -> str:
    return to_text(value)


def _flag(name: str, value: Value) -> bool:
    return to_bool(value)


def _texts(name: str, value: Value) -> list[str]:
    if not isinstance(value, list):
        raise UnsuitableValueError(f"{name} must be a list of strings")
    if any(item is None for item in value):
        raise UnsuitableValueError(f"an item of {name} is null")
    return [to_text(item) for item in to_items(value)]


def _table(name: str, value: Value) -> dict[str, str | None]:
    return {
        key: one if one in (None, UNKNOWN) else to_text(one) for key, one in _members(name, value).items()
    }


def _contexts(name: str, value: Value) -> dict[str, str | None]:
    table = _table(name, value)
    if None in table.values():
        raise UnsuitableValueError(f"a value of {name} is null")
    return table


def _members(name: str, value: Value) -> dict[str, Value]:
    if not isinstance(value, dict):
        raise UnsuitableValueError(f"{name} must be a map")
    return to_members(value)


def _entries(name: str, value: Value) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise UnsuitableValueError(f"{name} must be a list")
    return entries_of_value(name, value)


def _replace(old: Any, new: Any) -> Any:
    return new


def _append(old: Any, new: Any) -> Any:
    return UNKNOWN if UNKNOWN in (old, new) else [*(old or ()), *new]


def _update(old: Any, new: Any) -> Any:
    if UNKNOWN in (old, new):
        return UNKNOWN
    return {**(old or {}), **{key: one for key, one in new.items() if one is not None}}


def _unique(old: Any, new: Any) -> Any:
    joined = _append(old, new)
    return joined if joined is UNKNOWN else without_duplicates(joined)


def _by(key: str) -> Callable[[Any, Any], Any]:
    def join(old: Any, new: Any) -> Any:
        joined = _append(old, new)
        return joined if joined is UNKNOWN else latest_by(key, joined)

    return join


FIELDS = {
    "description": Field(_text, lambda old, new: new or old),
    "inherits": Field(_texts, _append),
    "annotations": Field(_texts, _append),
    "attest": Field(_entries, _by("type")),
    "context": Field(_text, _replace),
    "contexts": Field(_contexts, _update),
    "dockerfile": Field(_text, _replace),
    "dockerfile-inline": Field(_text, _replace),
    "args": Field(_table, _update),
    "labels": Field(_table, _update),
    "tags": Field(_texts, _replace),
    "cache-from": Field(_entries, _unique),
    "cache-to": Field(_entries, _replace),
    "target": Field(_text, _replace),
    "secret": Field(_entries, _by("id")),
    "ssh": Field(_entries, _by("id")),
    "platforms": Field(_texts, _replace),
    "output": Field(_entries, _replace),
    "pull": Field(_flag, _replace),
    "no-cache": Field(_flag, _replace),
    "network": Field(_text, _replace),
    "no-cache-filter": Field(_texts, _append),
    "shm-size": Field(_text, _replace),
    "ulimits": Field(_texts, _append),
    "call": Field(_text, _replace),
    "entitlements": Field(_texts, _append),
    "extra-hosts": Field(_table, _update),
    "policy": Field(_entries, _append),
}
_NOT_NULL = ("cache-from", "cache-to")
_TEXT_LISTS = ("annotations", "tags", "platforms", "no-cache-filter", "ulimits", "entitlements")


def read_field(name: str, value: Value) -> Any:
    """The value of the attribute ``name``; None if null, UNKNOWN if unknown. UnsuitableValueError."""
    if value is None:
        if name in _NOT_NULL:
            raise UnsuitableValueError(f"{name} must be a list, not null")
        return None
    by_key = isinstance(value, dict) and FIELDS[name].read in (_table, _contexts)
    if value is UNKNOWN or (has_unknown(value) and not by_key):
        return UNKNOWN
    return FIELDS[name].read(name, value)


def expression_value(value: Any) -> Value:
    """A value that was read, as other expressions see it."""
    if isinstance(value, list):
        return ListValue(expression_value(item) for item in value)
    if isinstance(value, dict):
        return MapValue({key: expression_value(item) for key, item in value.items()})
    return value


def merged(first: Fields, second: Fields) -> Fields:
    """``first`` with the attributes of ``second`` (Target.Merge)."""
    result = dict(first)
    for name, value in second.items():
        if value is not None:
            result[name] = FIELDS[name].join(first.get(name), value)
    return result


def normalized(fields: Fields) -> Fields:
    """``fields`` without duplicates and empty strings (Target.normalize)."""
    result = dict(fields)
    if result.get("network") == "host":
        result["entitlements"] = _append(result.get("entitlements"), ["network.host"])
    for name in _TEXT_LISTS:
        if isinstance(result.get(name), list):
            result[name] = list(dict.fromkeys(text for text in result[name] if text))
    for name in ("attest", "secret", "ssh", "cache-from", "cache-to", "output"):
        if isinstance(result.get(name), list):
            result[name] = _normal_entries(name, result[name])
    if isinstance(result.get("contexts"), dict):
        result["contexts"] = {key: one for key, one in result["contexts"].items() if one != ""}
    return result


def _normal_entries(name: str, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    key = {"attest": "type", "secret": "id", "ssh": "id"}.get(name)
    return latest_by(key, entries) if key else without_duplicates(entries)
