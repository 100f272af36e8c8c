"""The bodies of stages: what each stage does, written without the names of the stages that it reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.dockerfile.instructions import Copy, Onbuild, Run
from stagegraph.dockerfile.stages import Command, StageOrImage
from stagegraph.graph.naming import Naming
from stagegraph.graph.request import Request
from stagegraph.model import stage_id


class BodyInstruction(Struct, frozen=True, kw_only=True, eq=False):
    """One instruction; ``text`` leaves out the names of ``stages`` (indexes) that it reads.

    ``written`` is the text with those names. It does not count for equality.
    """

    text: str
    stages: tuple[int, ...] = ()
    written: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BodyInstruction) and (self.text, self.stages) == (other.text, other.stages)

    def __hash__(self) -> int:
        return hash((self.text, self.stages))

    def renumbered(self, numbers: Mapping[int, int]) -> tuple[str, tuple[int | None, ...]]:
        """The text, and the stages that are read by their ``numbers``; None for a stage without one."""
        return self.text, tuple(numbers.get(stage) for stage in self.stages)


class StageBody(Struct, frozen=True, kw_only=True):
    """A stage: its base (the index of a stage, or an image), its platform and its instructions."""

    name: str
    base: str  # empty when the base is a stage
    base_stage: int | None
    platform: str
    instructions: tuple[BodyInstruction, ...]

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for stages that differ only in names: their own, or those of the stages they read."""
        texts = tuple(instruction.text for instruction in self.instructions)
        return self.base, self.base_stage is None, self.platform, texts

    @property
    def reads(self) -> tuple[int, ...]:
        """The indexes of the stages that it reads, in order, with repetitions."""
        base = () if self.base_stage is None else (self.base_stage,)
        return *base, *(stage for instruction in self.instructions for stage in instruction.stages)


def bodies(request: Request) -> list[StageBody]:
    """The body of every stage of ``request``, each Dockerfile resolved for its first target and platform.

    The indexes are the positions among all stages of the request.
    """
    return [
        _body(part.naming, stage, len(part.build.file.stages))
        for part in request.parts
        for stage in part.build.target_builds[0].resolved.stages
    ]


def _body(naming: Naming, stage: StageOrImage, stages: int) -> StageBody:
    commands = () if stage.replaced else stage.commands
    first = naming.first_stage
    instructions = (_instruction(command, stages) for command in commands if not command.onbuild)
    return StageBody(
        name=naming.label(stage_id(stage.index), stage.name) if stage.name else naming.given(stage.index),
        base=stage.base if stage.base_index is None else "",
        base_stage=None if stage.base_index is None else first + stage.base_index,
        platform=str(stage.platform or ""),
        instructions=tuple(
            replace(one, stages=tuple(first + read for read in one.stages)) for one in instructions
        ),
    )


def _instruction(command: Command, stages: int) -> BodyInstruction:
    item = command.instruction
    text, read = item.text, tuple(source for source in command.sources if source < stages)
    if read and isinstance(item, Copy):
        text = text.replace(f"--from={item.source_stage}", "--from=", 1)
    elif read and isinstance(item, Run):
        text = _without_mounted_stages(text, item, command, stages)
    documents = item.documents if isinstance(item, Copy | Run) else ()
    rest = [item.trigger] if isinstance(item, Onbuild) else [document.content for document in documents]
    return BodyInstruction(text="\n".join([text, *rest]), stages=read, written=item.text)


def _without_mounted_stages(text: str, item: Run, command: Command, stages: int) -> str:
    """``text`` with ``from=`` alone where a mount names a stage; a mount from an image stays."""
    names = {
        value
        for fields, source in zip(item.mounts, command.sources, strict=False)
        if source < stages
        for key, _, value in (field.partition("=") for field in fields)
        if key.lower() == "from"
    }
    return _mount_from().sub(
        lambda match: "from=" if match[1].strip("\"'") in names else match[0],
        text,
    )


@cache
def _mount_from() -> re.Pattern[str]:
    return re.compile(r"(?<=[=,])from=([^,\s]+)", re.IGNORECASE)
