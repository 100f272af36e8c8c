"""Finds the services of compose files that have a ``build``.

Each file is read alone and without the environment: what either could change is unknown. A service that
cannot be understood does not hide the others. Rules: compose-spec build.md; ``stagegraph.bake`` has them
exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from stagegraph.bake.compose_extends import Extender, Services
from stagegraph.bake.compose_merge import as_build, pairs
from stagegraph.bake.files import Files
from stagegraph.bake.interpolation import interpolated
from stagegraph.bake.values import UnsuitableValueError
from stagegraph.bake.yaml_values import Document, Table, Yaml, read_yaml, scalar_text
from stagegraph.discovery.found_build import FoundBuild, Note, ReadingLimits
from stagegraph.discovery.missing import missing_file
from stagegraph.discovery.repository import Repository, is_remote, joined
from stagegraph.errors import BakeError
from stagegraph.source import Source

_MAIN = re.compile(r"(?:docker-)?compose\.ya?ml")
_STEPS_OF_SERVICE = 200
_VARIABLE = re.compile(r"\$(?:\$|([A-Za-z_]|\{[A-Za-z_]\w*(?::?[?+]|\})))")


def compose_builds(path: str, text: str, repository: Repository) -> tuple[list[FoundBuild], list[Note]]:
    """The builds of the compose file at ``path``, and notes on what is not understood."""
    try:
        documents = read_yaml(Source(name=path, text=text))
    except BakeError as error:
        return [], [Note(file=path, line=error.line, message=f"not understood: {error.message}")]
    builds: list[FoundBuild] = []
    limits = ReadingLimits()
    for service in _services(path, documents[:1], repository, limits):
        builds.extend(_builds(path, service, repository))
        limits.build()
    notes = [
        Note(
            file=path,
            line=build.line,
            message=f"service {build.name}: {', '.join(sorted(build.unknown))} not understood",
            of_build=True,
        )
        for build in builds
        if build.unknown
    ]
    return builds, notes


class _Service(NamedTuple):
    """The ``build`` of a service with what it extends; ``whole`` if no other file can complete it."""

    name: str
    line: int
    build: Table
    whole: bool
    image: str = ""


def _services(
    path: str, documents: list[Document], repository: Repository, limits: ReadingLimits
) -> Iterator[_Service]:
    # a file that is merged over another (compose.override.yaml) need not repeat the context
    main = bool(_MAIN.fullmatch(path.rpartition("/")[2]))
    extender = Extender(_RepositoryFiles(repository, path.rpartition("/")[0]), _content)
    for document in documents:
        table = document.root.table("services") if isinstance(document.root, Table) else None
        for name, service in (table or {}).items():
            if table is None or not isinstance(service, Table):
                continue
            limits.spend(_STEPS_OF_SERVICE + 10 * _size(service.get("build")))
            services = Services(table=table, document=document, directory="", environment={})
            try:
                whole, extended = main, extender.service(name, services)
            except BakeError:
                whole, extended = main and not _extends_elsewhere(service), service
            build = extended.get("build") if isinstance(extended, Table) else None
            if build is not None:
                image = service.text("image") or ""
                yield _Service(name, service.line("build"), as_build(extended), whole, image)


def _content(source: Source, document: Document, _: object) -> Table:
    """The content of another file, as it is written: its variables stay."""
    return document.root if isinstance(document.root, Table) else Table(source)


class _RepositoryFiles(Files):
    """The files of a repository, by paths from ``folder``; no others are read."""

    def __init__(self, repository: Repository, folder: str) -> None:
        super().__init__(str(repository.root / folder))
        self._repository = repository
        self._folder = folder

    def has(self, name: str) -> bool:
        path = joined(self._folder, name)
        root = self._repository.root.resolve()
        return path is not None and super().has(name) and (root / path).resolve().is_relative_to(root)

    def read(self, name: str) -> Source:
        if not self.has(name):
            raise BakeError(f"{name} is not in the repository")
        return super().read(name)


def _size(build: Yaml) -> int:
    arguments = build.get("args") if isinstance(build, Table) else None
    return (len(build) if isinstance(build, Table) else 0) + (len(arguments) if arguments else 0)


def _extends_elsewhere(service: Table) -> bool:
    """Whether a service extends one of another file."""
    extends = service.get("extends")
    return isinstance(extends, Table) and extends.get("file") is not None


def _builds(path: str, service: _Service, repository: Repository) -> Iterator[FoundBuild]:
    table, whole = service.build, service.whole
    if table.get("dockerfile_inline") is not None:
        return
    unknown: set[str] = set()
    context, sure = _text(table.get("context") or ".")
    file, file_sure = _text(table.get("dockerfile"))
    if is_remote(context):
        return
    here = path.rpartition("/")[0]
    known = sure and file_sure and (whole or table.get("context") is not None)
    dockerfile = repository.dockerfile(here, context, file or None) if known else None
    if dockerfile is None:
        unknown.add("dockerfile")
    missing = (
        missing_file(repository, here, context, file) if whole and known and dockerfile is None else None
    )
    target, target_sure = _text(table.get("target"))
    if not target_sure:
        unknown.add("target")
    args, args_sure = _pairs(table.get("args"))
    names = frozenset(pairs(table.get("args")))
    if not args_sure:
        unknown.add("build arguments")
    contexts = _pairs(table.get("additional_contexts"))[0]
    by_bake = table.table("x-bake")  # which only docker buildx bake reads
    yield FoundBuild(
        file=path,
        line=service.line,
        kind="compose service",
        name=service.name,
        dockerfile=dockerfile,
        target=target if target or target_sure else None,
        build_args=args,
        passed=(names - args.keys()) | frozenset(pairs(by_bake.get("contexts"))),
        platforms=(*_texts(table.get("platforms")), *_texts(by_bake.get("platforms"))),
        contexts=tuple(sorted(contexts)),
        context_values={name: value for name, value in contexts.items() if value},
        tags=_texts(table.get("tags") or [service.image] * bool(service.image)),
        unknown=frozenset(unknown),
        missing=missing,
    )


def _text(value: Yaml) -> tuple[str, bool]:
    """A string with the defaults of its variables, and whether it has no variables.

    It is empty where a variable has no default: its value comes from the environment or a file .env.
    """
    if not isinstance(value, str):
        return ("" if isinstance(value, (Table, list)) else scalar_text(value)), True
    if any(match[1] for match in _VARIABLE.finditer(value)):
        return "", False
    try:
        default = interpolated(value, lambda _: None)
        return default, default == interpolated(value, lambda name: f"\0{name}")
    except UnsuitableValueError:
        return "", False


def _pairs(value: Yaml) -> tuple[dict[str, str], bool]:
    """Arguments from a mapping or a list of NAME=VALUE, and whether all values are known."""
    known, sure = {}, True
    for name, item in pairs(value).items():
        text, is_sure = _text(item)
        if item is None or not is_sure:  # the value comes from the environment
            sure = False
        if item is not None and (is_sure or text):
            known[name] = text
    return known, sure


def _texts(value: Yaml) -> tuple[str, ...]:
    items = map(scalar_text, value if isinstance(value, list) else [])
    return tuple(item for item in items if "$" not in item)
