"""Checks many Dockerfiles on all cores, in order; an error in one file does not stop the others."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from stagegraph.check.check import CheckedFile, check, failed
from stagegraph.check.known_builds import KnownBuilds
from stagegraph.discovery.found_build import FoundBuild
from stagegraph.dockerfile.logical import other_frontend, source_from_bytes
from stagegraph.errors import InputError, StagegraphError
from stagegraph.model import Severity
from stagegraph.reading import read_bytes
from stagegraph.source import Source

_FILES_A_PROCESS = 32  # for fewer, starting a process costs more than it saves
_CHUNK = 16
_TEMPLATE_MARKS = r"(?im:^[ \t]*(?:FROM\b.*)?@\w+@)|\{\{.*?\}\}|\{%.*?%\}|<%.*?%>|@@\w+@@|%%\w+%%"
_DEVCONTAINER_MARK = "${templateOption:"  # elsewhere an invalid modifier
_BY_ITS_TEXT = "the content looks like a template"


class Candidate(Struct, frozen=True):
    """A file to check; ``named`` says that the user named it, so it must be a Dockerfile."""

    path: str
    named: bool


class Task(Struct, frozen=True, kw_only=True):
    """A file to check, the known builds of it, and the codes of the rules to run.

    ``root`` is the directory of its repository, empty where no builds were searched.
    """

    candidate: Candidate
    root: str = ""
    known_builds: KnownBuilds
    codes: frozenset[str]


class Skipped(Struct, frozen=True):
    """A file that is not a Dockerfile, or not one for Docker's frontend, and why."""

    path: str
    reason: str


class Run(Struct, frozen=True, kw_only=True):
    """The result of a run: the checked files in order, the builds found, and notes on skipped files.

    ``not_understood`` has the notes on builds that were only partly understood.
    """

    files: tuple[CheckedFile, ...]
    builds: tuple[FoundBuild, ...] = ()
    notes: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()

    @property
    def counts(self) -> Counter[Severity]:
        """The number of findings of each severity; a file with an error counts as one error."""
        counts = Counter(one.problem.severity for file in self.files for one in file.problems)
        counts[Severity.ERROR] += sum(bool(file.error) for file in self.files)
        return counts

    def fails(self, lowest: Severity | None) -> bool:
        """Whether a file has an error, or a finding is at least as severe as ``lowest``."""
        order = list(Severity)
        counted = order[: order.index(lowest) + 1] if lowest else []
        counts = self.counts
        return any(file.error for file in self.files) or any(counts[severity] for severity in counted)


Results = Iterable[CheckedFile | Skipped]


def check_all(tasks: Sequence[Task], progress: Callable[[Results], Results]) -> list[CheckedFile | Skipped]:
    """Check every task, in order; ``progress`` gets the results one by one and passes them on."""
    workers = min(_cores(), len(tasks) // _FILES_A_PROCESS)
    if workers < 2:
        return list(progress(map(check_task, tasks)))
    return list(progress(_in_processes(tasks, workers)))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _in_processes(tasks: Sequence[Task], workers: int) -> Iterator[CheckedFile | Skipped]:
    import multiprocessing

    # a forked process has all modules loaded; only on Linux is forking safe
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    with context.Pool(workers) as pool:
        yield from pool.imap(check_task, tasks, chunksize=_CHUNK)


def check_task(task: Task) -> CheckedFile | Skipped:
    """Check one file; every error is part of the result."""
    path = task.candidate.path
    try:
        data, name = read_bytes(path)
        if not task.candidate.named and b"\0" in data:
            return Skipped(path, "binary, not a Dockerfile")
        source = source_from_bytes(data, name)
    except StagegraphError as error:
        return failed(path, error)
    if name := other_frontend(source.text):
        return Skipped(path, f"its syntax line names another frontend ({name})")
    if not task.candidate.named and _DEVCONTAINER_MARK in source.text:
        return Skipped(path, _BY_ITS_TEXT)
    try:
        checked = check(source, task.known_builds, task.codes)
    except Exception as error:  # last resort: a bug in stagegraph must not stop the other files
        message = f"stagegraph failed on this file: {type(error).__name__}: {error}"
        return failed(path, InputError(message, source=Source(name=path, text="")))
    if checked.error and not task.candidate.named:
        return _skipped(path, source.text) or checked
    return checked


def _skipped(path: str, text: str) -> Skipped | None:
    """Why a file that BuildKit rejects may not be meant as a Dockerfile; None where it is one."""
    if re.search(_TEMPLATE_MARKS, text):
        return Skipped(path, _BY_ITS_TEXT)
    has_from = re.search(r"^[ \t]*FROM[ \t]", text, re.IGNORECASE | re.MULTILINE)
    if not has_from and not _is_surely_dockerfile(path):
        return Skipped(path, "not a Dockerfile: it has no FROM")
    return None


def _is_surely_dockerfile(path: str) -> bool:
    """Whether the file name alone shows that the file is meant as a Dockerfile."""
    name = Path(path).name.lower()
    return name in ("dockerfile", "containerfile") or name.endswith((".dockerfile", ".containerfile"))
