"""Whether each stage is needed, selectable, idle, dead or unknown, and by what.

Everything but *dead* and *unknown* has a witness: the question for which the exact reader builds
the stage. *Dead* is said where not even the edges that could ever be, all taken together, lead to
the stage; what lies between the two is *unknown*.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.dockerfile.file import Dockerfile
from stagegraph.dockerfile.stages import Resolved
from stagegraph.model import Reach
from stagegraph.options import Options
from stagegraph.reach.questions import OptionSearch
from stagegraph.reach.reads import PossibleReads
from stagegraph.reach.selectors import FromChoices
from stagegraph.source import quoted

_MOST_TARGETS = 64  # whose own variations are looked at
_REFUSED = "BuildKit refuses this file as it is asked for"
_NO_WITNESS = "a target could need it, but none was found for which BuildKit accepts the file"


class Reached(Struct, frozen=True):
    """How a stage can come to be built, why where that is not plain, and a question that builds it."""

    reach: Reach
    why: str = ""
    witness: Options | None = None


class Exploration(Struct, frozen=True):
    """The reach of every stage, and the file resolved for the first question that BuildKit accepts.

    ``resolved`` is None where it accepts none, and then the reach of every stage is unknown.
    """

    reached: tuple[Reached, ...]
    resolved: Resolved | None


def stage_reach(
    file: Dockerfile, questions: Sequence[Options], selectors: FromChoices | None = None
) -> tuple[Reached, ...]:
    """How each stage of ``file`` can come to be built when ``questions`` are what is asked.

    A question has one target, or none for the default one, and one platform. Where BuildKit refuses
    it for want of a build argument it is asked with one; a question refused anyway asks for nothing.
    """
    return explore(file, questions, selectors).reached


def explore(
    file: Dockerfile, questions: Sequence[Options], selectors: FromChoices | None = None
) -> Exploration:
    """The same, with the file as it was resolved."""
    search = _Search(file, selectors or FromChoices(file))
    accepted = [search.explorer.accepted(question) for question in questions]
    search.ask(accepted)
    for question in accepted:
        search.vary(question, Reach.SELECTABLE, "")
    wirings = [search.explorer.wiring(question) for question in accepted]
    first = next((index for index, wiring in enumerate(wirings) if wiring), None)
    base = accepted[first] if first is not None else search.explorer.accepted(Options())
    wiring = search.explorer.wiring(base)
    search.name_targets(base)
    search.give_up(base)
    reached = tuple(search.found[index] for index in range(len(file.stages)))
    return Exploration(reached, wiring.resolved if wiring else None)


class _Search:
    """Finds the best reach of every stage, the best kinds first."""

    def __init__(self, file: Dockerfile, selectors: FromChoices) -> None:
        self.file = file
        self.explorer = OptionSearch(file, selectors)
        self.found: dict[int, Reached] = {}
        self.targets = self.explorer.targets

    def _give(self, stages: Iterable[int], reached: Reached) -> None:
        for stage in stages:
            self.found.setdefault(stage, reached)

    @property
    def _done(self) -> bool:
        return len(self.found) == len(self.file.stages)

    def ask(self, questions: Sequence[Options]) -> None:
        """Give what the questions themselves build."""
        for question in questions:
            self._give(self.explorer.reached(question), Reached(Reach.NEEDED, "", question))

    def vary(self, question: Options, reach: Reach, prefix: str) -> None:
        """Give what the target of ``question`` builds with other arguments or on other platforms."""
        if self._done or not self.explorer.selectors.words:
            return
        for options, stages in self.explorer.variations(question):
            why = f"with {self.explorer.difference(question, options)}"
            self._give(sorted(stages), Reached(reach, f"{prefix}{why}", options))
            if self._done:
                return

    def name_targets(self, base: Options) -> None:
        """Give what naming a target brings in; then what that does with other arguments."""
        questions = {name: replace(base, target=name) for name in self.targets}
        built = dict(self._built(base, questions))
        own = {name: Reached(Reach.IDLE, f"as target `{name}`", questions[name]) for name in built}
        for name, stages in built.items():
            if self.targets[name] in stages:
                self._give([self.targets[name]], own[name])
        for name, stages in built.items():
            self._give(sorted(stages), own[name])
        for name in list(questions)[:_MOST_TARGETS]:
            self.vary(questions[name], Reach.IDLE, f"as target `{name}` ")

    def _built(self, base: Options, questions: Mapping[str, Options]) -> Iterator[tuple[str, Iterable[int]]]:
        """What each target builds, but for what one before it does where that is the same."""
        wiring = self.explorer.wiring(base)
        if wiring is None or not self.explorer.uniform:
            yield from ((name, self.explorer.reached(question)) for name, question in questions.items())
            return
        seen: set[int] = set()
        for name in questions:
            stages = wiring.reached([self.targets[name]], seen)
            seen |= stages
            yield name, stages

    def give_up(self, base: Options) -> None:
        """Give what is left: unknown where an edge could lead to it, dead where none can."""
        if self._done:
            return
        wiring = self.explorer.wiring(replace(base, target=None, contexts={}))
        if wiring is None:
            self._give(range(len(self.file.stages)), Reached(Reach.UNKNOWN, _REFUSED))
            return
        possible = PossibleReads(wiring, self.explorer.selectors)
        dead = _Dead(self.file, possible)
        for index in range(len(self.file.stages)):
            if index not in self.found:
                doubt = possible.doubts.get(index)
                if doubt is None:
                    self.found[index] = Reached(Reach.DEAD, dead.why(index))
                else:
                    self.found[index] = Reached(Reach.UNKNOWN, doubt or _NO_WITNESS)


class _Dead:
    """Says why nothing builds a stage that nothing builds."""

    def __init__(self, file: Dockerfile, possible: PossibleReads) -> None:
        self._file = file
        self._readers: dict[int, dict[str, None]] = {}
        for stage, text in enumerate(file.stages):
            if stage not in possible.doubts:
                for read, _ in possible.inputs(stage):
                    self._readers.setdefault(read, {})[text.head.name or f"stage-{stage}"] = None
        self._next_line = _next_lines(file)

    def why(self, index: int) -> str:
        readers = ", ".join(map(quoted, self._readers.get(index, ())))
        only = f"only {readers} could read it, and nothing builds that" if readers else ""
        if not self._file.stages[index].head.name:
            return f"it has no name, and {only or 'nothing reads it'}"
        line = self._next_line[index]
        return f"the stage in line {line} has the same name, and {only or 'nothing reads it before that'}"


def _next_lines(file: Dockerfile) -> dict[int, int]:
    """For every stage that a later one shadows, the line of the next stage of that name."""
    later: dict[str, int] = {}
    found: dict[int, int] = {}
    for index in reversed(range(len(file.stages))):
        head = file.stages[index].head
        if head.name in later:
            found[index] = later[head.name]
        if head.name:
            later[head.name] = head.span.line
    return found
