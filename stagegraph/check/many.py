"""Many Dockerfiles checked on all cores, in order; one broken file stops nothing."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from stagegraph.check.check import Checked, check, failed
from stagegraph.check.known_builds import KnownBuilds
from stagegraph.discovery.found_build import FoundBuild, Note
from stagegraph.discovery.repository import FileTree
from stagegraph.dockerfile.logical import source_from_bytes
from stagegraph.errors import InputError, StagegraphError
from stagegraph.model import Severity
from stagegraph.reading import read_bytes
from stagegraph.source import Source

_NAME = re.compile(
    r"(?:Dockerfile|Containerfile)(?:[._-].+)?\Z|.+\.(?:Dockerfile|Containerfile)\Z", re.IGNORECASE
)
_TEMPLATE = re.compile(
    r"\.(?:j2|jinja2?|tmpl|tpl|template|erb|mustache|hbs|handlebars|gotmpl|m4|in|ejs|cruft|mako)\Z",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"\.(?:dockerignore|containerignore|md|rst|txt|bak|orig|rej|swp|lock|sha256|sig|patch|diff|ya?ml|json|toml"
    r"|py|pyc|js|ts|go|rs|rb|sh|java|html?|png|svg|log)\Z|~\Z",
    re.IGNORECASE,
)
_MOST_SHOWN = 3


class Candidate(Struct, frozen=True):
    """One file to check; ``named`` says that the user named it, so that it must be a Dockerfile."""

    path: str
    named: bool


def candidates(
    paths: Sequence[str], exclude: Sequence[str] = (), tree: FileTree | None = None
) -> tuple[list[Candidate], list[Note]]:
    """The files that ``paths`` stand for, each once and in order; and notes on what was left out.

    ``exclude`` are patterns as in .gitignore for the files in directories, which ``tree`` walks.
    """
    selected: dict[str, Candidate] = {}
    notes: list[Note] = []
    templates: list[str] = []
    tree = tree or FileTree()
    for path in paths:
        if path == "-" or not Path(path).is_dir():
            selected.setdefault(_key(path), Candidate(path, True))
            continue
        walk = tree.walk(path)
        for file in _not_excluded(_named_like_dockerfiles(path, walk.paths), exclude):
            if is_dockerfile_name(os.path.basename(file)):
                selected.setdefault(_key(file), Candidate(file, False))
            else:
                templates.append(file)
        notes.extend(walk.notes)
    if templates:
        notes.append(left_out(templates, "by its name a template, not a Dockerfile"))
    return list(selected.values()), notes


def _named_like_dockerfiles(top: str, paths: Iterable[str]) -> Iterator[str]:
    """The files under ``top`` that are Dockerfiles by their names, or templates of Dockerfiles."""
    for path in paths:
        name = path[path.rfind("/") + 1 :]
        if _NAME.match(name) and (_TEMPLATE.search(name) or not _OTHER.search(name)):
            yield str(Path(top, path))


def is_dockerfile_name(name: str) -> bool:
    """Whether a file called ``name`` is a Dockerfile as people name them."""
    return bool(_NAME.match(name)) and not _TEMPLATE.search(name) and not _OTHER.search(name)


def is_surely_dockerfile(path: str) -> bool:
    """Whether the name of a file leaves no doubt: what is in it is then meant to be a Dockerfile."""
    name = Path(path).name.lower()
    return name in ("dockerfile", "containerfile") or name.endswith((".dockerfile", ".containerfile"))


def left_out(files: Sequence[str], reason: str) -> Note:
    """One note about all of ``files``."""
    shown = ", ".join(files[1:_MOST_SHOWN])
    more = f" and {len(files) - _MOST_SHOWN} more" if len(files) > _MOST_SHOWN else ""
    also = f" ({shown}{more} too)" if len(files) > 1 else ""
    return Note(file=files[0], line=None, message=f"left out: {reason}{also}")


def _not_excluded(files: Iterable[str], exclude: Sequence[str]) -> Iterable[str]:
    if not exclude:
        return files
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec.from_lines(exclude)
    return (file for file in files if not spec.match_file(Path(file).as_posix()))


def _key(path: str) -> str:
    return path if path == "-" else os.path.abspath(path)


class Run(Struct, frozen=True, kw_only=True):
    """The files checked, in order; the builds found; what was left out or not read.

    ``not_understood`` says what of the builds is not.
    """

    files: tuple[Checked, ...]
    uses: tuple[FoundBuild, ...] = ()
    notes: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()

    @property
    def counts(self) -> Counter[Severity]:
        """How many findings there are of each severity; a file that cannot be read is an error."""
        found = Counter(one.problem.severity for file in self.files for one in file.problems)
        found[Severity.ERROR] += sum(bool(file.error) for file in self.files)
        return found

    def fails(self, worst: Severity | None) -> bool:
        """Whether a file could not be read, or a finding is at least as bad as ``worst``."""
        order = list(Severity)
        counted = order[: order.index(worst) + 1] if worst else []
        return any(file.error for file in self.files) or any(self.counts[severity] for severity in counted)


_WORTH_PROCESSES = 64  # files; below that, starting a process costs more than it gains
_CHUNK = 16
_MARKS_OF_TEMPLATES = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|<%.*?%>|@@\w+@@|%%\w+%%")


class Task(Struct, frozen=True, kw_only=True):
    """One file to check, what is known of its builds, and by which rules."""

    candidate: Candidate
    knowledge: KnownBuilds
    codes: frozenset[str]


class Skipped(Struct, frozen=True):
    """A file found in a directory that is no Dockerfile after all, and why."""

    path: str
    reason: str


def check_all(
    tasks: Sequence[Task], progress: Callable[[Iterable[Checked | Skipped]], Iterable[Checked | Skipped]]
) -> list[Checked | Skipped]:
    """Check every task, in order; ``progress`` passes the results on and may count them."""
    workers = min(_cores(), len(tasks) // (_WORTH_PROCESSES // 2))
    if workers < 2:
        return list(progress(map(check_task, tasks)))
    return list(progress(_in_processes(tasks, workers)))


def check_task(task: Task) -> Checked | Skipped:
    """Check one file; whatever is wrong with it is in the result."""
    path = task.candidate.path
    try:
        data, name = read_bytes(path)
        if not task.candidate.named and b"\0" in data:
            return Skipped(path, "binary, not a Dockerfile")
        source = source_from_bytes(data, name)
    except StagegraphError as error:
        return failed(path, error)
    try:
        checked = check(source, task.knowledge, task.codes)
    except Exception as error:  # the last door: a fault of stagegraph itself must not stop the others
        message = f"stagegraph failed on this file: {type(error).__name__}: {error}"
        return failed(path, InputError(message, source=Source(name=path, text="")))
    if checked.error and not task.candidate.named:
        return _perhaps_skipped(path, source.text, checked)
    return checked


def _perhaps_skipped(path: str, text: str, checked: Checked) -> Checked | Skipped:
    if _MARKS_OF_TEMPLATES.search(text):
        return Skipped(path, "by its text a template, not a Dockerfile")
    if not is_surely_dockerfile(path) and not re.search(
        r"^[ \t]*FROM[ \t]", text, re.IGNORECASE | re.MULTILINE
    ):
        return Skipped(path, "no FROM in it, so no Dockerfile")
    return checked


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _in_processes(tasks: Sequence[Task], workers: int) -> Iterator[Checked | Skipped]:
    import multiprocessing

    # a forked process has loaded everything already; elsewhere than on Linux forking is not safe
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    with context.Pool(workers) as pool:
        yield from pool.imap(check_task, tasks, chunksize=_CHUNK)
