"""Loads compose files with what they extend and include.

Source: compose-go loader/loader.go, loader/include.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from stagegraph.bake.compose_extends import Extender
from stagegraph.bake.compose_merge import merged, without
from stagegraph.bake.compose_paths import with_paths
from stagegraph.bake.compose_runtime import cast
from stagegraph.bake.dotenv import read_dotenv
from stagegraph.bake.files import Files, directory_of, joined
from stagegraph.bake.interpolation import interpolated
from stagegraph.bake.values import UnsuitableValueError
from stagegraph.bake.yaml_values import Document, Place, Table, Yaml, read_yaml, scalar_text
from stagegraph.errors import BakeError
from stagegraph.source import Source, Span

_MOST_NODES = 200_000  # aliases included
_DEEPEST = 90
_MOST_INCLUDED = 50
_PROJECT_NAME = "COMPOSE_PROJECT_NAME"
_RESOURCES = ("services", "secrets", "volumes", "networks", "configs")


class Loader:
    """Loads models; all share one bound on the work."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._nodes = 0
        self._extender = Extender(files, self._content)

    def model(
        self,
        sources: list[Source],
        directory: str,
        environment: Mapping[str, str],
        including: tuple[str, ...] = (),
    ) -> Table:
        """The merged content of ``sources``, with paths relative to ``directory``. Raises BakeError."""
        documents = [(source, document) for source in sources for document in read_yaml(source)]
        variables = self._with_name(documents, environment)
        result = Table(sources[0])
        for source, document in documents:
            content = self._content(source, document, variables)
            content = self._extender.extended(content, document, directory, variables)
            for path in document.resets:
                without(result, path)
            included = self._included(content, directory, variables, (*including, source.name))
            for one in included:
                content = _imported(one, content)
            result = merged(result, content)
        return with_paths(result, directory, self._files)

    def _with_name(
        self, documents: list[tuple[Source, Document]], environment: Mapping[str, str]
    ) -> dict[str, str]:
        """The environment with the name of the project, which the last file with a name gives."""
        name = environment.get(_PROJECT_NAME) or "bake"
        for _, document in documents:
            root = document.root
            if (
                isinstance(root, Table)
                and isinstance(root.get("name"), str)
                and not environment.get(_PROJECT_NAME)
            ):
                try:
                    name = interpolated(root["name"], environment.get)
                except UnsuitableValueError as problem:
                    raise root.error(f"name: {problem}", "name") from None
        return {**environment, _PROJECT_NAME: name}

    def _content(self, source: Source, document: Document, environment: Mapping[str, str]) -> Table:
        """The content of a document with its variables replaced. Raises BakeError."""
        root = document.root
        if root is None:
            hint = "add a service with build below services"
            raise BakeError("this compose file is empty", source=source, hint=hint)
        if not isinstance(root, Table):
            raise BakeError("a compose file must be a mapping", source=source, span=Span(1, 1))
        content = self._interpolated(root, environment, (), Place(source, Span(1, 1)))
        assert isinstance(content, Table)
        services = content.get("services")
        if services is not None and not isinstance(services, Table):
            raise content.error("services must be a mapping", "services")
        return content

    def _interpolated(
        self, value: Yaml, environment: Mapping[str, str], path: tuple[str, ...], place: Place
    ) -> Yaml:
        self._nodes += 1
        if self._nodes > _MOST_NODES or len(path) > _DEEPEST:
            raise BakeError(
                "the aliases of this YAML make it too large", source=place.source, span=place.span
            )
        if isinstance(value, Table):
            values = {}
            for key, one in value.items():
                inner = value.places.get(key, place)
                values[key] = self._interpolated(one, environment, (*path, key), inner)
            return value.with_values(values)
        if isinstance(value, list):
            return [
                self._interpolated(one, environment, (*path, f"[{n}]"), place) for n, one in enumerate(value)
            ]
        if isinstance(value, str):
            try:
                return cast(path, interpolated(value, environment.get))
            except UnsuitableValueError as problem:
                _fail(problem, place, path)
        return value

    def _included(
        self, content: Table, directory: str, environment: Mapping[str, str], including: tuple[str, ...]
    ) -> list[Table]:
        """The models of ``include``, each with its directory and its environment."""
        entries = content.pop("include", None)
        models = []
        for entry in entries if isinstance(entries, list) else []:
            options = entry if isinstance(entry, Table) else Table(content.source, {"path": entry})
            names = _names(options.get("path"), content)
            if not names:
                raise content.error("include needs the path of a file", "include")
            paths = [joined(directory, self._files.path(name)) for name in names]
            if set(paths) & set(including) or len(including) > _MOST_INCLUDED:
                raise content.error(f"include forms a cycle or is too deep: {paths[0]}", "include")
            sources = [self._read(path, content) for path in paths]
            project = options.get("project_directory")
            inner = joined(directory, *_names(project, content)[:1]) if project else directory_of(paths[0])
            variables = self._environment(options.get("env_file"), directory, inner, environment, content)
            models.append(self.model(sources, inner, variables, (*including, *paths)))
        return models

    def _read(self, name: str, content: Table) -> Source:
        try:
            return self._files.read(name)
        except BakeError as error:
            raise content.error(error.message, "include") from None

    def _environment(
        self, env_file: Yaml, directory: str, inner: str, environment: Mapping[str, str], content: Table
    ) -> dict[str, str]:
        """The environment of an included model: its env files, and what is set outside over them."""
        names = [joined(directory, name) for name in _names(env_file, content)]
        default = joined(inner, ".env")
        if env_file is None and self._files.has(default):
            names = [default]
        values: dict[str, str] = {}
        for name in names:
            if name != "/dev/null":
                values.update(read_dotenv(self._read(name, content), environment.get))
        return {**values, **environment}


def _fail(problem: UnsuitableValueError, place: Place, path: tuple[str, ...]) -> NoReturn:
    message = f"{'.'.join(path)}: {problem}"
    hint = "set the variables in it, in .env or in the environment" if "not ``" in message else ""
    raise BakeError(message, source=place.source, span=place.span, hint=hint) from None


def _names(value: Yaml, content: Table) -> list[str]:
    values = value if isinstance(value, list) else [] if value is None else [value]
    if any(isinstance(one, (list, dict)) for one in values):
        raise content.error("include has a list or a mapping where a path is expected", "include")
    return list(map(scalar_text, values))


def _imported(included: Table, content: Table) -> Table:
    """``content`` with the resources of ``included``; a name in both is an error unless they are equal."""
    result = content.with_values(dict(content))
    for kind in _RESOURCES:
        others = included.get(kind)
        if not isinstance(others, Table):
            continue
        own = result.get(kind) or Table(content.source)
        for name in others:
            if name in own and own[name] != others[name]:
                message = f"{kind}.{name} conflicts with an imported resource"
                raise own.error(message, name, "give one of them another name")
        result[kind] = Table(own.source, {**own, **others}, {**own.places, **others.places})
    return result
