"""What compose rejects in what a build reads: types, and services and secrets that are not whole.

Source: compose-spec schema/compose-spec.json; compose-go loader/validate.go, checkConsistency.
"""

from __future__ import annotations

from collections.abc import Iterable

from stagegraph.bake.compose_runtime import check_short_forms
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
_OF_STRINGS = (
    "cache_from", "cache_to", "tags", "platforms", "entitlements", "args", "labels", "additional_contexts",
    "extra_hosts", "ssh",
)  # fmt: skip
_SECRET = ("file", "environment", "external", "driver", "content")
_OF_SECRET: dict[str, tuple[type, ...]] = {"file": _STRING, "environment": _STRING}
_EXTENSION: dict[str, tuple[type, ...]] = {"pull": _FLAG, "no-cache": _FLAG, "contexts": _TABLE}
_OF_VALUES = ("args", "labels", "additional_contexts", "ssh", "extra_hosts")


def check_types(services: Table) -> None:
    """Checks the types of what a build reads of ``services``. Raises BakeError."""
    for name, service in services.items():
        if service is None:
            continue
        if not isinstance(service, Table):
            raise services.error(f"services.{name} must be a mapping", name)
        _check(f"services.{name}", service, _SERVICE)
        if isinstance(service.get("environment"), list) and not _are_texts(service["environment"]):
            message = f"services.{name}.environment must be a list of strings"
            raise service.error(message, "environment", "write its items as KEY=VALUE")
        _check_values(f"services.{name}", service, ("environment",))
        check_short_forms(f"services.{name}", service)
        if isinstance(service.get("build"), Table):
            _check_build(f"services.{name}.build", service["build"])


def check_consistency(services: Table, secrets: Yaml) -> None:
    """Checks that each service has an image, and each secret is defined. Raises BakeError."""
    for name in sorted(services):
        service = services[name]
        if not service:
            raise services.error(f"services.{name} is empty", name, "give it image or build, or remove it")
        if not service.get("image") and not {"build", "provider"} & service.keys():
            message = f"services.{name} has neither image nor build"
            raise services.error(message, name, "add one of both")
        if isinstance(service.get("build"), Table):
            _check_whole(f"services.{name}.build", service["build"], secrets)


def _check_whole(path: str, build: Table, secrets: Yaml) -> None:
    if build.get("dockerfile") and build.get("dockerfile_inline"):
        message = f"{path} has both dockerfile and dockerfile_inline"
        raise build.error(message, "dockerfile_inline", "remove one of both")
    for one in build.get("secrets") or ():
        secret = one.get("source") if isinstance(one, dict) else one
        if not isinstance(secrets, dict) or secret not in secrets:
            message = f"{path} has the undefined secret {secret}"
            raise build.error(message, "secrets", "define it under secrets at the top level")


def check_secrets(secrets: Yaml) -> None:
    """Checks that each secret says where its value is. Raises BakeError."""
    for name, secret in secrets.items() if isinstance(secrets, Table) else ():
        if not isinstance(secret, Table) or not any(secret.get(key) for key in _SECRET):
            raise secrets.error(f"secrets.{name} has no value", name, "give it file or environment")
        _check(f"secrets.{name}", secret, _OF_SECRET)


def _check_build(path: str, build: Table) -> None:
    _check(path, build, _BUILD)
    _check_values(path, build, _OF_VALUES)
    for secret in build.get("secrets") or ():
        if isinstance(secret.get("source") if isinstance(secret, dict) else secret, (list, dict)):
            raise build.error(f"{path}.secrets must be names or have a source", "secrets")
    extension = build.get("x-bake")
    if isinstance(extension, Table):
        given = extension.with_values({key: one for key, one in extension.items() if one is not None})
        _check(f"{path}.x-bake", given, _EXTENSION)
        _check_values(f"{path}.x-bake", given, given)
    for key in build:
        if key not in _BUILD and not key.startswith("x-"):
            near = next((known for known in _BUILD if known == key.lower()), "")
            hint = f"did you mean {near}?" if near else f"keys are {', '.join(_BUILD)}"
            raise build.error(f"{path} has an unknown key {key}", key, hint)
        if key in _OF_STRINGS and isinstance(build[key], list) and not _are_texts(build[key]):
            raise build.error(f"{path}.{key} must be a list of strings", key, "put quotes around its items")


def _are_texts(items: list[Yaml]) -> bool:
    return all(isinstance(one, str) for one in items)


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
        if key in table and (is_flag or not isinstance(value, allowed)):
            words = " or ".join(dict.fromkeys(_WORDS[one] for one in allowed if one in _WORDS))
            hint = "" if value is not None else f"it has no value: remove {key}, or give it one"
            raise table.error(f"{path}.{key} must be {words}", key, hint)
