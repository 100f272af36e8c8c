"""Merges the services of compose files over those that they extend (compose-go loader/extends.go)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.bake.compose_merge import merged, without
from stagegraph.bake.compose_paths import with_paths
from stagegraph.bake.files import Files, directory_of, joined
from stagegraph.bake.yaml_values import Document, Table, Yaml, read_yaml, scalar_text
from stagegraph.errors import BakeError
from stagegraph.source import Source

_DEEPEST = 60
_MOST_MERGES = 5_000
_NOT_INHERITED = ("depends_on", "links", "volumes_from")
_Content = Callable[[Source, Document, Mapping[str, str]], Table]


class Services(Struct, frozen=True, kw_only=True):
    """The services of one document, and the services that extend one of them."""

    table: Table
    document: Document
    directory: str
    environment: Mapping[str, str]
    path: tuple[str, ...] = ()


class Extender:
    """Resolves ``extends``; ``content`` gives the content of other files."""

    def __init__(self, files: Files, content: _Content) -> None:
        self._files = files
        self._content = content
        self._merges = 0

    def extended(
        self, content: Table, document: Document, directory: str, environment: Mapping[str, str]
    ) -> Table:
        """``content`` with what its services extend merged below them. Raises BakeError."""
        table = content.get("services")
        if not isinstance(table, Table):
            return content
        services = Services(table=table, document=document, directory=directory, environment=environment)
        values = {name: self.service(name, services) for name in table}
        return content.with_values({**content, "services": table.with_values(values)})

    def service(self, name: str, services: Services) -> Yaml:
        """One of ``services`` with what it extends merged below it. Raises BakeError."""
        service = services.table[name]
        extends = service.get("extends") if isinstance(service, Table) else None
        if extends is None:
            return service
        step = f"{services.table.source.name}:{name}"
        self._merges += 1
        if step in services.path or len(services.path) > _DEEPEST or self._merges > _MOST_MERGES:
            names = " → ".join(one.rpartition(":")[2] for one in (*services.path[-10:], step))
            raise service.error(f"extends forms a cycle or is too deep: {names}", "extends")
        services = replace(services, path=(*services.path, step))
        other = extends.get("service") if isinstance(extends, Table) else extends
        if not isinstance(other, str):
            raise service.error(f"services.{name}.extends must name a service", "extends")
        file = extends.get("file") if isinstance(extends, Table) else None
        if file is None:
            base = self._same_file(other, services, service)
        else:
            base = self._other_file(other, scalar_text(file), services, service)
        return _over(name, base, service, services.document)

    def _same_file(self, other: str, services: Services, service: Table) -> Yaml:
        if other not in services.table:
            name = services.table.source.name
            raise service.error(f"cannot extend the service {other}: it is not in {name}", "extends")
        return self.service(other, services)

    def _other_file(self, other: str, file: str, services: Services, service: Table) -> Yaml:
        name = joined(services.directory, self._files.path(file))
        directory = directory_of(name)
        try:
            source = self._files.read(name)
        except BakeError as error:
            raise service.error(error.message, "extends") from None
        for document in reversed(read_yaml(source)):
            table = self._content(source, document, services.environment).get("services")
            if isinstance(table, Table) and other in table:
                inner = replace(services, table=table, document=document, directory=directory)
                found = self.service(other, inner)
                if directory == services.directory:
                    return found
                wrapped = Table(source, {"services": Table(source, {other: found})})
                return with_paths(wrapped, directory, self._files)["services"][other]
        raise service.error(f"cannot extend the service {other}: it is not in {name}", "extends")


def _over(name: str, base: Yaml, service: Table, document: Document) -> Yaml:
    """``service`` merged over ``base``, from which ``!reset`` and ``!override`` remove values first."""
    own = service.with_values({key: one for key, one in service.items() if key != "extends"})
    if not isinstance(base, Table):
        return own
    kept = base.with_values({key: _copied(one) for key, one in base.items() if key not in _NOT_INHERITED})
    below = Table(base.source, {"services": Table(base.source, {name: kept})})
    above = Table(service.source, {"services": Table(service.source, {name: own})})
    for reset in document.resets:
        without(below, reset)
    return merged(below, above)["services"][name]


def _copied(value: Yaml) -> Yaml:
    """A copy whose mappings can be changed."""
    if isinstance(value, Table):
        return value.with_values({key: _copied(one) for key, one in value.items()})
    return value
