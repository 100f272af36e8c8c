"""What a run is to check: the files, and what the repository of each says of its builds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.check.known_builds import knowledge_of
from stagegraph.check.many import Task, candidates
from stagegraph.check.settings import Settings
from stagegraph.discovery.found_build import Discovery, FoundBuild, Note
from stagegraph.discovery.repository import FileTree
from stagegraph.dockerfile.platforms import PlatformError, parse_platform
from stagegraph.errors import OptionsError
from stagegraph.options import Options


class Work(Struct, frozen=True, kw_only=True):
    """The tasks of a run in order, the builds found for them, and notes on files left out."""

    tasks: tuple[Task, ...]
    discoveries: tuple[Discovery, ...]
    notes: tuple[Note, ...]

    @property
    def not_read(self) -> list[Note]:
        """The notes on files that could hold builds."""
        return [note for one in self.discoveries for note in one.notes if not note.of_build]

    @property
    def not_understood(self) -> list[Note]:
        """The notes on builds that were found."""
        return [note for one in self.discoveries for note in one.notes if note.of_build]


def work_of(paths: Sequence[str], settings: Settings, asked: Options) -> Work:
    """What ``paths`` mean, with what is known of each file; OptionsError for a platform that is none."""
    for platform in asked.platforms:
        _check_platform(platform)
    tree = FileTree()
    files, notes = candidates(paths, settings.exclude, tree)
    repositories = _Repositories(settings.discover, tree)
    tasks = []
    for file in files:
        dockerfile, discovery = repositories.place_of(file.path)
        knowledge = knowledge_of(dockerfile, discovery.builds, asked, discovery.mentioned)
        tasks.append(Task(candidate=file, knowledge=knowledge, codes=settings.codes))
    return Work(tasks=tuple(tasks), discoveries=tuple(repositories.known.values()), notes=tuple(notes))


def _check_platform(text: str) -> None:
    try:
        parse_platform(text)
    except PlatformError as error:
        raise OptionsError(str(error), hint="for example linux/arm64") from None


class _Repositories:
    """The builds of each repository that files are in, looked for once."""

    def __init__(self, wanted: bool | None, tree: FileTree) -> None:
        self._wanted = wanted
        self._tree = tree
        self.known: dict[str, Discovery] = {}
        self._roots: dict[str, str] = {}
        self._uses: dict[str, dict[str | None, list[tuple[int, FoundBuild]]]] = {}

    def place_of(self, path: str) -> tuple[str | None, Discovery]:
        """The path of a file from the root of its repository, and what was found there that it is in."""
        if self._wanted is False or path == "-":
            return None, Discovery()
        folder, name = os.path.split(os.path.abspath(path))
        folder = os.path.realpath(folder)
        root = self._root(folder)
        if not root:
            return None, Discovery()
        if root not in self.known:
            self._look_into(root)
        inside = os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
        dockerfile = None if inside.startswith("../") else inside
        uses = self._uses[root]
        meant = sorted([*uses.get(dockerfile, ()), *uses.get(None, ())], key=lambda one: one[0])
        return dockerfile, replace(self.known[root], builds=tuple(use for _, use in meant))

    def _look_into(self, root: str) -> None:
        from stagegraph.discovery.discover import discover

        self.known[root] = discover(Path(root), self._tree)
        index: dict[str | None, list[tuple[int, FoundBuild]]] = {}
        for position, use in enumerate(self.known[root].builds):
            index.setdefault(use.dockerfile, []).append((position, use))
        self._uses[root] = index

    def _root(self, folder: str) -> str:
        """The root of the repository that ``folder`` is in; nothing outside of one."""
        if folder not in self._roots:
            above = os.path.dirname(folder)
            if os.path.exists(os.path.join(folder, ".git")):
                self._roots[folder] = folder
            elif above != folder:
                self._roots[folder] = self._root(above)
            else:
                # outside of a repository only who asks for it has a whole tree searched
                self._roots[folder] = os.path.realpath(".") if self._wanted else ""
        return self._roots[folder]
