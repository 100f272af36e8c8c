"""How often each step of a build would have run again over the commits of a repository, and why.

One Dockerfile, with its ignore file and options, is played over the files of all commits: each commit is
built with the cache that the build of the commit before left.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct

from stagegraph.graph.build import Build
from stagegraph.graph.steps import CONTEXT_WORDS, RawStep
from stagegraph.model import StepKind
from stagegraph.rebuild.context import Context, Filters
from stagegraph.rebuild.git_history import Revision
from stagegraph.rebuild.impact import Explainer, ReasonKind, StepImpact, StepStatus
from stagegraph.rebuild.lookup import Lookup, Side
from stagegraph.rebuild.state import BuildState
from stagegraph.rebuild.tree import Node, folder

_MOST_PATHS = 10_000  # of one step, that are counted each on its own
_SHOWN_PATHS = 100
_NO_STEPS = (StepKind.SOURCE, StepKind.RESULT)


class Recipe(Struct, frozen=True, kw_only=True):
    """What is built at every commit; the context is a path from the root of the repository."""

    build: Build
    context: str = "."
    ignore: bytes = b""
    ignore_name: str = ".dockerignore"


class Count(Struct, frozen=True, kw_only=True):
    """In how many commits files at or below ``path``, from the root of the context, changed."""

    path: str
    commits: int


class Run(Struct, frozen=True, kw_only=True):
    """A step, by its position, that ran again in ``commits`` because of a step above it."""

    step: int
    commits: int


class StepHistory(Struct, frozen=True, kw_only=True):
    """One step over all commits; numbers are commits.

    ``missed``: a file that it reads changed. ``runs``: the steps that ran again because of that, itself among
    them; a step with several reasons is counted for the first step above it that missed.
    """

    id: int
    name: str
    kind: StepKind
    line: int | None
    again: int = 0
    may: int = 0
    missed: int = 0
    files: tuple[Count, ...] = ()  # those that changed most often
    folders: tuple[Count, ...] = ()  # by the first part of the path
    runs: tuple[Run, ...] = ()

    @property
    def is_shown(self) -> bool:
        """Whether it is a step of an instruction."""
        return self.kind not in _NO_STEPS


class History(Struct, frozen=True, kw_only=True):
    """A build over ``commits`` commits, from ``oldest`` to ``newest``; ids are empty without a commit.

    ``left_out`` are commits whose files the Dockerfile cannot be built with, before or after: they are not
    among ``commits``. ``rebuilt`` are those in which a step ran again. ``steps`` are in the order of the
    build. ``again`` has for every commit, newest first, the steps that ran again; None if it is left out.
    """

    commits: int
    left_out: int
    rebuilt: int
    newest: str
    oldest: str
    steps: tuple[StepHistory, ...]
    again: tuple[tuple[int, ...] | None, ...] = ()

    def seconds(self, durations: Mapping[int, float]) -> float:
        """How long the steps that ran again took in all; ``durations`` is the time of each in seconds."""
        return sum(durations.get(step.id, 0.0) * step.again for step in self.steps if step.is_shown)


NO_HISTORY = History(commits=0, left_out=0, rebuilt=0, newest="", oldest="", steps=())


class Tally:
    """Counts for one recipe over commits, newest first, without the files that they were counted from."""

    def __init__(self, steps: int) -> None:
        self._commits: list[str] = []
        self._again: list[tuple[int, ...] | None] = []
        self._steps = [_StepTally() for _ in range(steps)]

    def add_commit(self, identity: str, again: tuple[int, ...] | None) -> None:
        """Count one commit with the steps that ran again; None if it cannot be built."""
        self._commits = [*self._commits[:1], identity]
        self._again.append(again)

    def add_step(self, step: StepImpact, roots: dict[int, int]) -> None:
        """Count a step that is not cached; ``roots``: of each that ran, the first one above that missed."""
        own = self._steps[step.id]
        if step.status is StepStatus.MAY_RUN:
            own.may += 1
            return
        names = {
            name for reason in step.reasons if reason.kind is not ReasonKind.STEP for name in reason.names
        }
        above = [roots[one] for one in step.inputs if one in roots]
        roots[step.id] = min([*above, step.id] if names else above, default=step.id)
        own.again += 1
        self._steps[roots[step.id]].runs[step.id] += 1
        if names:
            own.missed += 1
            own.add_files(names)

    def add(self, older: Tally) -> None:
        """Add the counts of the commits before those that were counted."""
        both = [*self._commits, *older._commits]
        self._commits = [*both[:1], *both[1:][-1:]]
        self._again += older._again
        for own, other in zip(self._steps, older._steps, strict=True):
            own.add(other)

    def history(self, steps: Sequence[RawStep]) -> History:
        """The counts of all commits; ``steps`` are those of the recipe."""
        return History(
            commits=sum(one is not None for one in self._again),
            left_out=self._again.count(None),
            rebuilt=sum(bool(one) for one in self._again),
            newest=self._commits[0] if self._commits else "",
            oldest=self._commits[-1] if self._commits else "",
            steps=tuple(
                tally.history(position, step.name, step.kind, step.span.line if step.span else None)
                for position, (tally, step) in enumerate(zip(self._steps, steps, strict=True))
            ),
            again=tuple(self._again),
        )


class Player:
    """Plays one recipe over commits; the state before a commit is that after the commit before it."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._filters = Filters()
        self._last: tuple[Node, Side] | None = None  # the files that were last looked at
        steps = recipe.build.steps
        self.tally = Tally(len(steps))
        self._shown = [one for one, step in enumerate(steps) if step.kind not in _NO_STEPS]

    def play(self, revision: Revision) -> None:
        """Count one commit."""
        after, before = self._side(revision.after), self._side(revision.before)
        again: tuple[int, ...] | None = None
        if _can_be_built(after) and _can_be_built(before):
            lookup = Lookup(before, after)
            changed = any(not lookup.same[position] for position in self._shown)
            again = self._ran_again(Explainer(lookup)) if changed else ()
        self.tally.add_commit(revision.commit.identity, again)

    def _side(self, root: Node) -> Side:
        if self._last is None or self._last[0] is not root:
            recipe = self._recipe
            node = root if recipe.context == "." else Context(root).at(recipe.context)
            context = Context(node if node and node.is_folder else folder(), filters=self._filters)
            state = BuildState(
                build=recipe.build, context=context, ignore=recipe.ignore, ignore_name=recipe.ignore_name
            )
            self._last = (root, Side(state))
        return self._last[1]

    def _ran_again(self, explainer: Explainer) -> tuple[int, ...]:
        """The steps that ran again in one commit, which are counted."""
        roots: dict[int, int] = {}
        for position in range(len(self._recipe.build.steps)):
            if not explainer.is_cached(position):
                self.tally.add_step(explainer.step(position), roots)
        return tuple(position for position in self._shown if position in roots)


def _can_be_built(side: Side) -> bool:
    """Whether every file that is selected of the context is there."""
    return all(
        side.digest(part) is not None
        for key in side.keys
        for part in key.inputs
        if part.by_content and side.steps[part.step].words == CONTEXT_WORDS
    )


class _StepTally:
    """The counts of one step."""

    def __init__(self) -> None:
        self.again = self.may = self.missed = 0
        self.runs: Counter[int] = Counter()
        self._files: Counter[str] = Counter()
        self._folders: Counter[str] = Counter()

    def add_files(self, names: set[str]) -> None:
        """Count the files that changed in one commit."""
        folders = {posixpath.dirname(name) for name in names}
        names = names - folders  # a folder that is new or gone is among the names itself
        if len(self._files) < _MOST_PATHS:
            self._files.update(names)
        self._folders.update({_first_part(name) for name in names})

    def add(self, older: _StepTally) -> None:
        """Add the counts of other commits."""
        self.again += older.again
        self.may += older.may
        self.missed += older.missed
        self.runs.update(older.runs)
        self._files.update(older._files)
        self._folders.update(older._folders)

    def history(self, position: int, name: str, kind: StepKind, line: int | None) -> StepHistory:
        """The counts of the step at ``position``."""
        return StepHistory(
            id=position,
            name=name,
            kind=kind,
            line=line,
            again=self.again,
            may=self.may,
            missed=self.missed,
            files=_counts(self._files),
            folders=_counts(self._folders),
            runs=tuple(
                Run(step=step, commits=count)
                for step, count in sorted(self.runs.items(), key=lambda one: (-one[1], one[0]))
            ),
        )


def _first_part(path: str) -> str:
    """The first part of ``path``, with a slash if it is a folder."""
    first, slash, _ = path.partition("/")
    return first + slash


def _counts(counter: Counter[str]) -> tuple[Count, ...]:
    most = sorted(counter.items(), key=lambda one: (-one[1], one[0]))[:_SHOWN_PATHS]
    return tuple(Count(path=path, commits=count) for path, count in most)
