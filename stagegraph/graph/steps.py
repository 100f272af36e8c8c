"""The steps that BuildKit schedules for the needed stages, equal steps merged into one.

Rules: moby/buildkit frontend/dockerfile/dockerfile2llb and client/llb: a step is known by its
operation, its inputs and what it runs in, never by its name.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from stagegraph.dockerfile.actions import Action, CopyAction, CopyPart, RunAction, StageActions, WorkdirAction
from stagegraph.dockerfile.mounts import Mount
from stagegraph.dockerfile.platforms import Platform
from stagegraph.dockerfile.stages import SCRATCH, Resolved, StageOrImage
from stagegraph.model import StepKind
from stagegraph.source import Span

if TYPE_CHECKING:
    from stagegraph.graph.build import Build

CONTEXT_NAME = "[internal] load build context"
_DOCUMENT_NAME = "[internal] preparing inline document"
_CACHE_NAME = "[internal] setting cache mount permissions"
_BEHIND_MOUNTS = {"secret": 1, "ssh": 2}


class RawStep(Struct, kw_only=True):
    """One step; ``inputs`` are positions in the list it stands in, ``stages`` those that share it."""

    name: str
    kind: StepKind
    span: Span | None
    inputs: tuple[int, ...]
    place: int | None = None  # the place whose image it pulls, for a source
    source: str = ""  # what it loads: "context", "context:NAME" or an address
    platform: str = ""
    stages: list[int] = field(default_factory=list)
    others: list[tuple[str, Span | None]] = field(default_factory=list)  # what equal steps are called


class StepList:
    """Collects the steps of one or several builds; equal ones become one."""

    def __init__(self) -> None:
        self.steps: list[RawStep] = []
        self._known: dict[Hashable, int] = {}

    def add(self, key: Hashable, step: RawStep, stage: int | None) -> int:
        """The position of ``step``, or of the step known by the same ``key``."""
        position = self._known.get(key)
        if position is None:
            position = self._known[key] = len(self.steps)
            self.steps.append(step)
        known = self.steps[position]
        if known is not step and (known.name, known.span) != (step.name, step.span):
            known.others.append((step.name, step.span))
        if stage is not None and stage not in known.stages[-1:]:
            known.stages.append(stage)
        return position


class StepBuilder:
    """Makes the steps of one resolved build."""

    def __init__(
        self, resolved: Resolved, actions: Sequence[StageActions], steps: StepList, platform_in_names: bool
    ) -> None:
        self._resolved = resolved
        self._actions = actions
        self._list = steps
        self._platform_in_names = platform_in_names
        self._last: dict[int, int | None] = {}  # place -> its last step, None for scratch
        self._platforms: dict[int, Platform] = {}

    def build(self) -> None:
        """Add the steps of the needed places and of the result, in an order that inputs precede."""
        resolved = self._resolved
        for place in resolved.sources[len(resolved.file.stages) :]:
            if place.index in resolved.needed:
                self._last[place.index] = self._first(place)
        for place in resolved.sources[: len(resolved.file.stages)]:
            if place.index in resolved.needed:
                self._stage(place)
        self._result(resolved.target)

    def _result(self, target: int) -> None:
        last = self._last[target]
        platform = str(self._resolved.target_platform)
        step = RawStep(
            name="",
            kind=StepKind.RESULT,
            span=None,
            inputs=() if last is None else (last,),
            platform=platform,
        )
        self._list.add(("result", target, platform), step, None)

    def _platform(self, place: StageOrImage) -> Platform:
        if place.base_index is not None and place.base_index in self._platforms:
            return self._platforms[place.base_index]
        return self._resolved.platform_of(place)

    def _first(self, place: StageOrImage) -> int | None:
        """The step that a place starts from."""
        self._platforms[place.index] = platform = self._platform(place)
        if place.context:
            return self._named_context(place)
        if place.base_index is not None:
            return self._last.get(place.base_index)
        if place.base == SCRATCH:
            return None
        name = self._actions[place.index].from_name
        return self._source(("image", place.reference, str(platform)), name, place, place.reference)

    def _named_context(self, place: StageOrImage) -> int:
        label = f"[context {place.context_name}] {_context_verb(place.context)}"
        return self._source(("context", place.context), label, place, f"context:{place.context_name}")

    def _source(self, key: Hashable, name: str, place: StageOrImage, source: str) -> int:
        step = RawStep(
            name=name, kind=StepKind.SOURCE, span=place.span, inputs=(), place=place.index, source=source
        )
        return self._list.add(key, step, place.index if place.is_stage else None)

    def _stage(self, place: StageOrImage) -> None:
        last = self._first(place)
        for action in self._actions[place.index].actions:
            if isinstance(action, CopyAction):
                last = self._copy(place, action, last)
            elif isinstance(action, RunAction):
                last = self._run(place, action, last)
            elif isinstance(action, WorkdirAction):
                key = ("mkdir", last, action.path, action.user)
                last = self._add(key, action, StepKind.FILE, _some(last), place)
        self._last[place.index] = last

    def _add(
        self,
        key: Hashable,
        action: Action,
        kind: StepKind,
        inputs: tuple[int, ...],
        place: StageOrImage,
        name: str = "",
    ) -> int:
        step = RawStep(name=name or action.name, kind=kind, span=action.span, inputs=inputs)
        return self._list.add(key, step, place.index)

    def _local(self) -> int:
        step = RawStep(name=CONTEXT_NAME, kind=StepKind.SOURCE, span=None, inputs=(), source="context")
        return self._list.add("context", step, None)

    def _document(self, name: str, text: str, mode: str) -> int:
        step = RawStep(name=_DOCUMENT_NAME, kind=StepKind.FILE, span=None, inputs=())
        return self._list.add(("document", name, text, mode), step, None)

    def _run(self, place: StageOrImage, action: RunAction, last: int | None) -> int:
        mounts = [(mount, self._mounted(mount, source)) for mount, source in _sorted(action.mounts)]
        script = self._document(*action.document, "0755") if action.document else None
        key = (
            "run",
            last,
            action.words,
            action.environment,
            action.workdir,
            action.user,
            tuple(mounts),
            script,
            action.options,
            str(self._platforms[place.index]),
        )
        reads = [read for _, read in mounts] + [script]
        inputs = dict.fromkeys(_some(last) + tuple(read for read in reads if read is not None))
        return self._add(key, action, StepKind.EXEC, tuple(inputs), place)

    def _mounted(self, mount: Mount, source: int) -> int | None:
        if mount.type not in ("bind", "cache"):
            return None
        read = self._local() if mount.is_local else self._read(source)
        if not mount.sets_owner or mount.source != "/" or mount.type != "cache":
            return read
        step = RawStep(name=_CACHE_NAME, kind=StepKind.FILE, span=None, inputs=_some(read))
        return self._list.add(("cache", read, mount.uid, mount.gid, mount.mode), step, None)

    def _copy(self, place: StageOrImage, action: CopyAction, last: int | None) -> int | None:
        reads = self._copy_reads(action)
        onto = None if action.linked else last
        key = ("copy", onto, action.target, action.options, tuple(reads))
        inputs = dict.fromkeys(_some(onto) + tuple(read for read, _ in reads if read is not None))
        copied = self._add(key, action, StepKind.FILE, tuple(inputs), place)
        if not action.linked or last is None:
            return copied  # merging onto nothing makes no step (client/llb/merge.go)
        merge = ("merge", last, copied)
        return self._add(merge, action, StepKind.MERGE, (last, copied), place, action.link_name)

    def _copy_reads(self, action: CopyAction) -> list[tuple[int | None, Hashable]]:
        """What each source is read from, and what is taken of it."""
        return [(self._part(action, part), (part.path, part.options)) for part in action.parts]

    def _part(self, action: CopyAction, part: CopyPart) -> int | None:
        if part.text is not None:
            return self._document(part.path, part.text, "0644")
        if part.remote:
            address = part.remote.address
            step = RawStep(name=action.name, kind=StepKind.SOURCE, span=None, inputs=(), source=address)
            return self._list.add(("remote", part.remote.key), step, None)
        return self._local() if action.source is None else self._read(action.source)

    def _read(self, source: int) -> int | None:
        """The last step of a place that is read; a stage that a context replaces may come later."""
        place = self._resolved.sources[source]
        if place.replaced and source not in self._last:
            self._last[source] = self._first(place)
        return self._last.get(source)


def _some(position: int | None) -> tuple[int, ...]:
    return () if position is None else (position,)


def _sorted(mounts: Iterable[tuple[Mount, int]]) -> list[tuple[Mount, int]]:
    """As the operation has them: by target, then secrets, then ssh (client/llb/exec.go, Marshal)."""

    def place(item: tuple[Mount, int]) -> tuple[int, str]:
        behind = _BEHIND_MOUNTS.get(item[0].type, 0)
        return behind, "" if behind else item[0].target

    return sorted(mounts, key=place)


def _context_verb(value: str) -> str:
    if value.startswith("docker-image://"):
        return value.removeprefix("docker-image://")
    if value.startswith("oci-layout://"):
        return "OCI load from client"
    return "load from client"


def raw_steps(build: Build) -> list[RawStep]:
    """The steps of all variants of ``build``, equal ones merged, inputs before users."""
    steps = StepList()
    several = len(build.options.all_platforms) > 1
    for variant in build.target_builds:
        StepBuilder(variant.resolved, variant.actions, steps, several).build()
    fails = any(actions.faults for variant in build.target_builds for actions in variant.actions)
    return steps.steps if fails else _read_by_results(steps.steps)


def _read_by_results(steps: list[RawStep]) -> list[RawStep]:
    """``steps`` without those that no result reads: a needed stage need not be an input.

    A definition is written from its result backwards (client/llb/state.go, Marshal). A build that
    fails has none, and keeps all.
    """
    read = {position for position, step in enumerate(steps) if step.kind is StepKind.RESULT}
    for position in range(len(steps) - 1, -1, -1):
        if position in read:
            read.update(steps[position].inputs)
    if len(read) == len(steps):
        return steps
    moved = {position: place for place, position in enumerate(sorted(read))}
    kept = [steps[position] for position in moved]
    for step in kept:
        step.inputs = tuple(moved[position] for position in step.inputs)
    return kept
