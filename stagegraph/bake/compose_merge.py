"""Merges compose files (compose-go override/merge.go, override/uncity.go; compose-spec 13-merge.md).

Only what a build can see has rules of its own: everything else is merged as mappings and lists are.
"""

from __future__ import annotations

from typing import Any

from stagegraph.bake.values import UnsuitableValueError
from stagegraph.bake.yaml_values import Table, Yaml, scalar_text

Path = tuple[str, ...]
_SERVICE = ("services", "*")
_BUILD = (*_SERVICE, "build")
_PAIRS: set[Path] = {
    (*_BUILD, "args"), (*_BUILD, "labels"), (*_BUILD, "additional_contexts"),
    (*_SERVICE, "environment"), (*_SERVICE, "labels"), (*_SERVICE, "annotations"), (*_SERVICE, "sysctls"),
    (*_SERVICE, "networks"), (*_SERVICE, "depends_on"), (*_SERVICE, "models"),
}  # fmt: skip
_HOSTS: set[Path] = {(*_BUILD, "extra_hosts"), (*_SERVICE, "extra_hosts")}
_REPLACED: set[Path] = {(*_SERVICE, "command"), (*_SERVICE, "entrypoint"), (*_SERVICE, "healthcheck", "test")}
_UNIQUE: set[Path] = {(*_BUILD, name) for name in ("tags", "platforms", "secrets", "ssh")}
_UNIQUE |= {(*_SERVICE, "env_file"), (*_SERVICE, "secrets")}
_FREE: set[Path] = {
    (*_SERVICE, name)
    for name in ("logging", "dns", "dns_search", "tmpfs", "ipc", "ulimits", "volumes", "ports", "develop")
}


def merged(base: Table, other: Table) -> Table:
    """``base`` with all of ``other`` over it. Raises BakeError where their types differ."""
    return _mappings(base, other, ())


def _pattern(path: Path) -> Path:
    return (path[0], "*", *path[2:]) if len(path) > 1 else path


def _merge(base: Yaml, other: Yaml, path: Path) -> Yaml:
    pattern = _pattern(path)
    if pattern in _REPLACED:
        return other
    if pattern in _HOSTS:
        return _hosts(base, other)
    if pattern in _PAIRS:
        return _pairs(base, other)
    if other is None or not isinstance(base, (dict, list)):
        return base if other is None else other
    if isinstance(base, Table) and isinstance(other, Table):
        return _mappings(base, other, path)
    if isinstance(base, list) and isinstance(other, list):
        return _unique([*base, *other]) if pattern in _UNIQUE else [*base, *other]
    return _mixed(base, other, path)


def _mixed(base: Yaml, other: Yaml, path: Path) -> Yaml:
    """A list and a single value, where compose takes both; anything else cannot be merged."""
    if not isinstance(base, dict) and not isinstance(other, dict):
        return [*base, *(other if isinstance(other, list) else [other])]
    if _pattern(path)[:3] in _FREE or len(path) > 3:
        return other
    raise UnsuitableValueError(f"cannot override {'.'.join(path)}: the types differ")


def _mappings(base: Table, other: Table, path: Path) -> Table:
    # a service is where it is first; of other keys the last place gave the value
    first, second = (other, base) if path == ("services",) else (base, other)
    result = Table(other.source, dict(base), {**first.places, **second.places})
    for key, value in other.items():
        result[key] = _value(base, other, key, path) if key in base else value
    return result


def _value(base: Table, other: Table, key: str, path: Path) -> Yaml:
    inner = (*path, key)
    below, above = base[key], other[key]
    if _pattern(inner) == _BUILD and below is not None and above is not None:
        return _mappings(as_build(base), as_build(other), inner)
    try:
        return _merge(below, above, inner)
    except UnsuitableValueError as problem:
        raise other.error(str(problem), key, "write both in the same form") from None


def as_build(service: Table) -> Table:
    """The long form of the ``build`` of ``service``."""
    value = service["build"]
    if isinstance(value, Table):
        return value
    place = service.places.get("build")
    return Table(service.source, {"context": value}, {"context": place} if place else {})


def pairs(value: Yaml) -> dict[str, str | None]:
    """Keys and values of a mapping, or of a list of KEY=VALUE; None for a key without a value."""
    if isinstance(value, dict):
        return {key: None if one is None else scalar_text(one) for key, one in value.items()}
    result: dict[str, str | None] = {}
    for item in value if isinstance(value, list) else ():
        key, equals, one = scalar_text(item).partition("=")
        result[key] = one if equals else None
    return result


def _pairs(base: Yaml, other: Yaml) -> Yaml:
    """The keys of both; one of ``other`` wins, also without a value (mergeToSequence)."""
    both = {**_raw_pairs(base), **_raw_pairs(other)}
    tables = [one for one in (base, other) if isinstance(one, Table)]
    if not tables:
        return [key if one is None else f"{key}={scalar_text(one)}" for key, one in both.items()]
    places = {key: place for one in tables for key, place in one.places.items()}
    return Table(tables[-1].source, both, places)


def _raw_pairs(value: Yaml) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    texts = map(scalar_text, value if isinstance(value, list) else [] if value is None else [value])
    return {key: one if mark else None for key, mark, one in (text.partition("=") for text in texts)}


def _hosts(base: Yaml, other: Yaml) -> list[Yaml]:
    """The addresses of both, each once: a name can have several (mergeExtraHosts)."""
    return list(dict.fromkeys([*_host_texts(base), *_host_texts(other)]))


def _host_texts(value: Yaml) -> list[str]:
    if not isinstance(value, dict):
        return [scalar_text(one) for one in value or ()]
    several = ((key, one if isinstance(one, list) else [one]) for key, one in value.items())
    return [f"{key}={scalar_text(address)}" for key, addresses in several for address in addresses]


def _unique(items: list[Yaml]) -> list[Yaml]:
    """Each item once; a later one takes the place of an earlier one with the same key."""
    return list({_key(item): item for item in items}.values())


def _key(item: Yaml) -> str:
    if isinstance(item, dict):
        return scalar_text(item.get("target") or item.get("source") or item.get("path"))
    return scalar_text(item).partition("=")[0]


def without(table: Yaml, path: Path) -> None:
    """Removes what ``path`` names, if it is there (compose-go loader/reset.go)."""
    for key in path[:-1]:
        table = table.get(key) if isinstance(table, dict) else None
    if isinstance(table, dict):
        table.pop(path[-1], None)
