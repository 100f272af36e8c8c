"""Reads bake and compose files, and the Dockerfiles that they build, as one request."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from stagegraph.bake.files import DISK, FileSystem
from stagegraph.bake.model import Bake, Target
from stagegraph.bake.reading import read_bake
from stagegraph.errors import BakeError, InputError
from stagegraph.graph.request import Part, Request
from stagegraph.model import BakeTarget
from stagegraph.request.dockerfiles import Dockerfiles, directory_of_builds
from stagegraph.request.names import COMPOSE_FILES, COMPOSE_OVERRIDES, default_files
from stagegraph.request.parts import groups_of, linked_first, parts_of, remote_node
from stagegraph.source import printable


def read_request(
    path: str = "",
    targets: Iterable[str] = (),
    overrides: Iterable[str] = (),
    environment: Mapping[str, str] | None = None,
    *,
    compose: bool = False,
    stdin: str | None = None,
    system: FileSystem = DISK,
) -> Request:
    """The request that ``docker buildx bake`` makes of a bake or compose file, and its Dockerfiles.

    ``path`` is the file, a directory with one or several of bake's default files, empty for the current
    directory, or ``-`` for ``stdin``; with ``compose``, only the files of a directory that
    ``docker compose`` reads count. ``targets`` are targets, groups or services, ``overrides`` the values of
    ``--set``. Variables come from ``environment``. ``system`` has the files. Raises BakeError,
    InputError, DockerfileError and OptionsError.
    """
    directory, files = files_of(path, compose=compose, system=system)
    bake = read_files(directory, files, targets, overrides, environment, stdin=stdin, system=system)
    shown = path if files and not os.path.isdir(path or ".") else _joined(directory, bake.files)
    if not bake.targets:
        raise _nothing(shown)
    return request_of_bake(bake, directory, "<stdin>" if path == "-" else shown, system)


def read_request_in(
    system: FileSystem,
    directory: str,
    files: Iterable[str],
    name: str,
    environment: Mapping[str, str] | None = None,
) -> Request:
    """The request of the bake or compose ``files`` in ``directory`` of ``system``; ``name`` is shown.

    Without files, those with default names there count. Raises as ``read_request``.
    """
    bake = read_files(directory, tuple(files), (), (), environment, system=system)
    if not bake.targets:
        raise _nothing(name)
    return request_of_bake(bake, directory, name, system)


def _nothing(names: str) -> InputError:
    """The error about files, with commas between them, that define no target."""
    hint = "add a target or a service with build; or name a target, if there is one"
    return InputError(f"no target to build in {names}", hint=hint)


def read_files(
    directory: str,
    files: Iterable[str],
    targets: Iterable[str],
    overrides: Iterable[str],
    environment: Mapping[str, str] | None,
    *,
    stdin: str | None = None,
    system: FileSystem = DISK,
) -> Bake:
    """What the bake or compose ``files`` in ``directory`` of ``system`` define; without any, default ones.

    Raises BakeError, whose file is named as seen from the current directory, InputError and OptionsError.
    """
    try:
        return read_bake(files, targets, overrides, environment, directory, stdin=stdin, system=system)
    except BakeError as error:
        raise _located(error, directory) from None


def dockerfiles_of(path: str, environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The Dockerfiles that the default group of the bake or compose file at ``path`` builds, each once.

    Those in a remote context or inside the file are left out. Raises BakeError and InputError.
    """
    directory, files = files_of(path)
    bake = read_files(directory, files, (), (), environment)
    dockerfiles = Dockerfiles(directory_of_builds(bake.targets, directory))
    here = (target for target in bake.targets if target.dockerfile_inline is None)
    return tuple(dict.fromkeys(filter(None, map(dockerfiles.name, here))))


def request_of_bake(bake: Bake, directory: str, name: str, system: FileSystem = DISK) -> Request:
    """The request for the targets of ``bake``, whose files are in ``directory``; ``name`` is shown."""
    dockerfiles = Dockerfiles(directory_of_builds(bake.targets, directory, system), system)
    ordered = linked_first(bake.targets)
    remote = [target for target in ordered if not dockerfiles.name(target)]
    parts = parts_of(groups_of(ordered, dockerfiles), remote, dockerfiles)
    nodes = {target.name: remote_node(target) for target in remote} | _nodes(parts)
    shown = [_shown(target, nodes[target.name], dockerfiles) for target in bake.targets]
    return Request(
        name=name, parts=tuple(parts), bake_targets=tuple(shown), notes=tuple(_notes(bake.targets, remote))
    )


def files_of(path: str, *, compose: bool = False, system: FileSystem = DISK) -> tuple[str, tuple[str, ...]]:
    """The directory of the files, and their names in it; none for the default files of bake."""
    if path == "-":
        return ".", ("-",)
    if not os.path.isdir(path or "."):
        return os.path.dirname(path) or ".", (os.path.basename(path),)
    directory = path or "."
    if compose:
        for name in (*COMPOSE_FILES, *COMPOSE_OVERRIDES):
            system.is_file(os.path.join(directory, name))  # a system that follows files must know of them
        files = default_files(directory, compose=True)
        if not files:
            raise InputError(f"there is no compose file in {directory}", hint=f"add {COMPOSE_FILES[0]}")
        return directory, files
    return directory, ()


def _located(error: BakeError, directory: str) -> BakeError:
    """``error`` with the path of its file as seen from the current directory."""
    if error.source is None or directory == ".":
        return error
    source = replace(error.source, name=os.path.normpath(os.path.join(directory, error.source.name)))
    return BakeError(error.message, source=source, span=error.span, hint=error.hint)


def _joined(directory: str, names: Iterable[str]) -> str:
    return ", ".join(os.path.normpath(os.path.join(directory, name)) for name in names)


def _nodes(parts: Iterable[Part]) -> dict[str, str]:
    """The node that is the image of each target."""
    return {
        name: part.naming.stage(one.resolved.target)
        for part in parts
        for one in part.build.target_builds
        for name in one.names
    }


def _shown(target: Target, node: str, dockerfiles: Dockerfiles) -> BakeTarget:
    return BakeTarget(
        name=target.name,
        node=node,
        file=os.path.normpath(os.path.join(dockerfiles.directory, target.file)) if target.file else "",
        line=target.line,
        dockerfile=dockerfiles.name(target),
        context=target.context,
        platforms=target.platforms,
        tags=target.tags,
        linked=target.linked,
        unknown=tuple(sorted(target.unknown)),
    )


def _notes(targets: Iterable[Target], remote: Iterable[Target]) -> Iterable[str]:
    for target in remote:
        yield printable(f"target {target.name} is built from {target.context}, whose Dockerfile is not read")
    for target in targets:
        if target.unknown:
            unknown = ", ".join(sorted(target.unknown))
            yield printable(f"target {target.name}: not known and left out: {unknown}")
