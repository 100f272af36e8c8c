"""Plays builds over the commits of a repository, on all cores where there are enough commits.

The commits are cut into parts, whatever the number of cores: so the counts are the same everywhere.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from stagegraph.errors import InputError, StagegraphError
from stagegraph.rebuild.git_history import commit_ids, revisions
from stagegraph.rebuild.git_tree import Repository
from stagegraph.rebuild.history import History, Player, Recipe, Tally

if TYPE_CHECKING:
    from ctypes import Array, c_byte, c_longlong

_PARTS = 16
_COMMITS_A_PART = 500  # for fewer, reading the files of a commit in a process costs more than it saves
_SECONDS = 0.1  # between two looks at the progress

Progress = Callable[[int], None]
_Result = list[Tally] | StagegraphError


class Commits(Struct, frozen=True, kw_only=True):
    """The last ``count`` commits that changed the context ``folder`` in the repository ``root``."""

    root: str
    folder: str
    count: int


class _Part(Struct, frozen=True):
    newest: str
    count: int


def histories(commits: Commits, recipes: Sequence[Recipe], progress: Progress) -> tuple[History, ...]:
    """The history of each of ``recipes``; ``progress`` gets the number of commits looked at so far."""
    parts = _parts(commits)
    workers = min(_cores(), len(parts))
    forks = workers > 1 and sys.platform == "linux"  # only there is forking safe
    results = _in_processes if forks else _one_by_one
    tallies: list[list[Tally]] = []
    for result in results(commits, recipes, parts, progress, workers):
        if isinstance(result, StagegraphError):
            raise result
        tallies.append(result)
    return tuple(
        reduce(_joined, found).history(recipe.build.steps)
        for recipe, *found in zip(recipes, *tallies, strict=True)
    )


def _joined(newer: Tally, older: Tally) -> Tally:
    newer.add(older)
    return newer


def _parts(commits: Commits) -> list[_Part]:
    if commits.count < 2 * _COMMITS_A_PART:
        return [_Part("HEAD", commits.count)]
    ids = commit_ids(Repository(commits.root), commits.count, commits.folder)
    size = max(_COMMITS_A_PART, -(-len(ids) // _PARTS))
    starts = range(0, len(ids), size)
    return [_Part(ids[at], min(size, len(ids) - at)) for at in starts] or [_Part("HEAD", commits.count)]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _one_by_one(
    commits: Commits, recipes: Sequence[Recipe], parts: Sequence[_Part], progress: Progress, _workers: int
) -> Iterator[_Result]:
    done = 0
    for part in parts:
        players = [Player(recipe) for recipe in recipes]
        for revision in revisions(Repository(commits.root), part.count, commits.folder, part.newest):
            for player in players:
                player.play(revision)
            done += 1
            progress(done)
        yield [player.tally for player in players]


def _in_processes(
    commits: Commits, recipes: Sequence[Recipe], parts: Sequence[_Part], progress: Progress, workers: int
) -> Iterator[_Result]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor, wait
    from concurrent.futures.process import BrokenProcessPool

    context = multiprocessing.get_context("fork")
    # shared without locks, which a process that is killed would keep
    work = _Work(commits, recipes, context.RawArray("q", len(parts)), context.RawValue("b", 0))
    with ProcessPoolExecutor(workers, context, _start_worker, (work,)) as pool:
        try:
            futures = [pool.submit(_in_worker, *one) for one in enumerate(parts)]
            while wait(futures, _SECONDS).not_done:
                progress(sum(work.done))
            yield from [future.result() for future in futures]
        except BrokenProcessPool:
            hint = "look at fewer commits with a smaller --history"
            raise InputError("a process that looked at commits was killed", hint=hint) from None
        finally:
            work.stop.value = 1
            pool.shutdown(cancel_futures=True)


class _Work(NamedTuple):
    """What every process has; ``done`` is shared memory, as is ``stop``."""

    commits: Commits
    recipes: Sequence[Recipe]
    done: Array[c_longlong]
    stop: c_byte


_worker: _Work | None = None  # of a process of the pool


def _start_worker(work: _Work) -> None:
    """Keep what a process has from its parent; an interrupt is for the parent, which then stops this one."""
    import signal

    global _worker
    _worker = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class _StoppedError(Exception):
    """The parent does not want the result any more."""


def _in_worker(number: int, part: _Part) -> _Result:
    work = _worker
    assert work

    def count(done: int) -> None:
        work.done[number] = done
        if work.stop.value:
            raise _StoppedError

    try:
        (result,) = _one_by_one(work.commits, work.recipes, [part], count, 1)
    except StagegraphError as error:
        return error
    return result
