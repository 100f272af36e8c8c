"""What a stage does, apart from the names of stages: two bodies can be the same under other names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from msgspec import Struct

from stagegraph.dockerfile.instructions import Copy, Onbuild, Run
from stagegraph.dockerfile.stages import Command, StageOrImage
from stagegraph.graph.build import Build

MOST_MATCHED = 1_000  # instructions that differ; of more the order is not looked at

Span = tuple[int, int]  # from, to


def differences(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[tuple[Span, Span]]:
    """The stretches of ``old`` and ``new`` that are not the same; linear in what is equal."""
    start = _equal(old, new)
    end = _equal(old[: start - 1 if start else None : -1], new[: start - 1 if start else None : -1])
    ours, theirs = old[start : len(old) - end], new[start : len(new) - end]
    found = _uncounted(ours, theirs) if len(ours) + len(theirs) > MOST_MATCHED else _matched(ours, theirs)
    for (first, last), (other, final) in found:
        yield (first + start, last + start), (other + start, final + start)


def _equal(old: Sequence[Hashable], new: Sequence[Hashable]) -> int:
    """How many are equal from the beginning on."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((place for place, (one, two) in pairs if one != two), min(len(old), len(new)))


def _matched(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[tuple[Span, Span]]:
    for kind, first, last, other, final in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            yield (first, last), (other, final)


def _uncounted(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[tuple[Span, Span]]:
    """What one has more often than the other; all of both where only the order differs."""
    gone, come = [*_more(old, new)], [*_more(new, old)]
    if not (gone or come):
        yield (0, len(old)), (0, len(new))
    for place in gone:
        yield (place, place + 1), (0, 0)
    for place in come:
        yield (0, 0), (place, place + 1)


def _more(some: Sequence[Hashable], others: Sequence[Hashable]) -> Iterator[int]:
    left = Counter(others)
    for place, one in enumerate(some):
        if left[one] > 0:
            left[one] -= 1
        else:
            yield place


class Line(Struct, frozen=True, kw_only=True, eq=False):
    """One instruction; ``text`` is without the names of ``stages`` (by index) that it reads."""

    text: str
    stages: tuple[int, ...] = ()
    written: str = ""  # with the names; lines that differ in names only are equal

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Line) and (self.text, self.stages) == (other.text, other.stages)

    def __hash__(self) -> int:
        return hash((self.text, self.stages))

    def under(self, pairs: Mapping[int, int | None]) -> tuple[str, tuple[int | None, ...]]:
        """This line with the stages that it reads called as ``pairs`` say."""
        return self.text, tuple(pairs.get(stage) for stage in self.stages)


class Body(Struct, frozen=True, kw_only=True):
    """A stage: its base (a stage by index, or an image), its platform, its instructions."""

    name: str
    base: str  # empty when it is a stage
    base_stage: int | None
    platform: str
    lines: tuple[Line, ...]

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for stages that differ in names only, their own and those that they read."""
        return self.base, self.base_stage is None, self.platform, tuple(line.text for line in self.lines)

    @property
    def reads(self) -> tuple[int | None, ...]:
        """The stages that it reads, in order, with repetitions."""
        return self.base_stage, *(stage for line in self.lines for stage in line.stages)


def bodies(build: Build) -> list[Body]:
    """The body of every stage of ``build``, as it is for its first target and platform."""
    places = build.target_builds[0].resolved.sources
    stages = sum(place.is_stage for place in places)
    return [_body(place, stages) for place in places[:stages]]


def _body(place: StageOrImage, stages: int) -> Body:
    commands = () if place.replaced else place.commands
    return Body(
        name=place.name,
        base=place.base if place.base_index is None else "",
        base_stage=place.base_index,
        platform=str(place.platform or ""),
        lines=tuple(_line(command, stages) for command in commands if not command.onbuild),
    )


def _line(command: Command, stages: int) -> Line:
    item = command.instruction
    text, read = item.text, tuple(source for source in command.sources if source < stages)
    if read and isinstance(item, Copy):
        text = text.replace(f"--from={item.source_stage}", "--from=", 1)
    elif read and isinstance(item, Run):
        text = _FROM.sub(lambda found: _unnamed(found, item, command, stages), text)
    documents = item.documents if isinstance(item, Copy | Run) else ()
    rest = [item.trigger] if isinstance(item, Onbuild) else [document.content for document in documents]
    return Line(text="\n".join([text, *rest]), stages=read, written=item.text)


_FROM = re.compile(r"(?<=[=,])from=([^,\s]+)", re.IGNORECASE)


def _unnamed(found: re.Match[str], item: Run, command: Command, stages: int) -> str:
    """``from=`` alone where it names a stage and not an image."""
    named = {
        value
        for fields, source in zip(item.mounts, command.sources, strict=False)
        if source < stages
        for key, _, value in (field.partition("=") for field in fields)
        if key.lower() == "from"
    }
    return "from=" if found[1].strip("\"'") in named else found[0]
