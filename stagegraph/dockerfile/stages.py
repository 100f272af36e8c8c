"""Resolved stages: what names, bases and sources mean for one target on one platform."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from msgspec import Struct, field

from stagegraph.dockerfile.expand import Budget
from stagegraph.dockerfile.file import Dockerfile, StageText
from stagegraph.dockerfile.instructions import Instruction, Onbuild
from stagegraph.dockerfile.platforms import Platform
from stagegraph.dockerfile.words import lowered
from stagegraph.options import Options
from stagegraph.source import Span

SCRATCH = "scratch"
_Item = TypeVar("_Item", int, str)  # an index of Resolved.sources, or the id of a node


class Command(NamedTuple):
    """An instruction of a stage; ``sources`` are what it reads, as indexes of Resolved.sources.

    A RUN has one source per mount; a COPY has one, or none for the build context.
    """

    instruction: Instruction
    sources: tuple[int, ...] = ()
    onbuild: bool = False


class BuiltImage(Struct, frozen=True, kw_only=True):
    """What the image of another build passes on to a stage that is FROM it: its configuration.

    ``environment`` is without the arguments of that build; ``triggers`` are its ONBUILD instructions.
    ``on_image`` and ``knows_workdir`` are as in Scope.
    """

    platform: Platform
    environment: Mapping[str, str]
    workdir: str
    user: str
    shell: tuple[str, ...]
    on_image: bool
    knows_workdir: bool
    triggers: tuple[str, ...]


# the images of other builds, by the value of the named context and by platform
BuiltImages = Mapping[str, Mapping[str, BuiltImage]]


class StageOrImage(Struct, kw_only=True):
    """Something that can be read: a stage, or an image that an instruction names.

    ``resolve`` fills it; nothing changes it afterwards.
    """

    index: int
    base: str  # expanded
    base_index: int | None  # of the stage that it names
    reference: str = ""  # the full image reference; empty for scratch and for a stage as base
    platform: Platform | None = None  # pinned by FROM --platform
    name: str = ""
    span: Span | None = None
    text: StageText | None = None  # None for an image that an instruction names
    context: str = ""  # the named context that replaces the stage or its image
    context_name: str = ""  # its name: NAME, or NAME::PLATFORM
    replaced: bool = False  # the context replaces the whole stage: none of its instructions runs
    image: BuiltImage | None = None  # that the named context is
    commands: tuple[Command, ...] = ()
    passes: int = 0  # how often stages were resolved before this one was known to be needed

    @property
    def title(self) -> str:
        """The name of a stage in build output."""
        return self.name or f"stage-{self.index}"

    @property
    def triggers(self) -> tuple[str, ...]:
        """The ONBUILD instructions that a stage FROM this one runs.

        These are its own also where a named context replaces it; those of that image are dropped
        (convert.go, init and resolveStages).
        """
        own = (command.instruction for command in self.commands)
        return tuple(item.trigger for item in own if isinstance(item, Onbuild))

    @property
    def is_stage(self) -> bool:
        """Whether a FROM starts it."""
        return self.text is not None


class Resolved(Struct, kw_only=True):
    """A Dockerfile resolved for one target and one platform.

    ``sources`` are the stages in the order of the file, then the images that instructions name. If it is
    ``partial``, only the needed ones count: another target of the file has the rest.
    """

    file: Dockerfile
    options: Options
    arguments: dict[str, str]
    build_platform: Platform
    target_platform: Platform
    sources: list[StageOrImage] = field(default_factory=list)
    by_name: dict[str, int] = field(default_factory=dict)
    images: BuiltImages = MappingProxyType({})
    target: int = 0
    needed: frozenset[int] = frozenset()
    budget: Budget = field(default_factory=Budget)
    partial: bool = False

    @property
    def counted_sources(self) -> list[StageOrImage]:
        """The sources that count."""
        if not self.partial:
            return self.sources
        return [self.sources[index] for index in sorted(self.needed)]

    @property
    def stages(self) -> list[StageOrImage]:
        """The sources that are stages."""
        return self.sources[: len(self.file.stages)]

    def stage_named(self, name: str) -> int | None:
        """The index of the last stage called ``name``, in any case."""
        return self.by_name.get(lowered(name))

    def platform_of(self, source: StageOrImage) -> Platform:
        """The platform of a source whose base is not another stage."""
        if source.base == SCRATCH and not source.replaced:
            return self.target_platform  # FROM --platform scratch has no effect (resolveReachableStages)
        if source.replaced and source.image:
            return source.image.platform
        return source.platform or self.target_platform


def distinct_stages(builds: Iterable[Resolved]) -> list[Resolved]:
    """The first of all ``builds`` that share their stages and differ only in the target."""
    return list({id(one.sources): one for one in reversed(list(builds))}.values())[::-1]


def needs(source: StageOrImage) -> set[int]:
    """The indexes that ``source`` reads; a stage that a named context replaces reads nothing."""
    if source.replaced:
        return set()
    read = {index for command in source.commands for index in command.sources}
    if source.base_index is not None:
        read.add(source.base_index)
    return read


def reachable(starts: Iterable[_Item], reads: Callable[[_Item], Iterable[_Item]]) -> set[_Item]:
    """``starts`` and everything that they read, directly or not (transitive closure of ``reads``)."""
    reached: set[_Item] = set()
    waiting = list(starts)
    while waiting:
        item = waiting.pop()
        if item not in reached:
            reached.add(item)
            waiting.extend(reads(item))
    return reached
