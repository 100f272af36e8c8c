"""What each stage of a resolved file reads, with any target, and what it could read with any argument."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Set
from functools import lru_cache

from stagegraph.dockerfile.file import Dockerfile, read_trigger
from stagegraph.dockerfile.instructions import Copy, Onbuild, Run, mount_source
from stagegraph.dockerfile.stages import Resolved, StageOrImage, reachable
from stagegraph.errors import DockerfileError
from stagegraph.reach.from_choices import FromChoices
from stagegraph.source import Source, Span

_NameRead = tuple[str, bool]  # a name in --from, and whether a number in it is the index of a stage
_TOO_MANY = "there are too many variables in FROM to follow them all"


class StageReads:
    """The stages that each stage of one Resolved reads, ONBUILD triggers of its base included.

    ``Resolved.needed`` has triggers only for what one target needs; these hold for every target.
    """

    def __init__(self, resolved: Resolved) -> None:
        self.resolved = resolved
        self.count = len(resolved.file.stages)
        self._triggers: dict[int, frozenset[int]] = {}
        self._inputs: dict[int, frozenset[int]] = {}

    def base(self, stage: int) -> int | None:
        """The stage that ``stage`` is FROM; None where its base is an image."""
        return self.resolved.sources[stage].base_index

    def own_reads(self, stage: int) -> frozenset[int]:
        """The stages that the instructions of ``stage`` itself copy or mount from."""
        commands = self.resolved.sources[stage].commands
        read = (source for command in commands if not command.onbuild for source in command.sources)
        return frozenset(source for source in read if source < self.count)

    def inputs(self, stage: int) -> frozenset[int]:
        """The stages that ``stage`` reads when it is built."""
        if stage not in self._inputs:
            resolved_stage = self.resolved.sources[stage]
            replaced = resolved_stage.replaced
            self._inputs[stage] = frozenset() if replaced else self._read_by(stage, resolved_stage)
        return self._inputs[stage]

    def _read_by(self, stage: int, resolved_stage: StageOrImage) -> frozenset[int]:
        own, base = self.own_reads(stage), resolved_stage.base_index
        if base is None:
            return own | self._read_by_triggers(resolved_stage.image.triggers if resolved_stage.image else ())
        return own | self.trigger_reads(base) | {base}

    def trigger_reads(self, stage: int) -> frozenset[int]:
        """The stages that the ONBUILD triggers of ``stage`` make the stages FROM it read."""
        if stage not in self._triggers:
            self._triggers[stage] = self._read_by_triggers(self.resolved.sources[stage].triggers)
        return self._triggers[stage]

    def _read_by_triggers(self, triggers: Iterable[str]) -> frozenset[int]:
        sources = (self._stage(*name) for name in _names_of(triggers))
        return frozenset(source for source in sources if source is not None)

    def _stage(self, name: str, can_be_number: bool) -> int | None:
        number = _number(name) if can_be_number else None
        if number is not None:
            return number if number < self.count else None
        return self.resolved.stage_named(name)

    def reached(self, starts: Iterable[int], known: Set[int] = frozenset()) -> set[int]:
        """The transitive closure of ``starts`` under ``inputs``, without ``known`` and what only it needs."""
        return reachable(set(starts) - known, lambda stage: self.inputs(stage) - known)


def trigger_numbers(file: Dockerfile, stage: int) -> frozenset[int]:
    """The numbers in ``--from`` of the ONBUILD triggers of ``stage``: of stages, or of images after them."""
    names = _names_of(item.trigger for item in file.stages[stage].body if isinstance(item, Onbuild))
    numbers = (_number(name) for name, can_be_number in names if can_be_number)
    return frozenset(number for number in numbers if number is not None)


def _names_of(triggers: Iterable[str]) -> Iterator[_NameRead]:
    """What ``triggers`` read, without those that BuildKit rejects when it runs them."""
    for trigger in triggers:
        yield from _names_read(trigger) or ()


@lru_cache(maxsize=1024)
def _names_read(trigger: str) -> tuple[_NameRead, ...] | None:
    """The names that a trigger reads from; None where BuildKit rejects it."""
    try:
        item = read_trigger(Source(name="", text=trigger), trigger, Span(line=1, end_line=1))
    except DockerfileError:
        return None
    if isinstance(item, Copy) and item.source_stage and not item.add:
        return ((item.source_stage, True),)
    if isinstance(item, Run):
        return tuple((source, False) for fields in item.mounts if (source := mount_source(fields)))
    return ()


def _number(name: str) -> int | None:
    digits = name.removeprefix("+").lstrip("0") or "0"
    return int(digits[:10]) if digits.isascii() and digits.isdecimal() else None


def same_for_all_targets(file: Dockerfile) -> bool:
    """Whether no target changes what another stage reads, or makes BuildKit reject the file."""
    defaults = [default or "" for arg in file.arguments for _, default in arg.pairs]
    heads = [stage.head.base + stage.head.platform for stage in file.stages]
    if any("TARGETSTAGE" in text for text in (*defaults, *heads)):
        return False
    names = {stage.head.name for stage in file.stages}
    triggers = (item for stage in file.stages for item in stage.body if isinstance(item, Onbuild))
    return all(_reads_stages_only(item.trigger, names) for item in triggers)


def _reads_stages_only(trigger: str, stages: Container[str]) -> bool:
    """Whether BuildKit cannot reject a trigger when it runs it: it reads nothing, or stages by name."""
    names = _names_read(trigger)
    return names is not None and all(name.lower() in stages for name, _ in names)


class PossibleReads:
    """Over-approximates the graph with every edge that any build argument could create.

    ``doubts`` has the stages that it reaches from the possible targets: a stage that is not in it is
    dead. Each has the reason why its build is only possible, empty where no variable is involved.
    Any StageReads of the file without named contexts gives the same, since only the bases of FROM
    with a variable depend on the arguments.
    """

    def __init__(self, stage_reads: StageReads, from_choices: FromChoices) -> None:
        self._stage_reads = stage_reads
        self._from_choices = from_choices
        self.doubts: dict[int, str] = {}
        self._spread([(stage, "") for stage in self._targets()])
        doubt = self._general_doubt()
        if doubt:
            self._spread([(stage, doubt) for stage in range(stage_reads.count)])

    def _targets(self) -> list[int]:
        return sorted({*self._stage_reads.resolved.by_name.values(), self._stage_reads.count - 1})

    def _general_doubt(self) -> str:
        if not self._from_choices.complete:
            return _TOO_MANY
        for stage in sorted(self.doubts):
            base = self._stage_reads.resolved.sources[stage]
            if "onbuild" in base.reference:
                # the triggers are in the image's configuration; such images exist to read other stages
                return f"the ONBUILD triggers of `{base.base}` could read it"
        return ""

    def _spread(self, starts: list[tuple[int, str]]) -> None:
        waiting = starts[::-1]
        while waiting:
            stage, doubt = waiting.pop()
            if stage not in self.doubts:
                self.doubts[stage] = doubt
                waiting.extend((read, doubt or own) for read, own in self.inputs(stage))

    def inputs(self, stage: int) -> Iterator[tuple[int, str]]:
        """Every stage that ``stage`` could read, and the doubt that this edge adds."""
        for read in sorted(self._stage_reads.own_reads(stage)):
            yield read, ""
        base = self._stage_reads.base(stage)
        if stage not in self._from_choices.words:
            yield from self._with_triggers(() if base is None else (base,), "")
            return
        head = self._stage_reads.resolved.file.stages[stage].head
        chosen = [selection.source for selection in self._from_choices.choices.get(stage, ())]
        doubt = f"`FROM {head.base}` in line {head.span.line} could use it as its base"
        yield from self._with_triggers([*chosen, *([] if base is None else [base])], doubt)

    def _with_triggers(self, bases: Iterable[int], doubt: str) -> Iterator[tuple[int, str]]:
        for base in bases:
            yield base, doubt
            for read in sorted(self._stage_reads.trigger_reads(base)):
                yield read, doubt
