"""Lists the files that a run checks, with the known builds of each from its repository."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.check.known_builds import known_builds_of
from stagegraph.check.many import Candidate, Task
from stagegraph.check.settings import Settings
from stagegraph.discovery.found_build import Discovery, FoundBuild, Note
from stagegraph.discovery.repository import Walk
from stagegraph.dockerfile.platforms import PlatformError, parse_platform
from stagegraph.errors import OptionsError
from stagegraph.options import Options

# Patterns for the `re` functions, which compile them on first use.
_DOCKERFILE = r"(?:Dockerfile|Containerfile)(?:[._-].+)?\Z|.+\.(?:Dockerfile|Containerfile)\Z"
_TEMPLATE = r"\.(?:j2|jinja2?|tmpl|tpl|template|erb|mustache|hbs|handlebars|gotmpl|m4|in|ejs|cruft|mako)\Z"
_OTHER = (
    r"\.(?:dockerignore|containerignore|md|rst|txt|bak|orig|rej|swp|lock|sha256|sig|patch|diff|ya?ml|json|toml"
    r"|py|pyc|js|ts|go|rs|rb|sh|java|html?|png|svg|log)\Z|~\Z"
)
_MOST_NAMED = 3  # files in a note

_Uses = dict[str | None, list[tuple[int, FoundBuild]]]  # builds by Dockerfile, with their position


class Work(Struct, frozen=True, kw_only=True):
    """The tasks of a run in order, the builds found for them, and notes on skipped files."""

    tasks: tuple[Task, ...]
    discoveries: tuple[Discovery, ...]
    notes: tuple[Note, ...]

    @property
    def not_read(self) -> list[Note]:
        """The notes on files that could define builds and could not be read."""
        return [note for one in self.discoveries for note in one.notes if not note.of_build]

    @property
    def not_understood(self) -> list[Note]:
        """The notes on builds that were found and only partly understood."""
        return [note for one in self.discoveries for note in one.notes if note.of_build]


def work_of(paths: Sequence[str], settings: Settings, asked: Options) -> Work:
    """A task for every Dockerfile at ``paths``; OptionsError for an unknown platform in ``asked``."""
    for platform in asked.platforms:
        _check_platform(platform)
    files, notes = candidates(paths, settings.exclude)
    repositories = _Repositories(settings.discover)
    tasks = []
    for file in files:
        dockerfile, discovery = repositories.discovery_of(file.path)
        known_builds = known_builds_of(dockerfile, discovery.uses, asked, discovery.mentioned)
        tasks.append(Task(candidate=file, known_builds=known_builds, codes=settings.codes))
    return Work(tasks=tuple(tasks), discoveries=tuple(repositories.discoveries.values()), notes=tuple(notes))


def _check_platform(text: str) -> None:
    try:
        parse_platform(text)
    except PlatformError as error:
        raise OptionsError(str(error), hint="use for example linux/arm64") from None


def candidates(paths: Sequence[str], exclude: Sequence[str] = ()) -> tuple[list[Candidate], list[Note]]:
    """The files at ``paths`` in order, each once, directories searched; and notes on skipped ones.

    ``exclude`` has .gitignore patterns for files in directories.
    """
    files: dict[str, Candidate] = {}
    notes: list[Note] = []
    templates: list[str] = []
    for path in paths:
        if path == "-" or not Path(path).is_dir():
            files.setdefault(_key(path), Candidate(path, True))
            continue
        walk = Walk(Path(path))
        for file in _not_excluded(walk.files(), exclude):
            if is_template_name(file.name):
                templates.append(str(file))
            elif is_dockerfile_name(file.name):
                files.setdefault(_key(str(file)), Candidate(str(file), False))
        notes.extend(walk.notes)
    if templates:
        notes.append(skipped_note(templates, "a template by its name, not a Dockerfile"))
    return list(files.values()), notes


def _key(path: str) -> str:
    return path if path == "-" else os.path.abspath(path)


def _not_excluded(files: Iterable[Path], exclude: Sequence[str]) -> Iterable[Path]:
    if not exclude:
        return files
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec.from_lines(exclude)
    return (file for file in files if not spec.match_file(file.as_posix()))


def is_dockerfile_name(name: str) -> bool:
    """Whether ``name`` is a common name for a Dockerfile."""
    return _has_name(name) and not re.search(f"{_TEMPLATE}|{_OTHER}", name, re.IGNORECASE)


def is_template_name(name: str) -> bool:
    """Whether ``name`` is a common name for a template of a Dockerfile."""
    return _has_name(name) and bool(re.search(_TEMPLATE, name, re.IGNORECASE))


def _has_name(name: str) -> bool:
    return bool(re.match(_DOCKERFILE, name, re.IGNORECASE))


def skipped_note(files: Sequence[str], reason: str) -> Note:
    """One note on all of ``files``."""
    shown = ", ".join(files[1:_MOST_NAMED])
    more = f" and {len(files) - _MOST_NAMED} more" if len(files) > _MOST_NAMED else ""
    also = f" (also {shown}{more})" if len(files) > 1 else ""
    return Note(file=files[0], line=None, message=f"skipped: {reason}{also}")


class _Repositories:
    """The builds of each repository that has files to check, discovered once."""

    def __init__(self, wanted: bool | None) -> None:
        self._wanted = wanted
        self.discoveries: dict[str, Discovery] = {}
        self._roots: dict[str, str] = {}
        self._uses: dict[str, _Uses] = {}

    def discovery_of(self, path: str) -> tuple[str | None, Discovery]:
        """The path of a file relative to the root of its repository, and what was discovered there for it."""
        if self._wanted is False or path == "-":
            return None, Discovery()
        folder, name = os.path.split(os.path.abspath(path))
        folder = os.path.realpath(folder)
        root = self._root(folder)
        if not root:
            return None, Discovery()
        if root not in self.discoveries:
            self._discover(root)
        inside = os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
        dockerfile = None if inside.startswith("../") else inside
        uses = self._uses[root]
        own = sorted([*uses.get(dockerfile, ()), *uses.get(None, ())], key=lambda one: one[0])
        return dockerfile, replace(self.discoveries[root], uses=tuple(use for _, use in own))

    def _discover(self, root: str) -> None:
        from stagegraph.discovery.discover import discover

        self.discoveries[root] = discover(Path(root))
        uses: _Uses = {}
        for position, use in enumerate(self.discoveries[root].uses):
            uses.setdefault(use.dockerfile, []).append((position, use))
        self._uses[root] = uses

    def _root(self, folder: str) -> str:
        """The root of the repository that ``folder`` is in; empty outside a repository."""
        if folder not in self._roots:
            above = os.path.dirname(folder)
            if os.path.exists(os.path.join(folder, ".git")):
                self._roots[folder] = folder
            elif above != folder:
                self._roots[folder] = self._root(above)
            else:
                # outside a repository a whole tree is searched only with --discover
                self._roots[folder] = os.path.realpath(".") if self._wanted else ""
        return self._roots[folder]
