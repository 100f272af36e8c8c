"""The services of compose files as targets (docker/buildx bake/compose.go)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stagegraph.bake.blocks import check_name
from stagegraph.bake.compose_load import Loader
from stagegraph.bake.compose_merge import as_build, pairs
from stagegraph.bake.compose_schema import check_consistency, check_secrets, check_types
from stagegraph.bake.compose_values import memory_text, to_bytes, to_flag, ulimit_texts
from stagegraph.bake.definition import Defined, Definition
from stagegraph.bake.dotenv import read_dotenv
from stagegraph.bake.entries import entries_of_texts, latest_by, without_duplicates
from stagegraph.bake.fields import Fields
from stagegraph.bake.files import Files
from stagegraph.bake.values import UNKNOWN, UnsuitableValueError
from stagegraph.bake.yaml_values import Table, Yaml, scalar_text
from stagegraph.errors import BakeError
from stagegraph.source import Source, Span


def define_compose(
    sources: list[Source], environment: Mapping[str, str], files: Files, check_files: bool
) -> Definition:
    """The targets of the services in ``sources`` and their group default. Raises BakeError.

    As bake does, each file is checked alone before all are merged.
    """
    for source in sources if len(sources) > 1 else ():
        checked_model([source], environment, files)
    model = checked_model(sources, environment, files)
    services, secrets = model.get("services"), model.get("secrets")
    check_secrets(secrets)
    if not services:
        return Definition()
    check_consistency(services, secrets)
    reader = _Reader(model, environment, files, check_files)
    if check_files:
        for service in services.values():
            reader.environment_of(service)
    built = [name for name in sorted(services) if "build" in services[name]]
    targets = {one.name: one for name in built for one in [reader.target(name, services[name], services)]}
    group = Defined(name="default", fields={"targets": list(targets) or None}, source=services.source)
    return Definition(groups=(group,), targets=targets)


def checked_model(sources: list[Source], environment: Mapping[str, str], files: Files) -> Table:
    """The merged content of ``sources``, whose types are valid. Raises BakeError."""
    model = Loader(files).model(sources, "", environment)
    services = model.get("services")
    if not isinstance(services, Table) and not isinstance(model.get("secrets"), Table):
        hint = "add a service with build below services"
        raise BakeError("this compose file has no services", source=sources[0], hint=hint)
    if isinstance(services, Table):
        check_types(services)
    return model


class _Reader:
    def __init__(self, model: Table, environment: Mapping[str, str], files: Files, check_files: bool) -> None:
        self._secrets = model.get("secrets") or {}
        self._environment = environment
        self._files = files
        self._check_files = check_files

    def target(self, name: str, service: Table, services: Table) -> Defined:
        """The target of a service. Raises BakeError."""
        build = as_build(service)
        source, span = services.where(name)
        try:
            fields = self._fields(build, service)
            clean = check_name(name.replace(".", "_"))
        except UnsuitableValueError as problem:
            raise BakeError(f"services.{name}: {problem}", source=source, span=span) from None
        known = {key: one for key, one in fields.items() if one is not None}
        places = dict(_places(build))
        return Defined(name=clean, fields=known, source=source, span=span, places=places)

    def _fields(self, build: Table, service: Table) -> Fields:
        fields: Fields = {
            "context": build.get("context") or None,
            "contexts": _contexts(pairs(build.get("additional_contexts"))) or None,
            "dockerfile": build.get("dockerfile") or None,
            "dockerfile-inline": build.get("dockerfile_inline") or None,
            "tags": _texts(build.get("tags")),
            "labels": {key: one or "" for key, one in pairs(build.get("labels")).items()} or None,
            "args": self._args(build, service) or None,
            "cache-from": entries_of_texts("cache-from", _texts(build.get("cache_from")) or []) or None,
            "cache-to": entries_of_texts("cache-to", _texts(build.get("cache_to")) or []) or None,
            "network": build.get("network") or None,
            "platforms": _texts(build.get("platforms")),
            "ssh": _ssh(build.get("ssh")),
            "secret": [self._secret(one) for one in build.get("secrets") or ()] or None,
            "shm-size": memory_text(to_bytes(build["shm_size"])) if build.get("shm_size") else None,
            "ulimits": ulimit_texts(build.get("ulimits")) or None,
            "extra-hosts": _hosts(build.get("extra_hosts")) or None,
            "attest": _attests(build),
            "no-cache": to_flag(build.get("no_cache")) or None,
            "pull": to_flag(build.get("pull")) or None,
            "target": build.get("target") or None,
        }
        extension = build.get("x-bake")
        if isinstance(extension, dict):
            fields = _extended(fields, extension)
        image = service.get("image")
        if not fields["tags"] and image:
            fields["tags"] = [image]
        return fields

    def _args(self, build: Table, service: Table) -> dict[str, Any]:
        """Build arguments; one without a value takes that of the service, then that of the environment."""
        args = pairs(build.get("args"))
        if None not in args.values():
            return dict(args)
        own = self.environment_of(service)
        resolved: dict[str, Any] = {}
        for name, value in args.items():
            if value is None:
                value = own.get(name, self._environment.get(name, own.get("*")))
            if value is not None:
                resolved[name] = value
        return resolved

    def environment_of(self, service: Table) -> dict[str, Any]:
        """The variables of a service; ``*`` is UNKNOWN if one of its files cannot be read."""
        values: dict[str, Any] = {}
        env_files = service.get("env_file") or []
        for entry in env_files if isinstance(env_files, list) else [env_files]:
            path = scalar_text(entry.get("path")) if isinstance(entry, Table) else scalar_text(entry)
            required = to_flag(entry.get("required", True)) if isinstance(entry, Table) else True
            if self._files.has(path):
                values.update(read_dotenv(self._files.read(path), self._environment.get))
            elif required and self._check_files:
                raise service.error(f"env file {path} not found", "env_file")
            elif required:
                values["*"] = UNKNOWN
        for name, value in pairs(service.get("environment")).items():
            value = self._environment.get(name) if value is None else value
            if value is not None:
                values[name] = value
        return values

    def _secret(self, entry: Yaml) -> dict[str, Any]:
        name = scalar_text(entry.get("source")) if isinstance(entry, dict) else scalar_text(entry)
        secret = self._secrets.get(name) if isinstance(self._secrets, dict) else None
        secret = secret if isinstance(secret, dict) else {}
        if secret.get("external") is True:
            raise UnsuitableValueError(f"unsupported external secret {name}")
        members = {"id": name, "src": secret.get("file"), "env": secret.get("environment")}
        return {key: scalar_text(one) for key, one in members.items() if one}


def _places(build: Table) -> Iterator[tuple[str, tuple[Source, Span]]]:
    """Where the attributes of a target are in the ``build`` of its service, as if each entry had one line."""
    for key, value in build.items():
        source, span = build.where(key)
        if span is not None:
            name = "contexts" if key == "additional_contexts" else key.replace("_", "-")
            entries = len(value) if isinstance(value, (list, dict)) else 0
            yield name, (source, span._replace(end_line=span.line + entries))


def _texts(value: Yaml) -> list[str] | None:
    return [scalar_text(one) for one in value] if isinstance(value, list) else None


def _contexts(contexts: Mapping[str, str | None]) -> dict[str, str]:
    result = {}
    for name, value in contexts.items():
        kind, colon, target = (value or "").partition(":")
        is_target = colon and kind in ("service", "target")
        result[name] = f"target:{target.replace('.', '_')}" if is_target else value or ""
    return result


def _ssh(value: Yaml) -> list[dict[str, Any]] | None:
    entries = [{"id": name, **({"paths": [path]} if path else {})} for name, path in pairs(value).items()]
    return _sorted_ssh(entries) or None


def _sorted_ssh(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(entries, key=lambda entry: (entry["id"], entry.get("paths", [])))


def _hosts(value: Yaml) -> dict[str, str]:
    if isinstance(value, dict):
        return {key: ",".join(_texts(one) or [scalar_text(one)]) for key, one in value.items()}
    hosts: dict[str, list[str]] = {}
    for text in _texts(value) or ():
        name, _, address = text.partition("=" if "=" in text else ":")
        hosts.setdefault(name, []).append(address.strip("[]"))
    return {name: ",".join(addresses) for name, addresses in hosts.items()}


def _attests(build: Table) -> list[dict[str, Any]] | None:
    texts = []
    for kind in ("sbom", "provenance"):
        value = build.get(kind)
        text = scalar_text(value)
        if text:
            on = {"true": True, "1": True, "t": True, "false": False, "0": False, "f": False}.get(
                text.lower()
            )
            texts.append(
                f"type={kind},{text}" if on is None else f"type={kind},disabled={'false' if on else 'true'}"
            )
    return entries_of_texts("attest", texts) or None


def _extended(fields: Fields, extension: dict[str, Yaml]) -> Fields:
    """``fields`` with those of ``x-bake``."""
    result = dict(fields)
    for name in ("tags", "platforms", "no-cache-filter"):
        texts = _words(extension.get(name))
        if texts:
            result[name] = list(dict.fromkeys([*(result.get(name) or ()), *texts]))
    for name in ("cache-from", "cache-to", "secret", "ssh", "output"):
        if texts := _words(extension.get(name)):
            both = [*(result.get(name) or ()), *entries_of_texts(name, texts)]
            result[name] = latest_by("id", both) if name in ("secret", "ssh") else without_duplicates(both)
    if isinstance(result.get("ssh"), list):
        result["ssh"] = _sorted_ssh(result["ssh"])
    for name in ("pull", "no-cache"):
        if extension.get(name) is not None:
            result[name] = to_flag(extension[name])
    contexts = _contexts(pairs(extension.get("contexts")))
    if contexts:
        result["contexts"] = {**contexts, **(result.get("contexts") or {})}
    return result


def _words(value: Yaml) -> list[str]:
    """A list of strings, or one string with spaces between them."""
    return _texts(value) or (scalar_text(value).split() if not isinstance(value, (list, dict)) else [])
