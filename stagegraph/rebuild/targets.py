"""What a change runs again in each of many builds of one repository, between two states of its files."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.dockerfile.logical import MAX_BYTES, source_from_bytes
from stagegraph.errors import DockerfileError, InputError, OptionsError
from stagegraph.graph.build import build_of
from stagegraph.model import StepKind
from stagegraph.options import Options
from stagegraph.rebuild.context import Context
from stagegraph.rebuild.impact import (
    Impact,
    Reason,
    ReasonKind,
    StepImpact,
    StepStatus,
    affected,
)
from stagegraph.rebuild.state import BuildState
from stagegraph.rebuild.tree import Node, NodeKind, folder

_LINK = "target:"  # of a named context that is another target
_RANK = (StepStatus.CACHED, StepStatus.MAY_RUN, StepStatus.RUNS_AGAIN)


class BuildTarget(Struct, frozen=True, kw_only=True):
    """One build of a repository; the paths of its Dockerfile and context are from the root."""

    name: str
    dockerfile: str = "Dockerfile"
    context: str = "."
    options: Options = Options()


class AffectedTarget(Struct, frozen=True, kw_only=True):
    """What a change runs again in one build. ``note`` says what was not known."""

    target: BuildTarget
    steps: tuple[StepImpact, ...]
    note: str = ""

    @property
    def status(self) -> StepStatus:
        """``runs again`` if a step certainly does, ``may run again`` if one may, else ``cached``."""
        statuses = {step.status for step in self.shown}
        return max(statuses, key=_RANK.index, default=StepStatus.CACHED)

    @property
    def shown(self) -> tuple[StepImpact, ...]:
        """The steps of instructions: without sources and results."""
        return tuple(step for step in self.steps if step.kind not in (StepKind.SOURCE, StepKind.RESULT))


class Change(Struct, frozen=True, kw_only=True):
    """Two states of the files of a repository; of those in ``unknown`` only the state after is known."""

    before: Node
    after: Node
    unknown: frozenset[str] = frozenset()


def affected_targets(targets: Sequence[BuildTarget], change: Change) -> tuple[AffectedTarget, ...]:
    """What ``change`` runs again in each of ``targets``, in their order.

    A target that has another one as a named context may run again when that one does. Raises InputError for
    a Dockerfile that is not there after the change, and DockerfileError for one that BuildKit rejects.
    """
    before, after = _Files(change.before), _Files(change.after)
    done = {one.name: _affected(one, before, after, change.unknown) for one in targets}
    for name in _linked_last(targets):
        done[name] = _with_links(done[name], done)
    return tuple(done[one.name] for one in targets)


class _Files:
    """The files of a repository in one state; a context is made once for all builds that have it."""

    def __init__(self, root: Node) -> None:
        self._root = Context(root)
        self._contexts: dict[str, Context] = {}

    def state(self, target: BuildTarget) -> BuildState | None:
        """The build of ``target``; None if its Dockerfile is not there."""
        data = self._read(target.dockerfile)
        if data is None:
            return None
        build = build_of(source_from_bytes(data, target.dockerfile), target.options)
        name, ignore = self._ignore_file(target)
        return BuildState(build=build, context=self._context(target.context), ignore=ignore, ignore_name=name)

    def _read(self, path: str) -> bytes | None:
        node = self._root.at(path)
        return node.start(MAX_BYTES + 1) if node is not None and node.kind is NodeKind.FILE else None

    def _context(self, path: str) -> Context:
        if path not in self._contexts:
            node = self._root.root if path == "." else self._root.at(path)
            is_folder = node is not None and node.kind is NodeKind.FOLDER
            self._contexts[path] = Context(node if node is not None and is_folder else folder())
        return self._contexts[path]

    def _ignore_file(self, target: BuildTarget) -> tuple[str, bytes]:
        for name in _ignore_names(target):
            data = self._read(name)
            if data is not None:
                return name, data
        return ".dockerignore", b""


def _ignore_names(target: BuildTarget) -> tuple[str, str]:
    """The paths of the ignore files of ``target``, of which the first that is there counts."""
    return f"{target.dockerfile}.dockerignore", posixpath.normpath(f"{target.context}/.dockerignore")


def _affected(target: BuildTarget, before: _Files, after: _Files, unknown: frozenset[str]) -> AffectedTarget:
    new = after.state(target)
    if new is None:
        raise InputError(
            f"there is no file {target.dockerfile} after the change",
            hint="give the path of the Dockerfile from the root of the repository",
        )
    unread = unknown.intersection((target.dockerfile, *_ignore_names(target)))
    if unread:
        steps = _all(new, StepStatus.MAY_RUN, ReasonKind.INSTRUCTION)
        note = f"{min(unread)} changed, and what it was before is not known: use --since"
        return AffectedTarget(target=target, steps=steps, note=note)
    try:
        old = before.state(target)
    except (DockerfileError, OptionsError):
        note = f"BuildKit rejects {target.dockerfile} before the change, so nothing is cached"
        return AffectedTarget(
            target=target, steps=_all(new, StepStatus.RUNS_AGAIN, ReasonKind.NEW), note=note
        )
    if old is None:
        note = f"{target.dockerfile} is new"
        return AffectedTarget(
            target=target, steps=_all(new, StepStatus.RUNS_AGAIN, ReasonKind.NEW), note=note
        )
    return AffectedTarget(target=target, steps=affected(old, new).steps)


def _all(state: BuildState, status: StepStatus, kind: ReasonKind) -> tuple[StepImpact, ...]:
    """Every step of a build with one status and one reason; sources are cached."""
    impact: Impact = affected(state, state)
    return tuple(
        step
        if step.kind in (StepKind.SOURCE, StepKind.RESULT)
        else replace(step, status=status, reasons=(Reason(kind=kind, line=step.line),))
        for step in impact.steps
    )


def _links(target: BuildTarget) -> Iterable[tuple[str, str]]:
    """The named contexts of ``target`` that are other targets, with the names of these."""
    for name, value in target.options.contexts.items():
        if value.startswith(_LINK):
            yield name, value.removeprefix(_LINK)


def _linked_last(targets: Sequence[BuildTarget]) -> list[str]:
    """The names of ``targets`` that have others as contexts, each after those."""
    import networkx

    names = {one.name for one in targets}
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    for one in targets:
        graph.add_edges_from((other, one.name) for _, other in _links(one) if other in names)
    if not networkx.is_directed_acyclic_graph(graph):
        return []  # bake rejects it
    return [name for name in networkx.lexicographical_topological_sort(graph) if graph.in_degree(name)]


def _with_links(affected_target: AffectedTarget, done: Mapping[str, AffectedTarget]) -> AffectedTarget:
    """``affected_target``, in which what reads a target that is built again may run again too."""
    changed = tuple(
        f"[context {name}] "  # how the step that loads it is called
        for name, other in _links(affected_target.target)
        if other in done and done[other].status is not StepStatus.CACHED
    )
    steps = list(affected_target.steps)
    reached: set[int] = set()
    for position, step in enumerate(steps):
        above = tuple(one for one in step.inputs if one in reached)
        if above or (changed and step.name.startswith(changed)):
            reached.add(position)
        if above and step.status is StepStatus.CACHED:
            reasons = tuple(Reason(kind=ReasonKind.STEP, step=one, line=steps[one].line) for one in above)
            steps[position] = replace(step, status=StepStatus.MAY_RUN, reasons=reasons)
    return replace(affected_target, steps=tuple(steps))
