"""``stagegraph affected --history``: what the last commits made run again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from stagegraph.errors import InputError, StagegraphError
from stagegraph.source import printable, quoted

if TYPE_CHECKING:
    from stagegraph.formats.history import BuildHistory, Histories
    from stagegraph.rebuild.git_history import Revision
    from stagegraph.rebuild.git_tree import Repository
    from stagegraph.rebuild.targets import BuildFiles, BuildTarget

Durations = Callable[[], Mapping[int, float]]
_BAR_FROM = 20  # commits


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
    from stagegraph.rebuild.git_history import revisions
    from stagegraph.rebuild.history import Recipe
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
    found = _progress(revisions(repository, count, target.context), count, target.name)
    seconds = durations()
    history, savings = history_and_savings(recipe, advice(recipe, state.context.root), found, seconds)
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


def _progress(revisions: Iterator[Revision], count: int, name: str) -> Iterable[Revision]:
    """``revisions`` with a progress bar on standard error, if that is a terminal."""
    if count < _BAR_FROM or not sys.stderr.isatty():
        return revisions
    from rich.console import Console
    from rich.progress import track

    console = Console(file=sys.stderr)
    return track(revisions, printable(name), total=count, console=console, transient=True)
