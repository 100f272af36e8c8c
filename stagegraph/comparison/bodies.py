"""What a stage does, apart from the names of stages: two bodies can be the same under other names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from stagegraph.build import Build
from stagegraph.dockerfile.instructions import Copy, Onbuild, Run
from stagegraph.dockerfile.stages import Command, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One instruction; ``text`` is without the names of ``stages`` (by index) that it reads."""

    text: str
    stages: tuple[int, ...] = ()
    written: str = field(default="", compare=False)

    def under(self, pairs: Mapping[int, int | None]) -> tuple[str, tuple[int | None, ...]]:
        """This line with the stages that it reads called as ``pairs`` say."""
        return self.text, tuple(pairs.get(stage) for stage in self.stages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
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
    places = build.variants[0].resolved.places
    stages = sum(place.is_stage for place in places)
    return [_body(place, stages) for place in places[:stages]]


def _body(place: Place, stages: int) -> Body:
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
