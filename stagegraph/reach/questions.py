"""Tries other build arguments and platforms and records which stages each one makes BuildKit build."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import chain, count

from msgspec.structs import replace

from stagegraph.dockerfile.expand import ExpansionError, lexer_of
from stagegraph.dockerfile.file import Dockerfile
from stagegraph.dockerfile.resolve import resolve
from stagegraph.dockerfile.stages import BuiltImages
from stagegraph.errors import StagegraphError
from stagegraph.options import DEFAULT_PLATFORM, Options
from stagegraph.reach.choosing_options import arguments_of, options_that_choose, other_platforms
from stagegraph.reach.from_choices import FromChoices, Selection
from stagegraph.reach.reads import StageReads, same_for_all_targets

_MOST_QUESTIONS = 400  # of one file
_MOST_WORK = 400_000  # stages resolved, over all questions of one file

_Pairs = tuple[tuple[str, str], ...]
_Key = tuple[str, tuple[str, ...], _Pairs]  # target, expanded words of FROM, contexts
_Question = tuple[str, _Pairs, str, str]  # target, build arguments, platform, build platform


class OptionSearch:
    """Resolves one file for different Options, each case once, up to a limit.

    ``uniform`` says that the target does not change what a stage reads; ``targets`` are the stages by
    name.
    """

    def __init__(self, file: Dockerfile, from_choices: FromChoices, images: BuiltImages) -> None:
        self.file = file
        self.from_choices = from_choices
        self.images = images
        self.uniform = same_for_all_targets(file) and not images
        self.targets = {stage.head.name: index for index, stage in enumerate(file.stages) if stage.head.name}
        self._resolved: dict[_Key, StageReads | None] = {}
        self._expanded: dict[_Question, tuple[str, ...] | None] = {}
        self._left = min(_MOST_QUESTIONS, 1 + _MOST_WORK // len(file.stages))

    @property
    def exhausted(self) -> bool:
        """Whether the limit of questions is reached."""
        return self._left <= 0

    def stage_reads(self, options: Options) -> StageReads | None:
        """The file resolved for ``options``; None where BuildKit rejects it or the limit is reached.

        The file is resolved once for all arguments that expand every FROM to the same words, and once
        for all targets if it is uniform.
        """
        if options.target and options.target.lower() not in self.targets:
            return None
        target = self._distinct_target(options)
        words = self._words(options, target)
        if words is None:
            return None
        key = (target, words, tuple(sorted(options.contexts.items())) if options.contexts else ())
        if key not in self._resolved:
            if self.exhausted:
                return None
            self._left -= 1
            self._resolved[key] = self._resolve(options, target)
        return self._resolved[key]

    def _distinct_target(self, options: Options) -> str:
        """The target in lower case; empty for the last stage, or where the target changes nothing."""
        target = options.target or ""
        return "" if self.uniform or target == self.file.stages[-1].head.name else target.lower()

    def _words(self, options: Options, target: str) -> tuple[str, ...] | None:
        """Every word of FROM that has a variable, expanded; None where BuildKit rejects one."""
        args = tuple(sorted(options.build_args.items())) if options.build_args else ()
        key = (target, args, options.all_platforms[0], options.build_platform)
        if key not in self._expanded:
            self._expanded[key] = self._expand(options)
        return self._expanded[key]

    def _expand(self, options: Options) -> tuple[str, ...] | None:
        values = arguments_of(self.file, options)
        if values is None:
            return None
        lexer = lexer_of(escape=self.file.escape)
        try:
            return tuple(lexer.word(word, values) for word in self.from_choices.texts)
        except ExpansionError:
            return None

    def _resolve(self, options: Options, target: str) -> StageReads | None:
        try:
            return StageReads(resolve(self.file, options, target, options.all_platforms[0], self.images))
        except StagegraphError:
            return None

    def accepted(self, options: Options) -> Options:
        """``options``; with values for unset variables in FROM if BuildKit rejects the file without.

        Whoever builds such a file must set them; the values used here are placeholders.
        """
        if self.stage_reads(options) is None:
            for values in self._values(options):
                filled = replace(options, build_args={**options.build_args, **values})
                if self.stage_reads(filled) is not None:
                    return filled
        return options

    def _values(self, options: Options) -> Iterator[dict[str, str]]:
        """Values for the variables in FROM: for the unset ones; for all of them; empty for all of them."""
        have = arguments_of(self.file, options) or {}
        settable = self.from_choices.arguments.settable
        names = [name for name in self.from_choices.names if name in settable]
        platforms = {name: DEFAULT_PLATFORM for name in self.from_choices.platform_names if name in settable}
        word = self._placeholder()
        yield {name: platforms.get(name, word) for name in (*names, *platforms) if not have.get(name)}
        yield dict.fromkeys(names, word) | platforms
        yield dict.fromkeys(names, "") | platforms

    def _placeholder(self) -> str:
        """A word that can be an image or a part of its name, and is not a stage."""
        taken = {stage.head.name for stage in self.file.stages}
        words = chain(["unset"], (f"unset-{number}" for number in count(1)))
        return next(word for word in words if word not in taken)

    def reached(self, options: Options) -> frozenset[int]:
        """The stages that BuildKit builds for ``options``; none where it rejects the file."""
        stage_reads = self.stage_reads(options)
        if stage_reads is None:
            return frozenset()
        if self.uniform:
            last = stage_reads.count - 1
            target = self.targets[options.target.lower()] if options.target else last
            return frozenset(stage_reads.reached([target]))
        return frozenset(index for index in stage_reads.resolved.needed if index < stage_reads.count)

    def variations(self, start: Options) -> Iterator[tuple[Options, frozenset[int]]]:
        """Other arguments and platforms for the target of ``start``, and the stages they build.

        A breadth-first search that continues only from options that built a new stage.
        """
        seen = set(self.reached(start))
        waiting = deque([start])
        for options in other_platforms(self.from_choices, start):
            reached = self.reached(options)
            if not reached <= seen:
                yield options, reached
                seen |= reached
                waiting.append(options)
        while waiting:
            for options in self._neighbours(waiting.popleft(), seen):
                reached = self.reached(options)
                yield options, reached
                seen |= reached
                waiting.append(options)

    def _neighbours(self, options: Options, seen: set[int]) -> Iterator[Options]:
        """Options that differ from ``options`` by one choice and build a stage that is not in ``seen``."""
        stage_reads = self.stage_reads(options)
        if stage_reads is None:
            return
        for stage in sorted(self.reached(options)) if not self.exhausted else ():
            default = stage_reads.base(stage)
            for selection in self.from_choices.choices.get(stage, ()):
                if selection.source in seen or selection.source == default:
                    continue
                if selection.loose and default is None:
                    continue  # it is not known that this variable is meant to choose a stage
                yield from self._solved(options, selection)

    def _solved(self, options: Options, selection: Selection) -> Iterator[Options]:
        for changed in options_that_choose(self.file, self.from_choices, options, selection):
            if selection.source in self.reached(changed):
                yield changed
                return
