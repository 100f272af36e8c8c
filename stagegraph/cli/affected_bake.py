"""The targets of bake and compose files, before and after a change, for what shows what it runs again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from stagegraph.cli.named_build import NamedBuild
from stagegraph.errors import StagegraphError

if TYPE_CHECKING:
    from stagegraph.bake.files import FileSystem
    from stagegraph.bake.model import Bake, Target
    from stagegraph.rebuild.targets import BuildTarget, Change


def bake_targets(
    named: NamedBuild, change: Change, root: str
) -> tuple[list[BuildTarget], list[BuildTarget] | None]:
    """The targets that ``named`` asks for after the change, and before it if their files are known there."""
    from stagegraph.bake.files import LARGEST_FILE
    from stagegraph.bake.model import Bake
    from stagegraph.rebuild.bake_targets import build_targets
    from stagegraph.rebuild.context import Context
    from stagegraph.rebuild.tree_files import TreeFiles

    states = Context(change.before), Context(change.after)
    system = TreeFiles(states[1], root, other=states[0]) if change.is_staged else None
    after, directory = _bake(named, system)
    prefix = _prefix(after, directory, root)
    paths = tuple(_inside(os.path.join(directory, name), root) for name in after.files)
    targets = [replace(one, files=paths) for one in build_targets(after, prefix)]
    before = TreeFiles(states[0], root, other=states[1])
    files = [name for name in after.files if before.is_file(os.path.join(directory, name))]
    try:
        for name in files:
            before.read(os.path.join(directory, name), LARGEST_FILE)
    except OSError:
        return targets, None  # what a named path was before is not known: see BuildTarget.files
    if not files:
        return targets, []
    names = [one.name for one in targets]
    found = list(_asked_before(named, names, directory, files, before))
    if not {one.name for one in found}.issuperset(names):  # a target is new, or was renamed
        found = [*_asked_before(named, named.targets, directory, files, before), *found]
    return targets, build_targets(Bake(groups=(), targets=_as_linked_in(after, found)), prefix)


def _as_linked_in(after: Bake, found: Iterable[Target]) -> tuple[Target, ...]:
    """``found``, each once: as it was asked for by name, if it was, and linked if it is so in ``after``."""
    linked = {one.name for one in after.targets if one.linked}
    by_name = {one.name: one for one in sorted(found, key=lambda one: not one.linked)}
    return tuple(replace(one, linked=one.name in linked) for one in by_name.values())


def bake_targets_now(named: NamedBuild, root: str) -> list[BuildTarget]:
    """The targets that ``named`` asks for, as their files are on disk."""
    from stagegraph.rebuild.bake_targets import build_targets

    bake, directory = _bake(named)
    return build_targets(bake, _prefix(bake, directory, root))


def _bake(named: NamedBuild, system: FileSystem | None = None) -> tuple[Bake, str]:
    """What the files of ``named`` in ``system``, or on disk, define, and the directory that these are in."""
    from stagegraph.bake.files import DISK
    from stagegraph.request.read import read_files

    directory, files = named.files()
    bake = read_files(directory, files, named.targets, named.overrides, os.environ, system=system or DISK)
    return bake, directory


def _prefix(bake: Bake, directory: str, root: str) -> str:
    """The directory that paths of the targets are relative to, from the root of the repository."""
    from stagegraph.request.dockerfiles import directory_of_builds

    folder = directory_of_builds(bake.targets, directory)
    return _inside(folder, root)


def _inside(path: str, root: str) -> str:
    """``path`` from the root of the repository."""
    return os.path.relpath(os.path.realpath(path), os.path.realpath(root))


def _asked_before(
    named: NamedBuild, names: Sequence[str], directory: str, files: Sequence[str], system: FileSystem
) -> Iterator[Target]:
    """Those of the targets ``names`` that the files in ``system`` define.

    Bake rejects all of a request for one unknown name, so each half is then asked for on its own. Without
    names, those are given that the default group had: one of them can have been renamed.
    """
    from stagegraph.request.read import read_files

    try:
        bake = read_files(directory, files, names, named.overrides, os.environ, system=system)
    except StagegraphError:
        middle = len(names) // 2
        for half in (names[:middle], names[middle:]) if middle else ():
            yield from _asked_before(named, half, directory, files, system)
    else:
        yield from bake.targets
