"""What each stage of a resolved file reads, whichever target is asked for."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Set
from contextlib import suppress

from stagegraph.dockerfile.file import Dockerfile, read_trigger
from stagegraph.dockerfile.instructions import Copy, Instruction, Onbuild, Run, mount_source
from stagegraph.dockerfile.stages import Resolved, StageOrImage
from stagegraph.errors import DockerfileError
from stagegraph.reach.selectors import FromChoices


class StageReads:
    """The stages of one Resolved and what they read, ONBUILD triggers of their bases included."""

    def __init__(self, resolved: Resolved) -> None:
        self.resolved = resolved
        self.count = len(resolved.file.stages)
        self._triggers: dict[int, frozenset[int]] = {}
        self._inputs: dict[int, frozenset[int]] = {}

    def base(self, stage: int) -> int | None:
        """The stage that ``stage`` is FROM, if it is from one."""
        return self.resolved.sources[stage].base_index

    def own_reads(self, stage: int) -> frozenset[int]:
        """The stages that the instructions of ``stage`` itself copy or mount from."""
        commands = self.resolved.sources[stage].commands
        read = (source for command in commands if not command.onbuild for source in command.sources)
        return frozenset(source for source in read if source < self.count)

    def inputs(self, stage: int) -> frozenset[int]:
        """The stages that ``stage`` reads when it is built."""
        if stage not in self._inputs:
            place = self.resolved.sources[stage]
            self._inputs[stage] = frozenset() if place.replaced else self._read_by(stage, place)
        return self._inputs[stage]

    def _read_by(self, stage: int, place: StageOrImage) -> frozenset[int]:
        own = self.own_reads(stage)
        if place.base_index is None:
            return own
        return own | self.trigger_reads(place.base_index) | {place.base_index}

    def trigger_reads(self, stage: int) -> frozenset[int]:
        """The stages that the ONBUILD triggers of ``stage`` make its users read."""
        if stage not in self._triggers:
            body = self.resolved.file.stages[stage].body
            triggers = [item for item in body if isinstance(item, Onbuild)]
            found = (source for item in triggers for source in self._trigger_sources(item))
            self._triggers[stage] = frozenset(found)
        return self._triggers[stage]

    def _trigger_sources(self, item: Onbuild) -> Iterable[int]:
        try:
            instruction = read_trigger(self.resolved.file.source, item.trigger, item.span)
        except DockerfileError:
            return ()  # BuildKit refuses it when it runs it
        return [source for name in _names_read(instruction) if (source := self._stage(*name)) is not None]

    def _stage(self, name: str, counted: bool) -> int | None:
        number = _number(name) if counted else None
        if number is not None:
            return number if number < self.count else None
        return self.resolved.stage_named(name)

    def reached(self, starts: Iterable[int], known: Set[int] = frozenset()) -> set[int]:
        """``starts`` and all that they need, but for what is ``known`` and needed only through it."""
        found: set[int] = set()
        waiting = list(starts)
        while waiting:
            stage = waiting.pop()
            if stage not in found and stage not in known:
                found.add(stage)
                waiting.extend(self.inputs(stage))
        return found


def trigger_numbers(file: Dockerfile, stage: int) -> frozenset[int]:
    """The numbers by which the ONBUILD triggers of ``stage`` count stages, or images behind them."""
    found: set[int] = set()
    for item in file.stages[stage].body:
        if isinstance(item, Onbuild):
            with suppress(DockerfileError):  # what cannot be read BuildKit refuses when it runs it
                names = _names_read(read_trigger(file.source, item.trigger, item.span))
                numbers = (_number(name) for name, counted in names if counted)
                found.update(number for number in numbers if number is not None)
    return frozenset(found)


def _number(name: str) -> int | None:
    digits = name.removeprefix("+").lstrip("0") or "0"
    return int(digits[:10]) if digits.isascii() and digits.isdecimal() else None


def _names_read(item: Instruction) -> list[tuple[str, bool]]:
    """What an instruction reads from by name, and whether a number there counts the stages."""
    if isinstance(item, Copy) and item.source_stage and not item.add:
        return [(item.source_stage, True)]
    if isinstance(item, Run):
        return [(source, False) for fields in item.mounts if (source := mount_source(fields))]
    return []


def same_for_all_targets(file: Dockerfile) -> bool:
    """Whether no target changes what another stage reads, or makes BuildKit refuse the file."""
    defaults = [default or "" for arg in file.arguments for _, default in arg.pairs]
    heads = [stage.head.base + stage.head.platform for stage in file.stages]
    if any("TARGETSTAGE" in text for text in (*defaults, *heads)):
        return False
    triggers = [item for stage in file.stages for item in stage.body if isinstance(item, Onbuild)]
    names = {stage.head.name for stage in file.stages}
    return all(_is_plain(file, item, names) for item in triggers)


def _is_plain(file: Dockerfile, item: Onbuild, names: Container[str]) -> bool:
    """Whether a trigger cannot be refused when it is run: it reads nothing, or stages by name."""
    try:
        instruction = read_trigger(file.source, item.trigger, item.span)
    except DockerfileError:
        return False
    return all(name.lower() in names for name, _ in _names_read(instruction))


_TOO_MANY = "there are too many variables in FROM to follow them all"


class PossibleReads:
    """The stages that some question could build, each with the doubt that leads to it.

    The doubt is empty where no variable is needed to get there. Made from any StageReads of the file
    without named contexts: only the bases of FROM with a variable depend on the question.
    """

    def __init__(self, wiring: StageReads, selectors: FromChoices) -> None:
        self._wiring = wiring
        self._selectors = selectors
        self.doubts: dict[int, str] = {}
        self._spread([(stage, "") for stage in self._targets()])
        doubt = self._general_doubt()
        if doubt:
            self._spread([(stage, doubt) for stage in range(wiring.count)])

    def _targets(self) -> list[int]:
        return sorted({*self._wiring.resolved.by_name.values(), self._wiring.count - 1})

    def _general_doubt(self) -> str:
        if not self._selectors.complete:
            return _TOO_MANY
        for stage in sorted(self.doubts):
            place = self._wiring.resolved.sources[stage]
            if "onbuild" in place.reference:
                # triggers of an image are in the image; such images are made to read other stages
                return f"the ONBUILD triggers of `{place.base}` could read it"
        return ""

    def _spread(self, starts: list[tuple[int, str]]) -> None:
        waiting = starts[::-1]
        while waiting:
            stage, doubt = waiting.pop()
            if stage not in self.doubts:
                self.doubts[stage] = doubt
                waiting.extend((read, doubt or own) for read, own in self.inputs(stage))

    def inputs(self, stage: int) -> Iterator[tuple[int, str]]:
        """Everything that ``stage`` could read, and the doubt that this adds."""
        for read in sorted(self._wiring.own_reads(stage)):
            yield read, ""
        base = self._wiring.base(stage)
        if stage not in self._selectors.words:
            yield from self._with_triggers(() if base is None else (base,), "")
            return
        head = self._wiring.resolved.file.stages[stage].head
        chosen = [selection.source for selection in self._selectors.choices.get(stage, ())]
        doubt = f"`FROM {head.base}` in line {head.span.line} could be from it"
        yield from self._with_triggers([*chosen, *([] if base is None else [base])], doubt)

    def _with_triggers(self, bases: Iterable[int], doubt: str) -> Iterator[tuple[int, str]]:
        for base in bases:
            yield base, doubt
            for read in sorted(self._wiring.trigger_reads(base)):
                yield read, doubt
