"""Many Dockerfiles checked on all cores, in order; one broken file stops nothing."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from stagegraph.checking.files import Candidate, is_surely_dockerfile
from stagegraph.checking.knowledge import Knowledge
from stagegraph.checking.one import Checked, check, failed
from stagegraph.dockerfile.physical import source_from_bytes
from stagegraph.errors import InputError, StagegraphError
from stagegraph.reading import read_bytes
from stagegraph.source import Source

_WORTH_PROCESSES = 64  # files; below that, starting a process costs more than it gains
_CHUNK = 16
_MARKS_OF_TEMPLATES = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|<%.*?%>|@@\w+@@|%%\w+%%")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One file to check, what is known of its builds, and by which rules."""

    candidate: Candidate
    knowledge: Knowledge
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Skipped:
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
