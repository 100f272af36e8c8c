"""``stagegraph affected --history``: what the last commits made run again."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stagegraph.errors import InputError, StagegraphError
from stagegraph.source import printable, quoted

if TYPE_CHECKING:
    from stagegraph.formats.history import BuildHistory, Histories
    from stagegraph.rebuild.git_tree import Repository
    from stagegraph.rebuild.targets import BuildFiles, BuildTarget

Durations = Callable[[], Mapping[int, float]]
_BAR_FROM = 20  # commits
_BAR_SECONDS = 0.1  # between two drawings of the bar


def histories_of(
    repository: Repository, targets: Sequence[BuildTarget], count: int, durations: Durations
) -> Histories:
    """Each of ``targets``, as its files are now, over the last ``count`` commits that changed its context.

    ``durations`` returns the recorded time of the steps. Of several targets, one that BuildKit rejects has a
    note; for one alone, raises the error.
    """
    from stagegraph.formats.history import BuildHistory, Histories
    from stagegraph.rebuild.history import NO_HISTORY
    from stagegraph.rebuild.targets import BuildFiles

    files = BuildFiles(repository.working())
    builds = []
    for target in targets:
        try:
            builds.append(_history(repository, files, target, count, durations))
        except StagegraphError as error:
            if len(targets) == 1:
                raise
            note = f"this build fails: {error.message}"
            builds.append(
                BuildHistory(name=target.name, dockerfile=target.dockerfile, history=NO_HISTORY, note=note)
            )
    return Histories(asked=count, builds=tuple(builds), shallow=repository.is_shallow)


def _history(
    repository: Repository, files: BuildFiles, target: BuildTarget, count: int, durations: Durations
) -> BuildHistory:
    from stagegraph.formats.history import BuildHistory
    from stagegraph.rebuild.advice import advice
    from stagegraph.rebuild.history import History, Recipe
    from stagegraph.rebuild.play import Commits, histories
    from stagegraph.rebuild.savings import history_and_savings
    from stagegraph.rebuild.targets import git_folder_note

    state = files.state(target)
    if state is None:
        raise InputError(
            f"there is no file {quoted(target.dockerfile)}", hint="give the path of the Dockerfile"
        )
    recipe = Recipe(
        build=state.build, context=target.context, ignore=state.ignore, ignore_name=state.ignore_name
    )
    commits = Commits(root=repository.root, folder=target.context, count=count)

    def play(recipes: Sequence[Recipe]) -> tuple[History, ...]:
        with _progress(count, target.name) as progress:
            return histories(commits, recipes, progress)

    seconds = durations()
    history, savings = history_and_savings(recipe, advice(recipe, state.context.root), play, seconds)
    contexts = ", ".join(sorted(state.build.options.contexts))
    note = f"named contexts are taken as unchanged: {contexts}" if contexts else target.note
    if not note and repository.has_git_folder:
        note = git_folder_note(target, state)
    return BuildHistory(
        name=target.name,
        dockerfile=target.dockerfile,
        history=history,
        savings=savings,
        seconds=seconds,
        note=note,
    )


@contextmanager
def _progress(count: int, name: str) -> Iterator[Callable[[int], None]]:
    """Shows how many of ``count`` commits are done, with a bar on standard error, if that is a terminal."""
    if count < _BAR_FROM or not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    # without a thread that draws, because the commits are looked at in processes that are forked
    with Progress(console=Console(file=sys.stderr), transient=True, auto_refresh=False) as bar:
        task = bar.add_task(printable(name), total=count)
        drawn = 0.0

        def progress(done: int) -> None:
            nonlocal drawn
            if time.monotonic() - drawn >= _BAR_SECONDS:
                drawn = time.monotonic()
                bar.update(task, completed=done, refresh=True)

        yield progress
