"""What a run is to check: the files, and what the repository of each says of its builds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stagegraph.checking.files import candidates
from stagegraph.checking.knowledge import knowledge_of
from stagegraph.checking.many import Task
from stagegraph.checking.settings import Settings
from stagegraph.discovery.use import Discovery, Note
from stagegraph.dockerfile.platforms import PlatformError, parse_platform
from stagegraph.errors import OptionsError
from stagegraph.options import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
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
    files, notes = candidates(paths, settings.exclude)
    repositories = _Repositories(settings.discover)
    tasks = []
    for file in files:
        dockerfile, discovery = repositories.place_of(file.path)
        knowledge = knowledge_of(dockerfile, discovery.uses, asked, discovery.mentioned)
        tasks.append(Task(candidate=file, knowledge=knowledge, codes=settings.codes))
    return Work(tasks=tuple(tasks), discoveries=tuple(repositories.known.values()), notes=tuple(notes))


def _check_platform(text: str) -> None:
    try:
        parse_platform(text)
    except PlatformError as error:
        raise OptionsError(str(error), hint="for example linux/arm64") from None


class _Repositories:
    """The builds of each repository that files are in, looked for once."""

    def __init__(self, wanted: bool | None) -> None:
        self._wanted = wanted
        self.known: dict[Path, Discovery] = {}
        self._roots: dict[Path, Path | None] = {}

    def place_of(self, path: str) -> tuple[str | None, Discovery]:
        """The path of a file from the root of its repository, and what was found there."""
        if self._wanted is False or path == "-":
            return None, Discovery()
        here = Path(os.path.abspath(path))
        root = self._root(here.parent)
        if root is None:
            return None, Discovery()
        if root not in self.known:
            from stagegraph.discovery.discover import discover

            self.known[root] = discover(root)
        real = here.parent.resolve() / here.name
        inside = real.relative_to(root).as_posix() if real.is_relative_to(root) else None
        return inside, self.known[root]

    def _root(self, directory: Path) -> Path | None:
        from stagegraph.discovery.walking import repository_of

        if directory not in self._roots:
            # outside of a repository only who asks for it has a whole tree searched
            fallback = Path().resolve() if self._wanted else None
            self._roots[directory] = repository_of(directory) or fallback
        return self._roots[directory]
