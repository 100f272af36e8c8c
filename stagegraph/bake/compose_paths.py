"""Resolves the paths in compose files (compose-go paths/resolve.go, paths/context.go)."""

from __future__ import annotations

from stagegraph.bake.files import Files, joined
from stagegraph.bake.target_checks import is_remote
from stagegraph.bake.yaml_values import Table, Yaml


def with_paths(model: Table, directory: str, files: Files) -> Table:
    """``model`` with the paths of builds, env files and secrets seen from where ``directory`` is."""
    result = model.with_values(dict(model))
    services = model.get("services")
    if isinstance(services, Table):
        changed = {name: _service(service, directory, files) for name, service in services.items()}
        result["services"] = services.with_values(changed)
    secrets = model.get("secrets")
    if isinstance(secrets, Table):
        values = {name: _secret(secret, directory, files) for name, secret in secrets.items()}
        result["secrets"] = secrets.with_values(values)
    return result


def _service(service: Yaml, directory: str, files: Files) -> Yaml:
    if not isinstance(service, Table):
        return service
    result = service.with_values(dict(service))
    if "build" in service:
        result["build"] = _build(service["build"], directory, files)
    if "env_file" in service:
        result["env_file"] = _env_files(service["env_file"], directory, files)
    return result


def _build(build: Yaml, directory: str, files: Files) -> Yaml:
    if isinstance(build, str):
        return _context(build, directory, files)
    if not isinstance(build, Table):
        return build
    result = build.with_values(dict(build))
    if isinstance(build.get("context"), str):
        result["context"] = _context(build["context"], directory, files)
    contexts = build.get("additional_contexts")
    if isinstance(contexts, Table):
        values = {
            key: _context(one, directory, files) if isinstance(one, str) else one
            for key, one in contexts.items()
        }
        result["additional_contexts"] = contexts.with_values(values)
    elif isinstance(contexts, list):
        result["additional_contexts"] = [_named(one, directory, files) for one in contexts]
    return result


def _named(text: Yaml, directory: str, files: Files) -> Yaml:
    if not isinstance(text, str):
        return text
    name, equals, path = text.partition("=")
    return f"{name}={_context(path, directory, files)}" if equals else text


def _context(path: str, directory: str, files: Files) -> str:
    if not path or "://" in path or path.startswith("service:") or is_remote(path):
        return path
    return joined(directory, files.path(path))


def _path(value: Yaml, directory: str, files: Files) -> Yaml:
    return joined(directory, files.path(value)) if isinstance(value, str) and value else value


def _env_files(value: Yaml, directory: str, files: Files) -> list[Yaml]:
    results = []
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, Table):
            one = one.with_values({**one, "path": _path(one.get("path"), directory, files)})
        else:
            one = _path(one, directory, files)
        results.append(one)
    return results


def _secret(secret: Yaml, directory: str, files: Files) -> Yaml:
    if not isinstance(secret, Table) or "file" not in secret:
        return secret
    return secret.with_values({**secret, "file": _path(secret["file"], directory, files)})
