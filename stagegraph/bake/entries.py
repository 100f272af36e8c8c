"""Entries of cache-from, cache-to, output, secret, ssh and attest, as text or as objects.

Source: docker/buildx util/buildflags (cache.go, export.go, secrets.go, ssh.go, attests.go). An entry is the
object that ``bake --print`` prints.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any

from stagegraph.bake.values import (
    UnsuitableValueError,
    Value,
    to_bool,
    to_items,
    to_members,
    to_text,
    to_texts,
)

Entry = dict[str, Any]


def csv_fields(text: str) -> list[str]:
    """The fields of one CSV record."""
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        raise UnsuitableValueError(f"invalid CSV record {text}: {error}") from None


def _pairs(text: str, lower: bool = True) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for field in csv_fields(text):
        key, equals, value = field.partition("=")
        if not equals:
            raise UnsuitableValueError(f"{field} must be a key=value pair")
        pairs[key.lower().strip() if lower else key] = value
    return pairs


def _with_type(entry: Entry, what: str) -> Entry:
    if not entry.get("type"):
        raise UnsuitableValueError(f"{what} needs a type")
    return dict(sorted(entry.items()))


def _texts_of(value: Value) -> dict[str, str]:
    """The members of an object as strings; null is an error as in asMap."""
    return {key: to_text(member) for key, member in to_members(value).items()}


def cache_from_text(text: str) -> list[Entry]:
    """The caches of one text: ``type=...``, or references to registries, separated by commas."""
    if "=" not in text:
        return [{"ref": field, "type": "registry"} for field in csv_fields(text)]
    return [_with_type(_pairs(text), f"the cache {text}")]


def _cache(value: Value) -> list[Entry]:
    return cache_from_text(value) if isinstance(value, str) else [_with_type(_texts_of(value), "a cache")]


def output_from_text(text: str) -> list[Entry]:
    """The output of one text: a directory, ``-`` or ``type=...``."""
    fields = csv_fields(text)
    if fields == [text] and not text.startswith("type="):
        return [{"dest": text, "type": "tar" if text == "-" else "local"}]
    return [_output_entry(_pairs(text))]


def _output_entry(entry: Entry) -> Entry:
    if not entry.get("dest", "x"):
        del entry["dest"]
    return _with_type(entry, "an output")


def _output(value: Value) -> list[Entry]:
    return output_from_text(value) if isinstance(value, str) else [_output_entry(_texts_of(value))]


def secret_from_text(text: str) -> list[Entry]:
    """The secret of one text, ``id=...,src=...`` or ``id=...,env=...``."""
    pairs = _pairs(text)
    kind = pairs.pop("type", "file")
    if kind not in ("file", "env"):
        raise UnsuitableValueError(f"unsupported type of secret {kind}")
    if "source" in pairs:
        pairs["src"] = pairs.pop("source")
    if unknown := pairs.keys() - {"id", "src", "env"}:
        raise UnsuitableValueError(f"unexpected key {min(unknown)} in the secret {text}")
    if kind == "env" and not pairs.get("env"):
        pairs["env"] = pairs.pop("src", "")
    return [_known(pairs, ("id", "src", "env"))]


def _known(members: dict[str, Any], names: tuple[str, ...]) -> Entry:
    return {name: members[name] for name in names if members.get(name)}


def _secret(value: Value) -> list[Entry]:
    if isinstance(value, str):
        return secret_from_text(value)
    members = to_members(value)
    return [
        _known(
            {n: to_text(members[n]) for n in ("id", "src", "env") if members.get(n) is not None},
            ("id", "src", "env"),
        )
    ]


def ssh_from_text(text: str) -> list[Entry]:
    """The SSH agent or keys of one text, ``id`` or ``id=path,path``."""
    name, equals, paths = text.partition("=")
    return [_known({"id": name, "paths": paths.split(",") if equals else None}, ("id", "paths"))]


def _ssh(value: Value) -> list[Entry]:
    if isinstance(value, str):
        return ssh_from_text(value)
    members = to_members(value)
    name, paths = members.get("id"), members.get("paths")
    entry = {
        "id": None if name is None else to_text(name),
        "paths": None if paths is None else to_texts(paths),
    }
    return [_known(entry, ("id", "paths"))]


def attest_from_text(text: str) -> list[Entry]:
    """The attestation of one text, ``type=...``."""
    pairs = _pairs(text, lower=False)
    return [
        _attest_entry(
            {
                key.strip().lower() if key.strip().lower() in ("type", "disabled") else key: value
                for key, value in pairs.items()
            }
        )
    ]


def _attest_entry(members: dict[str, str]) -> Entry:
    entry: Entry = dict(members)
    disabled = parse_bool(entry.pop("disabled", "false"))
    if disabled:
        entry["disabled"] = True
    return _with_type(entry, "an attestation")


def _attest(value: Value) -> list[Entry]:
    return attest_from_text(value) if isinstance(value, str) else [_attest_entry(_texts_of(value))]


def _policy(value: Value) -> list[Entry]:
    if isinstance(value, str):
        return [dict(sorted(_pairs(value).items()))]
    return [dict(to_members(value))]


def parse_bool(text: str) -> bool:
    """Go's strconv.ParseBool."""
    if text in ("1", "t", "T", "true", "TRUE", "True"):
        return True
    if text in ("0", "f", "F", "false", "FALSE", "False"):
        return False
    return to_bool(text)


OF_TEXT: dict[str, Callable[[str], list[Entry]]] = {
    "cache-from": cache_from_text,
    "cache-to": cache_from_text,
    "output": output_from_text,
    "secret": secret_from_text,
    "ssh": ssh_from_text,
    "attest": attest_from_text,
}
_OF_VALUE: dict[str, Callable[[Value], list[Entry]]] = {
    "cache-from": _cache,
    "cache-to": _cache,
    "output": _output,
    "secret": _secret,
    "ssh": _ssh,
    "attest": _attest,
    "policy": _policy,
}


def entries_of_texts(name: str, texts: list[str]) -> list[Entry]:
    """The entries of the attribute ``name`` from texts; empty ones are skipped."""
    return [entry for text in texts if text for entry in OF_TEXT[name](text)]


def entries_of_value(name: str, value: Value) -> list[Entry]:
    """The entries of the attribute ``name`` from the value of an expression."""
    return [entry for item in to_items(value) if item != "" for entry in _OF_VALUE[name](item)]


def without_duplicates(entries: list[Entry]) -> list[Entry]:
    """Equal entries once, in the order that removeDupes of buildflags/utils.go leaves."""
    result = list(entries)
    for place in range(len(result) - 2, -1, -1):
        for later in range(place + 1, len(result)):
            if result[place] == result[later]:
                result[later] = result[-1]
                result.pop()
                break
    return result


def latest_by(key: str, entries: list[Entry]) -> list[Entry]:
    """Of entries with the same ``key`` the last one, in the place of the first."""
    return list({entry.get(key, ""): entry for entry in entries}.values())
