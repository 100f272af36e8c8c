"""All Dockerfiles of a directory as one request, with the images that they pass to each other by tag."""

from __future__ import annotations

import posixpath
from collections.abc import Container, Iterator, Mapping
from pathlib import Path

from msgspec.structs import replace

from stagegraph.bake.model import Bake, Target
from stagegraph.discovery.discover import discover
from stagegraph.discovery.file_names import is_dockerfile_name
from stagegraph.discovery.found_build import FoundBuild
from stagegraph.discovery.repository import FileTree
from stagegraph.dockerfile.file import read_dockerfile
from stagegraph.dockerfile.resolve import resolve
from stagegraph.errors import InputError, StagegraphError
from stagegraph.graph.naming import LINK
from stagegraph.graph.request import Request
from stagegraph.options import DEFAULT_PLATFORM, Options
from stagegraph.reading import read_source
from stagegraph.request.parts import links
from stagegraph.request.read import request_of_bake
from stagegraph.source import printable

_MOST_DOCKERFILES = 1_000


def read_repository(directory: str = "") -> Request:
    """The request that builds every Dockerfile in ``directory`` and below, which no bake file describes.

    Targets, arguments and tags are those of the builds that scripts and workflows run, as far as they are
    understood; a Dockerfile without such a build has its default target. A Dockerfile that cannot be read is
    a note. Raises InputError without any Dockerfile.
    """
    top, tree = Path(directory or "."), FileTree()
    paths = [path for path in tree.walk(str(top)).paths if is_dockerfile_name(posixpath.basename(path))]
    if not paths:
        raise InputError(f"no Dockerfiles found below {directory or '.'}", hint="name another directory")
    if len(paths) > _MOST_DOCKERFILES:
        raise InputError(
            f"more than {_MOST_DOCKERFILES:,} Dockerfiles are below {directory or '.'}",
            hint="name a directory that has fewer",
        )
    builds = [one for one in discover(top, tree).builds if _is_known(one)]
    targets: list[Target] = []
    notes: list[str] = []
    for path in sorted(paths):
        for target in _targets(path, [one for one in builds if one.dockerfile == path]):
            error = _error(top, target)
            if error:
                notes.append(printable(f"{path} is left out: {error}"))
            else:
                targets.append(target)
    targets, note = _linked(targets, builds)
    notes += note
    if not targets:
        raise InputError(f"no valid Dockerfile is below {directory or '.'}: {notes[0]}", hint="fix it")
    request = request_of_bake(Bake(groups=(), targets=tuple(targets)), str(top), directory or ".")
    return replace(request, notes=(*request.notes, *notes))


def _is_known(build: FoundBuild) -> bool:
    return build.certain and not build.may_differ and build.target is not None and not build.unknown


def _targets(path: str, builds: list[FoundBuild]) -> Iterator[Target]:
    """A target for each stage that ``builds`` ask for, with the arguments of the first such build."""
    stages: dict[str, list[FoundBuild]] = {}
    for build in builds:
        stages.setdefault((build.target or "").lower(), []).append(build)
    for stage, own in (stages or {"": []}).items():
        yield Target(
            name=_target_name(path, stage),
            file=own[0].file if own else path,
            line=own[0].line if own else None,
            dockerfile=path,
            target=stage or None,
            args=dict(own[0].build_args) if own else {},
            contexts=_contexts(own[0]) if own else {},
            tags=tuple(dict.fromkeys(tag for build in own for tag in build.tags)),
        )


def _contexts(build: FoundBuild) -> dict[str, str]:
    """The named contexts of a build; of one with an unknown value it only counts that it is not an image."""
    return {name: build.context_values.get(name, ".") for name in build.contexts}


def _linked(targets: list[Target], builds: list[FoundBuild]) -> tuple[list[Target], list[str]]:
    """``targets`` whose contexts are other targets by the names that these have here; and notes."""
    import networkx

    own = {one.name for one in targets}
    names = {(one.file, one.name): _target_name(one.dockerfile or "", one.target or "") for one in builds}
    linked = [replace(one, contexts=_named_here(one, names, own)) for one in targets]
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_edges_from((other, one.name) for one in linked for other in links(one))
    if networkx.is_directed_acyclic_graph(graph):
        return linked, []
    cycle = ", ".join(sorted({name for edge in networkx.find_cycle(graph) for name in edge}))
    left = [
        replace(one, contexts={key: _without_link(value) for key, value in one.contexts.items()})
        for one in linked
    ]
    return left, [printable(f"named contexts are not connected, since they form a cycle: {cycle}")]


def _named_here(target: Target, names: Mapping[tuple[str, str], str], own: Container[str]) -> dict[str, str]:
    contexts = {}
    for key, value in target.contexts.items():
        kind, colon, name = value.partition(":")
        contexts[key] = value
        if colon and kind in ("target", "service"):
            other = names.get((target.file, name), "")
            contexts[key] = f"{LINK}{other}" if other in own else "."
    return contexts


def _without_link(value: str) -> str:
    return "." if value.startswith(LINK) else value


def _target_name(path: str, stage: str) -> str:
    return f"{_name(path)}:{stage.lower()}" if stage else _name(path)


def _name(path: str) -> str:
    """The directory of a file with a default name; of others the path."""
    folder, _, name = path.rpartition("/")
    return folder if folder and name.lower() in ("dockerfile", "containerfile") else path


def _error(top: Path, target: Target) -> str:
    try:
        file = read_dockerfile(read_source(str(top / target.dockerfile)))
        resolve(file, Options(build_args=dict(target.args)), target.target or "", DEFAULT_PLATFORM)
    except StagegraphError as error:
        return error.message
    return ""
