"""What each piece of advice would have saved over the history of a repository, by playing it again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.graph.build import Build
from stagegraph.graph.steps import RawStep
from stagegraph.rebuild.advice import Advice, AdviceKind
from stagegraph.rebuild.history import History, Recipe

_Key = tuple[str, str]  # the stage and the instruction of a step


class SavedRuns(Struct, frozen=True, kw_only=True):
    """A step of the build that ran again in ``before`` commits, and with the change in ``after``."""

    step: int
    before: int
    after: int


class Saving(Struct, frozen=True, kw_only=True):
    """A piece of advice, and what it saves in ``commits`` commits.

    ``seconds`` is what the steps that run less often took in them; None if their times are not known.
    ``runs`` is empty if which steps run does not change, as with a cache mount.
    """

    advice: Advice
    commits: int
    runs: tuple[SavedRuns, ...] = ()
    seconds: float | None = None

    @property
    def saves(self) -> bool:
        """Whether a step runs less often, and takes time, if its time is known."""
        return bool(self.runs) and (self.seconds is None or self.seconds > 0)


def history_and_savings(
    recipe: Recipe,
    advice: Sequence[Advice],
    play: Callable[[Sequence[Recipe]], Sequence[History]],
    durations: Mapping[int, float],
) -> tuple[History, tuple[Saving, ...]]:
    """The history of ``recipe``, and the advice that saves something, the most first.

    ``play`` returns the history of each recipe. ``durations`` is the time of the steps of the build by
    position, in seconds.
    """
    played = [one for one in advice if one.recipe]
    history, *others = play([recipe, *(one.recipe for one in played if one.recipe)])
    savings = [
        saving
        for one, other in zip(played, others, strict=True)
        if (saving := _saving(one, recipe, history, other, durations)).saves
    ]
    arguments = (one for one in advice if one.kind is AdviceKind.ARGUMENT)
    savings += [one for argument in arguments if (one := _if_changed(argument, history, durations)).saves]
    again = {step.line for step in history.steps if step.is_shown and step.again}
    unknown = [
        Saving(advice=one, commits=history.commits)
        for one in advice
        if one.kind is AdviceKind.CACHE_MOUNT and one.line in again
    ]
    return history, (*sorted(savings, key=_size), *unknown)


def _if_changed(one: Advice, history: History, durations: Mapping[int, float]) -> Saving:
    """What moving an argument saves if its value changes with each commit: what would run in all others."""
    steps = [step for step in history.steps if step.is_shown and step.line in one.lines]
    runs = tuple(
        SavedRuns(step=step.id, before=history.commits, after=step.again)
        for step in steps
        if step.again < history.commits
    )
    return Saving(advice=one, commits=history.commits, runs=runs, seconds=_seconds(runs, durations))


def _size(saving: Saving) -> tuple[float, int]:
    return -(saving.seconds or 0.0), -sum(run.before - run.after for run in saving.runs)


def _saving(
    one: Advice, recipe: Recipe, history: History, other: History, durations: Mapping[int, float]
) -> Saving:
    """What ``one`` saves in the commits that can be built with and without it."""
    assert one.recipe
    own, changed = _keys(recipe.build), _keys(one.recipe.build)
    before: Counter[_Key] = Counter()
    after: Counter[_Key] = Counter()
    commits = 0
    for mine, theirs in zip(history.again, other.again, strict=True):
        if mine is not None and theirs is not None:
            commits += 1
            before.update(own[step] for step in mine)
            after.update(changed[step] for step in theirs)
    positions = {key: position for position, key in reversed(list(enumerate(own)))}
    runs = tuple(
        SavedRuns(step=positions[key], before=count, after=after[key])
        for key, count in sorted(before.items(), key=lambda item: positions[item[0]])
        if count > after[key]
    )
    if one.kind is AdviceKind.IGNORE:
        one = _only_changed(one, history)
    return Saving(advice=one, commits=commits, runs=runs, seconds=_seconds(runs, durations))


def _only_changed(one: Advice, history: History) -> Advice:
    """The advice to exclude files, for those that changed in a commit."""
    changed = {count.path.rstrip("/") for step in history.steps for count in step.folders}
    names = tuple(name for name in one.names if name in changed)
    return replace(one, names=names, write=names)


def _seconds(runs: Iterable[SavedRuns], durations: Mapping[int, float]) -> float | None:
    known = [run for run in runs if run.step in durations]
    return sum(durations[run.step] * (run.before - run.after) for run in known) if known else None


def _keys(build: Build) -> list[_Key]:
    return [_key(step) for step in build.steps]


def _key(step: RawStep) -> _Key:
    """The stage and the instruction of a step, without its number in the stage and without --link."""
    bracket, _, text = step.name.partition("] ")
    stage = bracket.removeprefix("[").rpartition(" ")[
        0
    ]  # empty in a Dockerfile with one stage without a name
    return stage, text.replace(" --link ", " ", 1)
