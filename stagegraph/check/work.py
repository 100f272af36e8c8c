"""Lists the files that a run checks with their known builds, and then the files of builds that fail."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.check.check import CheckedFile, checked_build_file
from stagegraph.check.known_builds import known_builds_of
from stagegraph.check.many import Candidate, Skipped, Task
from stagegraph.check.rule import Problem
from stagegraph.check.rules.missing_file import missing_files
from stagegraph.check.settings import Settings
from stagegraph.discovery.file_names import is_dockerfile_name, is_template_name
from stagegraph.discovery.found_build import Discovery, FoundBuild, Note
from stagegraph.discovery.repository import FileTree, ignore_spec
from stagegraph.dockerfile.platforms import PlatformError, parse_platform
from stagegraph.errors import OptionsError
from stagegraph.options import Options
from stagegraph.source import Source

_FIXTURES = frozenset(
    {
        "testdata",
        "test-data",
        "test_data",
        "testfiles",
        "fixtures",
        "__fixtures__",
        "test-fixtures",
        "__tests__",
    }
)
_MOST_NAMED = 3  # files in a note
NO_DOCKERFILE = (
    "no Dockerfile found; looked for Dockerfile, Dockerfile.*, *.Dockerfile, and Containerfile likewise"
)
_BuildsByDockerfile = dict[str | None, list[tuple[int, FoundBuild]]]  # with their positions


def candidates(
    paths: Sequence[str],
    exclude: Sequence[str] = (),
    tree: FileTree | None = None,
    *,
    fixtures: bool = False,
) -> tuple[list[Candidate], list[Note]]:
    """The files at ``paths`` in order, each once, directories searched; and notes on skipped ones.

    ``exclude`` has .gitignore patterns for files in directories, which ``tree`` walks. With ``fixtures``
    the files in directories of test fixtures count too; many of these are invalid on purpose.
    """
    files: dict[str, Candidate] = {}
    notes: list[Note] = []
    templates: list[str] = []
    in_fixtures: list[str] = []
    links: list[str] = []
    tree = tree or FileTree()
    for path in paths:
        if path == "-" or not Path(path).is_dir():
            files.setdefault(_key(path), Candidate(path, True))
            continue
        walk = tree.walk(path)
        named = list(_named_like_dockerfiles(path, walk.paths))
        if not named:
            notes.append(Note(file=path, line=None, message=NO_DOCKERFILE))
        for file in _not_excluded(named, exclude):
            if not fixtures and _is_in_fixtures(os.path.relpath(file, path)):
                in_fixtures.append(file)
            elif is_template_name(os.path.basename(file)):
                templates.append(file)
            else:
                files.setdefault(_key(file), Candidate(file, False))
        links.extend(_not_excluded(_named_like_dockerfiles(path, walk.links_outside), exclude))
        notes.extend(walk.notes)
    if links:
        notes.append(skipped_note(links, "a symbolic link to a file outside the repository"))
    if templates:
        notes.append(skipped_note(templates, "the file name looks like a template"))
    if in_fixtures:
        notes.append(skipped_note(in_fixtures, "in a directory of test fixtures; see --include-fixtures"))
    return list(files.values()), notes


def _is_in_fixtures(path: str) -> bool:
    return not _FIXTURES.isdisjoint(part.lower() for part in Path(path).parts[:-1])


def _key(path: str) -> str:
    return path if path == "-" else os.path.abspath(path)


def _named_like_dockerfiles(top: str, paths: Iterable[str]) -> Iterator[str]:
    """The files under ``top`` whose names are those of Dockerfiles or of templates of Dockerfiles."""
    for path in paths:
        name = path[path.rfind("/") + 1 :]
        if is_dockerfile_name(name) or is_template_name(name):
            yield str(Path(top, path))


def _not_excluded(files: Iterable[str], exclude: Sequence[str]) -> Iterable[str]:
    if not exclude:
        return files
    spec, _ = ignore_spec(exclude)
    return (file for file in files if not spec.match_file(Path(file).as_posix()))


def skipped_note(files: Sequence[str], reason: str) -> Note:
    """One note on all of ``files``."""
    shown = ", ".join(files[1:_MOST_NAMED])
    more = f" and {len(files) - _MOST_NAMED} more" if len(files) > _MOST_NAMED else ""
    also = f" (also {shown}{more})" if len(files) > 1 else ""
    return Note(file=files[0], line=None, message=f"skipped: {reason}{also}")


def merged_notes(notes: Iterable[Note]) -> list[Note]:
    """``notes`` with those of one kind, such as files that are not read, as one note if they are many."""
    kinds: dict[str, list[Note]] = {}
    for note in notes:
        kinds.setdefault(note.message.partition(":")[0], []).append(note)
    return [one for same in kinds.values() for one in (same if len(same) <= _MOST_NAMED else [_merged(same)])]


def _merged(notes: Sequence[Note]) -> Note:
    others = list(dict.fromkeys(note.file for note in notes[1:]))
    more = f" and {len(others) - _MOST_NAMED + 1} more" if len(others) > _MOST_NAMED - 1 else ""
    message = f"{notes[0].message} (similar: {', '.join(others[: _MOST_NAMED - 1])}{more})"
    return replace(notes[0], message=message)


class Work(Struct, frozen=True, kw_only=True):
    """The tasks of a run in order, the builds found for them, and notes on skipped files.

    ``discoveries`` leave out the builds of Dockerfiles that exist and are not checked in this run.
    """

    tasks: tuple[Task, ...]
    discoveries: tuple[Discovery, ...]
    notes: tuple[Note, ...]
    failing_builds: tuple[tuple[str, FoundBuild, Problem], ...] = ()  # without a Dockerfile; root first

    @property
    def empty(self) -> list[str]:
        """The directories in which no Dockerfile was found."""
        return [note.file for note in self.notes if note.message == NO_DOCKERFILE]

    @property
    def not_read(self) -> list[Note]:
        """The notes on files that could define builds and could not be read."""
        return [note for one in self.discoveries for note in one.notes if not note.of_build]

    @property
    def not_understood(self) -> list[Note]:
        """The notes on builds that were found and only partly understood."""
        return [note for one in self.discoveries for note in one.notes if note.of_build]


def work_of(paths: Sequence[str], settings: Settings, asked: Options, near: Iterable[str] = ()) -> Work:
    """A task for every Dockerfile at ``paths``; OptionsError for an unknown platform in ``asked``.

    Builds are searched in the repository of each, or outside of one in the directories among ``paths``, and
    ``near`` them.
    """
    for platform in asked.platforms:
        _check_platform(platform)
    tree = FileTree()
    files, notes = candidates(paths, settings.exclude, tree, fixtures=settings.include_fixtures)
    directories = [path for path in paths if path != "-" and Path(path).is_dir()]
    tops = [os.path.realpath(path) for path in (*directories, *near)]
    repositories = _Repositories(settings.discover, tree, settings.exclude, tops)
    tasks = []
    checked: dict[str, set[str | None]] = {}
    for file in files:
        root, dockerfile, discovery = repositories.discovery_of(file.path)
        known_builds = known_builds_of(
            dockerfile, discovery.builds, asked, discovery.mentioned, discovery.passed, discovery.unread
        )
        tasks.append(Task(candidate=file, root=root, known_builds=known_builds, codes=settings.codes))
        checked.setdefault(root, set()).add(dockerfile)
    failing = [one for path in directories for one in _failing_below(path, repositories, settings)]
    discoveries = [_of(one, root, checked.get(root, ())) for root, one in repositories.discoveries.items()]
    return Work(
        tasks=tuple(tasks),
        discoveries=tuple(discoveries),
        notes=tuple(notes),
        failing_builds=tuple(dict.fromkeys(failing)),
    )


def _failing_below(
    path: str, repositories: _Repositories, settings: Settings
) -> Iterator[tuple[str, FoundBuild, Problem]]:
    """The builds in files below ``path`` whose build context or Dockerfile does not exist."""
    root, _, _ = repositories.discovery_of(os.path.join(path, "Dockerfile"))
    if not root:
        return
    for build, problem in missing_files(repositories.discoveries[root].builds):
        inside = os.path.relpath(os.path.join(root, build.file), os.path.realpath(path))
        skipped = inside.startswith("..") or (not settings.include_fixtures and _is_in_fixtures(inside))
        if problem.code in settings.codes and not skipped:
            yield root, build, problem


def _of(discovery: Discovery, root: str, checked: Container[str | None]) -> Discovery:
    """``discovery`` without the builds of existing Dockerfiles that are not checked, and notes on these."""
    names = {build.dockerfile for build in discovery.builds if build.dockerfile not in checked}
    unchecked = {name for name in names if name is not None and os.path.exists(os.path.join(root, name))}
    others = [build for build in discovery.builds if build.dockerfile in unchecked]
    own = [build for build in discovery.builds if build.dockerfile not in unchecked]
    left_out = {build.where for build in others} - {build.where for build in own}
    notes = (
        note for note in discovery.notes if not note.of_build or f"{note.file}:{note.line}" not in left_out
    )
    return replace(discovery, builds=tuple(own), notes=tuple(notes))


def checked_build_files(
    work: Work, results: Iterable[CheckedFile | Skipped], exclude: Sequence[str]
) -> list[CheckedFile]:
    """The files whose builds fail according to ``results``, by path, without those that match ``exclude``."""
    failing: dict[str, list[tuple[FoundBuild, Problem]]] = {}
    of_dockerfiles = (
        (task.root, *one)
        for task, result in zip(work.tasks, results, strict=True)
        if isinstance(result, CheckedFile)
        for one in result.failing_builds
    )
    for root, build, problem in (*of_dockerfiles, *work.failing_builds):
        path = _shown_path(os.path.join(root, build.file))
        failing.setdefault(path, []).append((build, problem))
    paths = sorted(_not_excluded(failing, exclude))
    return [checked_build_file(_text_of(path), failing[path]) for path in paths]


def _shown_path(path: str) -> str:
    """``path`` from the current directory if it is in it, else as an absolute path."""
    relative = os.path.relpath(path, os.path.realpath("."))
    return path if relative.startswith("..") else Path(relative).as_posix()


def _text_of(path: str) -> Source:
    try:
        text = Path(path).read_bytes().decode("utf-8", "replace")
    except OSError:
        text = ""  # it was read a moment ago
    return Source(name=path, text=text)


def _check_platform(text: str) -> None:
    try:
        parse_platform(text)
    except PlatformError as error:
        raise OptionsError(str(error), hint="use a platform such as linux/arm64") from None


class _Repositories:
    """The builds of each repository that has files to check, discovered once."""

    def __init__(
        self, wanted: bool | None, tree: FileTree, exclude: Sequence[str], tops: Sequence[str]
    ) -> None:
        self._wanted = wanted
        self._tops = tops
        self._exclude = exclude
        self._tree = tree
        self.discoveries: dict[str, Discovery] = {}
        self._roots: dict[str, str] = {}
        self._builds: dict[str, _BuildsByDockerfile] = {}

    def discovery_of(self, path: str) -> tuple[str, str | None, Discovery]:
        """The root of the repository of a file, its path from there, and what was discovered for it."""
        if self._wanted is False or path == "-":
            return "", None, Discovery()
        folder, name = os.path.split(os.path.abspath(path))
        folder = os.path.realpath(folder)
        root = self._root(folder)
        if not root:
            return "", None, Discovery()
        if root not in self.discoveries:
            self._discover(root)
        inside = os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
        dockerfile = None if inside.startswith("../") else inside
        builds = self._builds[root]
        own = sorted([*builds.get(dockerfile, ()), *builds.get(None, ())], key=lambda one: one[0])
        return root, dockerfile, replace(self.discoveries[root], builds=tuple(build for _, build in own))

    def _discover(self, root: str) -> None:
        from stagegraph.discovery.discover import discover

        self.discoveries[root] = discover(Path(root), self._tree, self._excluded_below(root))
        builds: _BuildsByDockerfile = {}
        for position, build in enumerate(self.discoveries[root].builds):
            builds.setdefault(build.dockerfile, []).append((position, build))
        self._builds[root] = builds

    def _excluded_below(self, root: str) -> Callable[[str], bool]:
        """Whether a path from ``root`` matches the patterns, which start at the current directory."""
        spec, _ = ignore_spec(self._exclude)
        return lambda path: spec.match_file(_shown_path(os.path.join(root, path)))

    def _root(self, folder: str) -> str:
        """The root of the repository that ``folder`` is in; outside of one, what is to be searched."""
        if folder not in self._roots:
            above = os.path.dirname(folder)
            if os.path.exists(os.path.join(folder, ".git")):
                self._roots[folder] = folder
            elif found := self._root(above) if above != folder else "":
                self._roots[folder] = found
            elif folder in self._tops:
                self._roots[folder] = folder
            else:
                self._roots[folder] = os.path.realpath(".") if self._wanted and above == folder else ""
        return self._roots[folder]
