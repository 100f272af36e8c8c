"""Loads compose files: interpolation, extends, include, merging (compose-go loader/loader.go, extends.go, include.go)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from stagegraph.bake.compose_merge import merged, without
from stagegraph.bake.compose_paths import with_paths
from stagegraph.bake.dotenv import read_dotenv
from stagegraph.bake.files import Files, directory_of, joined
from stagegraph.bake.interpolation import interpolated
from stagegraph.bake.values import ValueProblem
from stagegraph.bake.yaml_values import Document, Table, Yaml, read_yaml, scalar_text
from stagegraph.errors import BakeError
from stagegraph.source import Source, Span

_MOST_NODES = 300_000  # aliases included
_DEEPEST = 60
_PROJECT_NAME = "COMPOSE_PROJECT_NAME"


class Loader:
    """Loads models; all share one bound on the work."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._nodes = 0

    def model(
        self, sources: list[Source], directory: str, environment: Mapping[str, str], including: tuple[str, ...] = ()
    ) -> Table:
        """The merged content of ``sources``, with paths relative to ``directory``. Raises BakeError."""
        documents = [(source, document) for source in sources for document in read_yaml(source)]
        lookup = self._with_name(documents, environment)
        result = Table(sources[0])
        for source, document in documents:
            result = self._add(result, source, document, directory, lookup, including)
        return with_paths(result, directory, self._files)

    def _add(
        self,
        model: Table,
        source: Source,
        document: Document,
        directory: str,
        environment: Mapping[str, str],
        including: tuple[str, ...],
    ) -> Table:
        content = self._content(source, document, environment)
        content = self._extended(content, document, directory, environment, (source.name,))
        for path in document.resets:
            without(model, path)
        try:
            for included in self._included(content, directory, environment, (*including, source.name)):
                content = _imported(included, content)
            return merged(model, content)
        except ValueProblem as problem:
            raise BakeError(str(problem), source=source) from None

    def _with_name(self, documents: list[tuple[Source, Document]], environment: Mapping[str, str]) -> dict[str, str]:
        """The environment with the name of the project, which the last file with a name gives."""
        name = environment.get(_PROJECT_NAME) or "bake"
        for source, document in documents:
            root = document.root
            if isinstance(root, Table) and isinstance(root.get("name"), str) and not environment.get(_PROJECT_NAME):
                try:
                    name = interpolated(root["name"], environment.get)
                except ValueProblem as problem:
                    self._fail(problem, source, root.span("name"), "name")
        return {**environment, _PROJECT_NAME: name}

    def _content(self, source: Source, document: Document, environment: Mapping[str, str]) -> Table:
        root = document.root
        if root is None:
            raise BakeError("this compose file is empty", source=source)
        if not isinstance(root, Table):
            raise BakeError("a compose file must be a mapping", source=source, span=Span(1, 1))
        content = self._interpolated(root, environment, (), None)
        assert isinstance(content, Table)
        services = content.get("services")
        if services is not None and not isinstance(services, Table):
            raise BakeError("services must be a mapping", source=source, span=content.span("services"))
        return content

    def _interpolated(self, value: Yaml, environment: Mapping[str, str], path: tuple[str, ...], place: Any) -> Yaml:
        self._nodes += 1
        if self._nodes > _MOST_NODES or len(path) > _DEEPEST + 30:
            source, span = place or (None, None)
            raise BakeError("the aliases of this YAML make it too large", source=source, span=span)
        if isinstance(value, Table):
            result = Table(value.source, None, value.places)
            for key, one in value.items():
                result[key] = self._interpolated(one, environment, (*path, key), (value.source, value.span(key)))
            return result
        if isinstance(value, list):
            return [self._interpolated(one, environment, (*path, f"[{n}]"), place) for n, one in enumerate(value)]
        if isinstance(value, str) and "$" in value:
            try:
                return interpolated(value, environment.get)
            except ValueProblem as problem:
                source, span = place or (None, None)
                self._fail(problem, source, span, ".".join(path))
        return value

    def _fail(self, problem: ValueProblem, source: Source | None, span: Span | None, path: str) -> NoReturn:
        raise BakeError(f"{path}: {problem}", source=source, span=span) from None

    def _extended(
        self, content: Table, document: Document, directory: str, environment: Mapping[str, str], path: tuple[str, ...]
    ) -> Table:
        """``content`` with what its services extend merged below them."""
        services = content.get("services")
        if not isinstance(services, Table):
            return content
        result = Table(services.source, None, services.places)
        for name in services:
            result[name] = self._service(name, services, document, directory, environment, path)
        content["services"] = result
        return content

    def _service(
        self,
        name: str,
        services: Table,
        document: Document,
        directory: str,
        environment: Mapping[str, str],
        path: tuple[str, ...],
    ) -> Yaml:
        service = services[name]
        extends = service.get("extends") if isinstance(service, Table) else None
        if extends is None:
            return service
        place = {"source": service.source, "span": service.span("extends")}
        step = f"{path[0]}:{name}"
        if step in path or len(path) > _DEEPEST:
            names = " → ".join(one.rpartition(":")[2] for one in (*path[1:], step))
            raise BakeError(f"extends forms a cycle or is too deep: {names[:200]}", **place)
        other = extends.get("service") if isinstance(extends, Table) else extends
        if not isinstance(other, str):
            raise BakeError(f"services.{name}.extends must name a service", **place)
        file = extends.get("file") if isinstance(extends, Table) else None
        if file is None:
            if other not in services:
                raise BakeError(f"cannot extend the service {other}: it is not in {services.source.name}", **place)
            base = self._service(other, services, document, directory, environment, (*path, step))
        else:
            base = self._other_file(other, scalar_text(file), directory, environment, (*path, step), place)
        self._nodes += 1000
        return self._over(name, base, service, document)

    def _over(self, name: str, base: Yaml, service: Table, document: Document) -> Yaml:
        own = Table(service.source, {k: v for k, v in service.items() if k != "extends"}, service.places)
        wrapper = Table(service.source, {"services": Table(service.source, {name: _copied(base)})})
        for reset in document.resets:
            without(wrapper, reset)
        base = wrapper["services"][name]
        if not isinstance(base, Table):
            return own
        base = Table(base.source, {k: v for k, v in base.items() if k not in ("depends_on", "links", "volumes_from")}, base.places)
        above = Table(service.source, {"services": Table(service.source, {name: own})})
        below = Table(service.source, {"services": Table(service.source, {name: base})})
        try:
            return merged(below, above)["services"][name]
        except ValueProblem as problem:
            raise BakeError(str(problem), source=service.source, span=service.span("extends")) from None

    def _other_file(
        self, service: str, file: str, directory: str, environment: Mapping[str, str], path: tuple[str, ...], place: Any
    ) -> Yaml:
        name = joined(directory, self._files.path(file))
        source = self._read(name, place)
        if len(path) > _DEEPEST:
            raise BakeError("extends is nested too deeply", **place)
        found: Yaml = None
        for document in read_yaml(source):
            services = self._content(source, document, environment).get("services")
            if isinstance(services, Table) and service in services:
                inner = (source.name, *path[1:]) if source.name == path[0] else (source.name, *path)
                found = self._service(service, services, document, directory_of(name), environment, inner)
        if found is None:
            raise BakeError(f"cannot extend the service {service}: it is not in {name}", **place)
        wrapped = Table(source, {"services": Table(source, {service: found})})
        inner_directory = directory_of(name)
        return with_paths(wrapped, inner_directory, self._files)["services"][service] if inner_directory != directory else found

    def _read(self, name: str, place: Any) -> Source:
        try:
            return self._files.read(name)
        except BakeError as error:
            raise BakeError(error.message, **place) from None

    def _included(
        self, content: Table, directory: str, environment: Mapping[str, str], including: tuple[str, ...]
    ) -> list[Table]:
        """The models of ``include``, each with its directory and its environment."""
        entries = content.pop("include", None)
        models = []
        for entry in entries if isinstance(entries, list) else []:
            place = {"source": content.source, "span": content.span("include")}
            options = entry if isinstance(entry, Table) else {"path": entry}
            names = _names(options.get("path"))
            if not names:
                raise BakeError("include needs the path of a file", **place)
            paths = [joined(directory, self._files.path(name)) for name in names]
            if set(paths) & set(including) or len(including) > _DEEPEST:
                raise BakeError(f"include forms a cycle or is too deep: {paths[0]}", **place)
            sources = [self._read(path, place) for path in paths]
            project = options.get("project_directory")
            inner = directory_of(paths[0]) if project is None else joined(directory, scalar_text(project))
            variables = self._environment(options.get("env_file"), directory, inner, environment, place)
            models.append(self.model(sources, inner, variables, (*including, *paths)))
        return models

    def _environment(
        self, env_file: Yaml, directory: str, inner: str, environment: Mapping[str, str], place: Any
    ) -> dict[str, str]:
        names = [joined(directory, name) for name in _names(env_file)]
        default = joined(inner, ".env")
        if env_file is None and self._files.exists(default):
            names = [default]
        values: dict[str, str] = {}
        for name in names:
            if name != "/dev/null":
                values.update(read_dotenv(self._read(name, place), environment.get))
        return {**values, **environment}


def _names(value: Yaml) -> list[str]:
    if value is None:
        return []
    return [scalar_text(one) for one in value] if isinstance(value, list) else [scalar_text(value)]


def _copied(value: Yaml) -> Yaml:
    """A copy whose mappings can be changed."""
    if isinstance(value, Table):
        return Table(value.source, {key: _copied(one) for key, one in value.items()}, value.places)
    return value


def _imported(included: Table, content: Table) -> Table:
    """``content`` with the resources of ``included``; a name in both is an error unless they are equal."""
    result = Table(content.source, dict(content), content.places)
    for kind in ("services", "secrets", "volumes", "networks", "configs"):
        others = included.get(kind)
        if not isinstance(others, Table):
            continue
        own = result.get(kind) or Table(content.source)
        for name in others:
            if name in own and own[name] != others[name]:
                raise ValueProblem(f"{kind}.{name} conflicts with an imported resource")
        result[kind] = Table(own.source, {**own, **others}, {**own.places, **others.places})
    return result
