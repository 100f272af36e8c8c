"""Decides for each stage whether it is needed, selectable, idle, dead or unknown, and why.

*Needed*, *selectable* and *idle* have a witness: Options for which the exact resolver builds the
stage. A stage is *dead* where even the over-approximation of ``PossibleReads`` does not reach it, and
*unknown* between the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.dockerfile.file import Dockerfile
from stagegraph.dockerfile.stages import BuiltImages, Resolved
from stagegraph.model import Reach
from stagegraph.options import Options
from stagegraph.reach.choosing_options import difference
from stagegraph.reach.from_choices import FromChoices
from stagegraph.reach.questions import OptionSearch
from stagegraph.reach.reads import PossibleReads
from stagegraph.source import quoted

_MOST_TARGETS = 64  # for which other arguments are tried
_REJECTED = "BuildKit rejects this file with these options"
_NO_WITNESS = "some target may need it, but no combination of options was found that BuildKit accepts"


class Reached(Struct, frozen=True):
    """The reach of a stage, the reason where it is not obvious, and Options that build the stage.

    ``exists`` is False where the reason is a platform that does not exist, which BuildKit accepts.
    """

    reach: Reach
    why: str = ""
    witness: Options | None = None
    exists: bool = True


class FileReach(Struct, frozen=True):
    """The reach of every stage by index, and the file resolved for the first question BuildKit accepts.

    ``resolved`` is None where BuildKit accepts none of the questions; every stage is then unknown.
    """

    reached: tuple[Reached, ...]
    resolved: Resolved | None


def stage_reach(
    file: Dockerfile,
    questions: Sequence[Options],
    from_choices: FromChoices | None = None,
    images: BuiltImages = MappingProxyType({}),
) -> tuple[Reached, ...]:
    """The reach of every stage of ``file`` by index, when ``questions`` are the builds asked for.

    A question has one target, or none for the default one, and one platform. A question that BuildKit
    rejects for an unset build argument is tried with a placeholder; one that it rejects anyway builds
    nothing. ``images`` are those of other builds that named contexts can be.
    """
    return file_reach(file, questions, from_choices, images).reached


def file_reach(
    file: Dockerfile,
    questions: Sequence[Options],
    from_choices: FromChoices | None = None,
    images: BuiltImages = MappingProxyType({}),
) -> FileReach:
    """As ``stage_reach``, plus the Resolved of the first accepted question."""
    search = _ReachSearch(file, from_choices or FromChoices(file), images)
    options = search.options
    accepted = [options.accepted(question) for question in questions]
    search.ask(accepted)
    for question in accepted:
        search.vary(question, Reach.SELECTABLE, "")
    base = next((one for one in accepted if options.stage_reads(one)), None) or options.accepted(Options())
    stage_reads = options.stage_reads(base)
    search.name_targets(base)
    search.give_up(base)
    reached = tuple(search.reached[index] for index in range(len(file.stages)))
    return FileReach(reached, stage_reads.resolved if stage_reads else None)


class _ReachSearch:
    """Finds the reach of every stage, in the order of Reach: what is set first is kept."""

    def __init__(self, file: Dockerfile, from_choices: FromChoices, images: BuiltImages) -> None:
        self.file = file
        self.options = OptionSearch(file, from_choices, images)
        self.targets = self.options.targets
        self.reached: dict[int, Reached] = {}

    def _set(self, stages: Iterable[int], reached: Reached) -> None:
        for stage in stages:
            self.reached.setdefault(stage, reached)

    @property
    def _done(self) -> bool:
        return len(self.reached) == len(self.file.stages)

    def ask(self, questions: Sequence[Options]) -> None:
        """Set the stages that the questions themselves build: needed."""
        for question in questions:
            self._set(self.options.reached(question), Reached(Reach.NEEDED, "", question))

    def vary(self, question: Options, reach: Reach, prefix: str) -> None:
        """Set what the target of ``question`` builds with other arguments or on other platforms."""
        if self._done or not self.options.from_choices.words:
            return
        for options, stages in self.options.variations(question):
            found = difference(self.file, self.options.from_choices, question, options)
            self._set(sorted(stages), Reached(reach, f"{prefix}{found.text}", options, found.exists))
            if self._done:
                return

    def name_targets(self, base: Options) -> None:
        """Set what each named target builds, then what it builds with other arguments: idle."""
        if self._done:
            return
        questions = {name: replace(base, target=name) for name in self.targets}
        built = dict(self._built(base, questions))
        own = {name: Reached(Reach.IDLE, f"as target `{name}`", questions[name]) for name in built}
        for name, stages in built.items():
            if self.targets[name] in stages:
                self._set([self.targets[name]], own[name])
        for name, stages in built.items():
            self._set(sorted(stages), own[name])
        for name in list(questions)[:_MOST_TARGETS]:
            self.vary(questions[name], Reach.IDLE, f"as target `{name}` ")

    def _built(self, base: Options, questions: Mapping[str, Options]) -> Iterator[tuple[str, Iterable[int]]]:
        """What each target builds; in a uniform file without what an earlier target builds."""
        stage_reads = self.options.stage_reads(base)
        if stage_reads is None or not self.options.uniform:
            yield from ((name, self.options.reached(question)) for name, question in questions.items())
            return
        seen: set[int] = set()
        for name in questions:
            stages = stage_reads.reached([self.targets[name]], seen)
            seen |= stages
            yield name, stages

    def give_up(self, base: Options) -> None:
        """Set the stages that are left: unknown where a possible edge leads to them, else dead."""
        if self._done:
            return
        stage_reads = self.options.stage_reads(replace(base, target=None, contexts={}))
        if stage_reads is None:
            self._set(range(len(self.file.stages)), Reached(Reach.UNKNOWN, _REJECTED))
            return
        possible = PossibleReads(stage_reads, self.options.from_choices)
        dead = _DeadReasons(self.file, possible)
        for index in range(len(self.file.stages)):
            doubt = possible.doubts.get(index)
            if doubt is not None:
                self._set([index], Reached(Reach.UNKNOWN, doubt or _NO_WITNESS))
            elif index not in self.reached:
                self._set([index], Reached(Reach.DEAD, dead.why(index)))


class _DeadReasons:
    """Gives the reason why a dead stage is dead."""

    def __init__(self, file: Dockerfile, possible: PossibleReads) -> None:
        self._file = file
        self._readers: dict[int, dict[str, None]] = {}
        for stage, text in enumerate(file.stages):
            if stage not in possible.doubts:
                for read, _ in possible.inputs(stage):
                    self._readers.setdefault(read, {})[text.head.name or f"stage-{stage}"] = None
        self._next_line = _next_lines(file)

    def why(self, index: int) -> str:
        readers = list(map(quoted, self._readers.get(index, ())))
        verb = "is" if len(readers) == 1 else "are"
        only = f"only {', '.join(readers)} could read it, which {verb} never built" if readers else ""
        if not self._file.stages[index].head.name:
            return f"it has no name, and {only or 'nothing reads it'}"
        line = self._next_line[index]
        return f"the stage in line {line} has the same name, and {only or 'nothing reads it before that'}"


def _next_lines(file: Dockerfile) -> dict[int, int]:
    """For every stage that a later one shadows, the line of the next stage of that name."""
    later: dict[str, int] = {}
    lines: dict[int, int] = {}
    for index in reversed(range(len(file.stages))):
        head = file.stages[index].head
        if head.name in later:
            lines[index] = later[head.name]
        if head.name:
            later[head.name] = head.span.line
    return lines
