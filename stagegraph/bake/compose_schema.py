"""The types of what a build reads in a compose file (compose-spec schema/compose-spec.json)."""

from __future__ import annotations

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
_OF_STRINGS = ("cache_from", "cache_to", "tags", "platforms", "entitlements")
_NULLABLE = ("target", "network", "context", "dockerfile", "dockerfile_inline", "args", "labels")


def check_service(name: str, service: Table) -> None:
    """Checks the types of what a build reads of a service. Raises BakeError."""
    _check(f"services.{name}", service, _SERVICE)
    build = service.get("build")
    if not isinstance(build, Table):
        return
    _check(f"services.{name}.build", build, _BUILD)
    for key in build:
        if key not in _BUILD and not key.startswith("x-"):
            near = next((known for known in _BUILD if known == key.lower()), "")
            message = f"services.{name}.build has an unknown key {key}"
            hint = f"did you mean {near}?" if near else f"keys are {', '.join(_BUILD)}"
            raise build.error(message, key, hint)
        if key in _OF_STRINGS and any(not isinstance(one, str) for one in build[key] or ()):
            message = f"services.{name}.build.{key} must be a list of strings"
            raise build.error(message, key)


def _check(path: str, table: Table, types: dict[str, tuple[type, ...]]) -> None:
    for key, allowed in types.items():
        value: Yaml = table.get(key)
        is_flag = isinstance(value, bool) and bool not in allowed
        if key in table and value is not None and (is_flag or not isinstance(value, allowed)):
            words = " or ".join(dict.fromkeys(_WORDS[one] for one in allowed if one in _WORDS))
            raise table.error(f"{path}.{key} must be {words}", key)
