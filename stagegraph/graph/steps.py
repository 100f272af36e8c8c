"""A target build, and the steps that BuildKit schedules for it, equal steps merged into one.

Rules: moby/buildkit frontend/dockerfile/dockerfile2llb and client/llb: a step is known by its
operation, its inputs and what it runs in, never by its name.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from functools import cached_property

import networkx
from msgspec import Struct, field
from msgspec.structs import replace

from stagegraph.dockerfile.actions import Action, CopyAction, CopyPart, RunAction, StageActions, WorkdirAction
from stagegraph.dockerfile.evaluate import evaluate
from stagegraph.dockerfile.mounts import Mount
from stagegraph.dockerfile.platforms import Platform
from stagegraph.dockerfile.stages import SCRATCH, Resolved, StageOrImage
from stagegraph.graph.edges import base_node, node_of
from stagegraph.graph.naming import ALONE, LINK, Naming
from stagegraph.graph.stage_graph import StageGraph, stage_graph
from stagegraph.model import CONTEXT_ID, StepKind, remote_id, stage_id
from stagegraph.source import Span, printable

StepGraph = networkx.DiGraph
CONTEXT_NAME = "[internal] load build context"
_DOCUMENT_NAME = "[internal] preparing inline document"
_CACHE_NAME = "[internal] setting cache mount permissions"
CONTEXT_WORDS = ("local",)  # RawStep.words of the local build context
_BEHIND_MOUNTS = {"secret": 1, "ssh": 2}


class TargetBuild(Struct, frozen=True, kw_only=True, dict=True):
    """The build of one target on one platform; ``several`` when it is one of several platforms.

    ``names`` are the bake targets whose image it is; ``alike`` has the same stages and another target.
    """

    resolved: Resolved
    several: bool
    names: tuple[str, ...] = ()
    alike: TargetBuild | None = None

    @cached_property
    def actions(self) -> tuple[StageActions, ...]:
        """What the instructions do, in the order of ``resolved.sources``; evaluated on first use."""
        if self.alike:
            return self.alike.actions
        return evaluate(self.resolved, platform_in_names=self.several)

    @cached_property
    def graph(self) -> StageGraph:
        """The graph of its stages and sources, with nothing marked as needed; made on first use."""
        return stage_graph([self.resolved], [])


def with_shared_actions(target_builds: Iterable[TargetBuild]) -> tuple[TargetBuild, ...]:
    """``target_builds``, of which those that share their stages evaluate them once."""
    first: dict[tuple[int, bool], TargetBuild] = {}
    shared = []
    for one in target_builds:
        known = first.setdefault((id(one.resolved.sources), one.several), one)
        shared.append(one if known is one else replace(one, alike=known))
    return tuple(shared)


class RawStep(Struct, kw_only=True):
    """One step; ``inputs`` are positions of other steps, ``stages`` those of the stages that share it.

    ``work`` is what it does: the action of an instruction, or the words that identify any other step. It
    does that on the output of ``onto``, and reads ``reads``: for a copy what its parts are read from, for
    a RUN what its mounts (in the order of ``sorted_mounts``) and its script are, for a merge the copy.
    """

    name: str
    kind: StepKind
    span: Span | None
    inputs: tuple[int, ...]
    work: Action | tuple[str, ...] = ()
    onto: int | None = None
    reads: tuple[int | None, ...] = ()
    platform: str = ""  # of a RUN
    source: str = ""  # the id of the node that it loads, for a step of that kind
    stages: list[int] = field(default_factory=list)
    read_from: list[tuple[int, str]] = field(default_factory=list)  # inputs, and the nodes that pass them on
    others: list[tuple[str, Span | None]] = field(default_factory=list)  # names and spans of equal steps

    @property
    def node(self) -> str:
        """The id of its node in the Dockerfile alone: what it loads, or its first stage; "" for none."""
        return self.source or (stage_id(min(self.stages)) if self.stages else "")

    @property
    def words(self) -> tuple[str, ...]:
        """The words that identify a step without an action; () for one of an instruction."""
        return () if isinstance(self.work, (RunAction, CopyAction, WorkdirAction)) else self.work


class StepList:
    """Collects the steps of one or several builds; equal ones become one.

    ``results`` has the last step of each bake target on each platform; None for one without steps.
    """

    def __init__(self) -> None:
        self.steps: list[RawStep] = []
        self.results: dict[str, dict[str, int | None]] = {}
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
        known.read_from = list(dict.fromkeys([*known.read_from, *step.read_from]))
        if stage is not None and stage not in known.stages[-1:]:
            known.stages.append(stage)
        return position


class StepBuilder:
    """Makes the steps of one resolved build."""

    def __init__(
        self,
        resolved: Resolved,
        actions: Sequence[StageActions],
        steps: StepList,
        naming: Naming = ALONE,
        names: Sequence[str] = (),
    ) -> None:
        self._resolved = resolved
        self._actions = actions
        self._list = steps
        self._naming = naming
        self._names = names
        self._last: dict[int, int | None] = {}  # source -> its last step, None for scratch
        self._platforms: dict[int, Platform] = {}
        self._base: tuple[int | None, str] = (None, "")  # of the current stage: the last step, and its node

    def build(self) -> None:
        """Add the steps of the needed stages and images and of the result; inputs come first."""
        resolved = self._resolved
        for image in resolved.sources[len(resolved.file.stages) :]:
            if image.index in resolved.needed:
                self._last[image.index] = self._first(image)
        for stage in resolved.stages:
            if stage.index in resolved.needed:
                self._stage(stage)
        self._result(resolved.target)

    def _result(self, target: int) -> None:
        last = self._last[target]
        platform = str(self._resolved.target_platform)
        step = RawStep(
            name="",
            kind=StepKind.RESULT,
            span=None,
            inputs=_some(last),
            work=("result",),
            onto=last,
            read_from=_passed((last, stage_id(target))),
        )
        self._add(("result", self._naming.first_stage + target, platform), step, None)
        for name in self._names:
            self._list.results.setdefault(name, {})[platform] = last

    def _platform(self, source: StageOrImage) -> Platform:
        if source.base_index is not None and source.base_index in self._platforms:
            return self._platforms[source.base_index]
        return self._resolved.platform_of(source)

    def _first(self, source: StageOrImage) -> int | None:
        """The step that a stage or image starts from."""
        self._platforms[source.index] = platform = self._platform(source)
        if source.base_index is not None and not source.context:
            return self._last.get(source.base_index)
        if source.base == SCRATCH and not source.context:
            return None
        name, key = self._actions[source.index].from_name, ("image", source.reference, str(platform))
        if source.context:
            results = self._list.results.get(source.context.removeprefix(LINK))
            if results and source.context.startswith(LINK):
                return results.get(str(platform), next(iter(results.values())))
            name = f"[context {source.context_name}] {_context_verb(source.context)}"
            key = ("context", source.context, "")
        node = base_node(source)
        step = RawStep(
            name=name,
            kind=StepKind.SOURCE,
            span=source.span,
            inputs=(),
            work=key,
            source=self._naming.node_id(node[0]) if node else "",
        )
        return self._add(key, step, self._position(source) if source.is_stage else None)

    def _add(self, key: Hashable, step: RawStep, stage: int | None) -> int:
        step.name = self._naming.step(step.name, self._names[0] if self._names else "")
        step.read_from = [(read, self._naming.node_id(node)) for read, node in step.read_from]
        return self._list.add(key, step, stage)

    def _position(self, stage: StageOrImage) -> int:
        """The position of ``stage`` among the stages of the request."""
        return self._naming.first_stage + stage.index

    def _stage(self, stage: StageOrImage) -> None:
        last = self._first(stage)
        sources = self._resolved.sources
        base = base_node(stage) if stage.base_index is None else node_of(sources[stage.base_index])
        self._base = last, base[0] if base else ""
        for action in self._actions[stage.index].actions:
            if isinstance(action, CopyAction):
                last = self._copy(stage, action, last)
            elif isinstance(action, RunAction):
                last = self._run(stage, action, last)
            elif isinstance(action, WorkdirAction):
                key = ("mkdir", last, action.path, action.user)
                step = _step(action, StepKind.FILE, onto=last, read_from=self._inherited(last))
                last = self._add(key, step, self._position(stage))
        self._last[stage.index] = last

    def _node(self, source: int) -> str:
        """The id of the node of a stage or image; empty for scratch."""
        node = node_of(self._resolved.sources[source])
        return node[0] if node else ""

    def _inherited(self, onto: int | None) -> list[tuple[int, str]]:
        """``onto`` with the node that passes it on, if it is what the current stage is FROM."""
        return _passed(self._base) if onto == self._base[0] else []

    def _local(self) -> int:
        step = RawStep(
            name=CONTEXT_NAME,
            kind=StepKind.SOURCE,
            span=None,
            inputs=(),
            work=CONTEXT_WORDS,
            source=self._naming.node_id(CONTEXT_ID),
        )
        return self._add((*CONTEXT_WORDS, self._naming.context), step, None)

    def _document(self, name: str, text: str, mode: str) -> int:
        key = ("document", name, text, mode)
        step = RawStep(name=_DOCUMENT_NAME, kind=StepKind.FILE, span=None, inputs=(), work=key)
        return self._add(key, step, None)

    def _run(self, stage: StageOrImage, action: RunAction, last: int | None) -> int:
        mounts = [(mount, self._mounted(mount, source)) for mount, source in sorted_mounts(action.mounts)]
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
            str(self._platforms[stage.index]),
        )
        step = _step(action, StepKind.EXEC, onto=last, reads=(*(read for _, read in mounts), script))
        step.read_from = [*self._inherited(last), *self._mounted_from(action, mounts)]
        step.platform = str(self._platforms[stage.index])
        return self._add(key, step, self._position(stage))

    def _mounted_from(
        self, action: RunAction, mounts: Sequence[tuple[Mount, int | None]]
    ) -> list[tuple[int, str]]:
        """What mounts read, and the nodes that pass it on; but not the step that sets an owner."""
        nodes = (
            CONTEXT_ID if mount.is_local else self._node(source)
            for mount, source in sorted_mounts(action.mounts)
        )
        pairs = ((read, node) for (_, read), node in zip(mounts, nodes, strict=True))
        return _passed(*(pair for pair in pairs if pair[0] is not None and self._list.steps[pair[0]].node))

    def _mounted(self, mount: Mount, source: int) -> int | None:
        if mount.type not in ("bind", "cache"):
            return None
        read = self._local() if mount.is_local else self._read(source)
        if not mount.sets_owner or mount.source != "/" or mount.type != "cache":
            return read
        work = ("cache", mount.uid, mount.gid, mount.mode)
        step = RawStep(
            name=_CACHE_NAME, kind=StepKind.FILE, span=None, inputs=_some(read), work=work, onto=read
        )
        step.read_from = _passed((read, CONTEXT_ID if mount.is_local else self._node(source)))
        return self._add((work, read), step, None)

    def _copy(self, stage: StageOrImage, action: CopyAction, last: int | None) -> int | None:
        reads = self._copy_reads(action)
        onto = None if action.linked else last
        key = ("copy", onto, action.target, action.options, tuple(reads))
        step = _step(action, StepKind.FILE, onto=onto, reads=tuple(read for read, _ in reads))
        step.read_from = [*self._inherited(onto), *self._copied_from(action, step.reads)]
        copied = self._add(key, step, self._position(stage))
        if not action.linked or last is None:
            return copied  # merging onto nothing makes no step (client/llb/merge.go)
        merge = _step(action, StepKind.MERGE, onto=last, reads=(copied,))
        merge.read_from = self._inherited(last)
        merge.name = action.link_name
        return self._add(("merge", last, copied), merge, self._position(stage))

    def _copied_from(self, action: CopyAction, reads: Sequence[int | None]) -> list[tuple[int, str]]:
        """What the parts of a copy are read from, and the nodes that pass it on."""
        stage = CONTEXT_ID if action.source is None else self._node(action.source)
        nodes = (
            "" if part.text is not None else remote_id(part.remote.address) if part.remote else stage
            for part in action.parts
        )
        return _passed(*zip(reads, nodes, strict=True))

    def _copy_reads(self, action: CopyAction) -> list[tuple[int | None, Hashable]]:
        """What each source is read from, and what is taken of it."""
        return [(self._part(action, part), (part.path, part.options)) for part in action.parts]

    def _part(self, action: CopyAction, part: CopyPart) -> int | None:
        if part.text is not None:
            return self._document(part.path, part.text, "0644")
        if part.remote:
            address = part.remote.address
            key = ("remote", *part.remote.key)
            step = RawStep(
                name=action.name,
                kind=StepKind.SOURCE,
                span=None,
                inputs=(),
                work=key,
                source=remote_id(address),
            )
            return self._add(key, step, None)
        return self._local() if action.source is None else self._read(action.source)

    def _read(self, source: int) -> int | None:
        """The last step of what is read; a stage that a named context replaces may come later."""
        read = self._resolved.sources[source]
        if read.replaced and source not in self._last:
            self._last[source] = self._first(read)
        return self._last.get(source)


def _step(
    action: Action,
    kind: StepKind,
    *,
    onto: int | None,
    reads: tuple[int | None, ...] = (),
    read_from: Sequence[tuple[int, str]] = (),
) -> RawStep:
    inputs = dict.fromkeys(_some(onto) + tuple(read for read in reads if read is not None))
    return RawStep(
        name=action.name,
        kind=kind,
        span=action.span,
        inputs=tuple(inputs),
        work=action,
        onto=onto,
        reads=reads,
        read_from=list(read_from),
    )


def _passed(*pairs: tuple[int | None, str]) -> list[tuple[int, str]]:
    """Those of ``pairs`` that have a step and a node, each once."""
    return list(dict.fromkeys((step, node) for step, node in pairs if step is not None and node))


def _some(position: int | None) -> tuple[int, ...]:
    return () if position is None else (position,)


def sorted_mounts(mounts: Iterable[tuple[Mount, int]]) -> list[tuple[Mount, int]]:
    """As the operation has them: by target, then secrets, then ssh (client/llb/exec.go, Marshal)."""

    def order(item: tuple[Mount, int]) -> tuple[int, str]:
        behind = _BEHIND_MOUNTS.get(item[0].type, 0)
        return behind, "" if behind else item[0].target

    return sorted(mounts, key=order)


def _context_verb(value: str) -> str:
    if value.startswith("docker-image://"):
        return value.removeprefix("docker-image://")
    if value.startswith("oci-layout://"):
        return "OCI load from client"
    return "load from client"


def raw_steps(target_builds: Sequence[TargetBuild]) -> tuple[RawStep, ...]:
    """The steps of ``target_builds``, equal steps merged, inputs before the steps that read them."""
    return steps_of([(target_build, ALONE) for target_build in target_builds], StepList())


def steps_of(target_builds: Sequence[tuple[TargetBuild, Naming]], steps: StepList) -> tuple[RawStep, ...]:
    """The steps of ``target_builds``, after those that ``steps`` has already; as ``raw_steps``."""
    for one, naming in target_builds:
        StepBuilder(one.resolved, one.actions, steps, naming, one.names).build()
    fails = any(actions.faults for one, _ in target_builds if not one.alike for actions in one.actions)
    return tuple(steps.steps if fails else _read_by_results(steps.steps))


def _read_by_results(steps: list[RawStep]) -> list[RawStep]:
    """``steps`` without those that no result reads: a needed stage need not be an input.

    A definition is written from its result backwards (client/llb/state.go, Marshal). A build that
    fails has none, and keeps all.
    """
    inputs = {read for step in steps for read in step.inputs}
    if all(position in inputs or step.kind is StepKind.RESULT for position, step in enumerate(steps)):
        return steps
    graph = step_graph(steps)
    results = [position for position, step in enumerate(steps) if step.kind is StepKind.RESULT]
    read = set(results).union(*(networkx.ancestors(graph, result) for result in results))
    moved = {position: new for new, position in enumerate(sorted(read))}
    kept = [steps[position] for position in moved]
    for step in kept:
        step.inputs = tuple(moved[position] for position in step.inputs)
        step.onto = None if step.onto is None else moved[step.onto]
        step.reads = tuple(None if position is None else moved[position] for position in step.reads)
        step.read_from = [(moved[position], node) for position, node in step.read_from]
    return kept


def step_graph(steps: Sequence[RawStep]) -> StepGraph[int]:
    """The DAG of ``steps``; nodes are positions, so a topological order.

    Node attributes: ``name``, ``kind`` (the text of a StepKind), ``stages`` (positions, separated by spaces),
    and ``line`` where the step has one.
    """
    graph: StepGraph[int] = StepGraph()
    for position, step in enumerate(steps):
        line = {"line": step.span.line} if step.span else {}
        stages = " ".join(map(str, step.stages))
        graph.add_node(position, name=printable(step.name), kind=step.kind.value, stages=stages, **line)
    graph.add_edges_from((read, position) for position, step in enumerate(steps) for read in step.inputs)
    return graph
