"""The types of what a build reads in a compose file (compose-spec schema/compose-spec.json)."""

from __future__ import annotations

from collections.abc import Iterable

from stagegraph.bake.yaml_values import Table, Yaml

_STRING, _FLAG, _NUMBER = (str,), (bool, str), (int, float, str)
_LIST, _TABLE = (list,), (dict,)
_BUILD: dict[str, tuple[type, ...]] = {
    "context": _STRING,
    "dockerfile": _STRING,
    "dockerfile_inline": _STRING,
    "entitlements": _LIST,
    "args": (list, dict),
    "ssh": (list, dict),
    "labels": (list, dict),
    "cache_from": _LIST,
    "cache_to": _LIST,
    "no_cache": _FLAG,
    "no_cache_filter": (str, list),
    "additional_contexts": (list, dict),
    "network": _STRING,
    "provenance": _FLAG,
    "sbom": _FLAG,
    "pull": _FLAG,
    "target": _STRING,
    "shm_size": _NUMBER,
    "extra_hosts": (list, dict),
    "isolation": _STRING,
    "privileged": _FLAG,
    "secrets": _LIST,
    "tags": _LIST,
    "ulimits": _TABLE,
    "platforms": _LIST,
}
_SERVICE: dict[str, tuple[type, ...]] = {
    "image": _STRING,
    "build": (str, dict),
    "environment": (list, dict),
    "env_file": (str, list),
}
_WORDS = {str: "a string", bool: "true or false", int: "a number", list: "a list", dict: "a mapping"}
_SECRET: dict[str, tuple[type, ...]] = {"file": _STRING, "environment": _STRING}
_EXTENSION: dict[str, tuple[type, ...]] = {"pull": _FLAG, "no-cache": _FLAG, "contexts": _TABLE}
_OF_VALUES = ("args", "labels", "additional_contexts", "ssh", "extra_hosts")
_OF_STRINGS = ("cache_from", "cache_to", "tags", "platforms", "entitlements")
_NULLABLE = ("target", "network", "context", "dockerfile", "dockerfile_inline", "args", "labels")


def check_service(name: str, service: Table) -> None:
    """Checks the types of what a build reads of a service. Raises BakeError."""
    _check(f"services.{name}", service, _SERVICE)
    build = service.get("build")
    if not isinstance(build, Table):
        return
    _check(f"services.{name}.build", build, _BUILD)
    _check_values(f"services.{name}", service, ("environment",))
    _check_values(f"services.{name}.build", build, _OF_VALUES)
    for secret in build.get("secrets") or ():
        if isinstance(secret.get("source") if isinstance(secret, dict) else secret, (list, dict)):
            raise build.error(f"services.{name}.build.secrets must be names or have a source", "secrets")
    extension = build.get("x-bake")
    if isinstance(extension, Table):
        _check(f"services.{name}.build.x-bake", extension, _EXTENSION)
        _check_values(f"services.{name}.build.x-bake", extension, extension)
    for key in build:
        if key not in _BUILD and not key.startswith("x-"):
            near = next((known for known in _BUILD if known == key.lower()), "")
            message = f"services.{name}.build has an unknown key {key}"
            hint = f"did you mean {near}?" if near else f"keys are {', '.join(_BUILD)}"
            raise build.error(message, key, hint)
        if key in _OF_STRINGS and any(not isinstance(one, str) for one in build[key] or ()):
            message = f"services.{name}.build.{key} must be a list of strings"
            raise build.error(message, key)


def check_secrets(secrets: Table) -> None:
    """Checks the types of what a build reads of the secrets of a file. Raises BakeError."""
    for name, secret in secrets.items():
        if isinstance(secret, Table):
            _check(f"secrets.{name}", secret, _SECRET)


def _check_values(path: str, table: Table, keys: Iterable[str]) -> None:
    """Checks that lists and mappings hold no others; a host can have a list of addresses."""
    for key in keys:
        value = table.get(key)
        items = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
        if key == "extra_hosts" and isinstance(value, dict):
            items = [one for item in items for one in (item if isinstance(item, list) else [item])]
        if any(isinstance(one, (list, dict)) for one in items):
            message = f"{path}.{key} has a list or a mapping where a single value is expected"
            raise table.error(message, key)


def _check(path: str, table: Table, types: dict[str, tuple[type, ...]]) -> None:
    for key, allowed in types.items():
        value: Yaml = table.get(key)
        is_flag = isinstance(value, bool) and bool not in allowed
        if key in table and value is not None and (is_flag or not isinstance(value, allowed)):
            words = " or ".join(dict.fromkeys(_WORDS[one] for one in allowed if one in _WORDS))
            raise table.error(f"{path}.{key} must be {words}", key)
