"""What a change runs again in each of many builds of one repository, between two states of its files."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.dockerfile.logical import MAX_BYTES, source_from_bytes
from stagegraph.errors import DockerfileError, InputError, OptionsError, StagegraphError
from stagegraph.graph.build import build_of
from stagegraph.model import StepKind
from stagegraph.options import Options
from stagegraph.rebuild.context import Context, Filters
from stagegraph.rebuild.image_changes import ImageChange, ImageChangeKind, base_contexts, image_changes
from stagegraph.rebuild.impact import Reason, ReasonKind, StepImpact, StepStatus, affected
from stagegraph.rebuild.state import BuildState
from stagegraph.rebuild.tree import Node, NodeKind, folder
from stagegraph.source import quoted

_LINK = "target:"  # of a named context that is another target
_RANK = (StepStatus.CACHED, StepStatus.MAY_RUN, StepStatus.RUNS_AGAIN)


class BuildTarget(Struct, frozen=True, kw_only=True):
    """One build of a repository; the paths of its Dockerfile and context are from the root.

    ``inline`` is the text of the Dockerfile if a bake or compose file has it; ``export`` has what that file
    says about the image besides: tags, labels and the like. ``files`` are the paths of such files, from the
    root. ``note`` says what is unknown.
    """

    name: str
    dockerfile: str = "Dockerfile"
    context: str = "."
    options: Options = Options()
    inline: str | None = None
    export: Mapping[str, object] = {}
    files: tuple[str, ...] = ()
    note: str = ""


class AffectedTarget(Struct, frozen=True, kw_only=True):
    """What a change runs again in one build, and what else makes its image another one.

    ``note`` says what was not known. ``bases`` are the named contexts whose configuration its image inherits.
    ``fails`` means that BuildKit rejects the build after the change: it has no steps, and is not cached.
    """

    target: BuildTarget
    steps: tuple[StepImpact, ...]
    image: tuple[ImageChange, ...] = ()
    bases: frozenset[str] = frozenset()
    note: str = ""
    fails: bool = False

    @property
    def is_affected(self) -> bool:
        """Whether the target has to be built: a step runs again or may, or its image is another one."""
        return bool(self.image) or self.status is not StepStatus.CACHED

    @property
    def status(self) -> StepStatus:
        """``runs again`` if a step certainly does, ``may run again`` if one may, else ``cached``."""
        statuses = {step.status for step in self.shown} | ({StepStatus.RUNS_AGAIN} if self.fails else set())
        return max(statuses, key=_RANK.index, default=StepStatus.CACHED)

    @property
    def shown(self) -> tuple[StepImpact, ...]:
        """The steps of instructions: without sources and results."""
        return tuple(step for step in self.steps if step.kind not in (StepKind.SOURCE, StepKind.RESULT))


class Change(Struct, frozen=True, kw_only=True):
    """Two states of the files of a repository; of those in ``unknown`` only the state after is known.

    ``has_git_folder``: a folder ``.git`` is in the root, and not in the states. ``is_staged``: the state
    after is that of the index, and not what is on disk.
    """

    before: Node
    after: Node
    unknown: frozenset[str] = frozenset()
    has_git_folder: bool = False
    is_staged: bool = False


def affected_targets(
    targets: Sequence[BuildTarget], change: Change, before: Sequence[BuildTarget] | None = None
) -> tuple[AffectedTarget, ...]:
    """What ``change`` runs again in each of ``targets``, in their order.

    ``before`` are the targets before the change, if they are others. A target that reads another one, or a
    folder, as a named context may run again when that changes. Of several targets, those that BuildKit
    rejects are marked; for one alone, raises InputError for a Dockerfile that is not there, DockerfileError.
    """
    earlier = _before_each(targets, targets if before is None else before)
    filters = Filters()
    old, new = BuildFiles(change.before, filters), BuildFiles(change.after, filters)
    done: dict[str, AffectedTarget] = {}
    for one in _linked_last(targets):
        try:
            result = _affected(one, earlier.get(one.name), old, new, change)
        except StagegraphError as error:
            if len(targets) == 1:
                raise
            note = f"this build fails: {error.message}"
            result = AffectedTarget(target=one, steps=(), note=note, fails=True)
        result = _with_contexts(result, _changed_contexts(one, old, new, done))
        done[one.name] = _with_bases(result, done)
    return tuple(done[one.name] for one in targets)


def _before_each(
    targets: Sequence[BuildTarget], before: Sequence[BuildTarget]
) -> Mapping[str, BuildTarget | None]:
    """What each of ``targets`` was before, by its name now: that of its name, else one that was renamed."""
    named, known = {one.name for one in targets}, {one.name: one for one in before}
    gone = {_place(one): one for one in before if one.name not in named}
    return {one.name: known.get(one.name) or gone.get(_place(one)) for one in targets}


def _place(target: BuildTarget) -> tuple[str, str, str | None, str | None]:
    return target.dockerfile, target.context, target.inline, target.options.target


class BuildFiles:
    """The builds that the files of a repository give in one state; builds share their contexts."""

    def __init__(self, root: Node, filters: Filters | None = None) -> None:
        self._root = Context(root, filters=filters)
        self._contexts: dict[str, Context] = {}

    def state(self, target: BuildTarget) -> BuildState | None:
        """The build of ``target``; None if its Dockerfile is not there."""
        data = self._read(target.dockerfile) if target.inline is None else target.inline.encode()
        if data is None:
            return None
        build = build_of(source_from_bytes(data, target.dockerfile), target.options)
        name, ignore = self._ignore_file(target)
        return BuildState(build=build, context=self._context(target.context), ignore=ignore, ignore_name=name)

    def _read(self, path: str) -> bytes | None:
        node = self._root.at(path)
        return node.start(MAX_BYTES + 1) if node is not None and node.kind is NodeKind.FILE else None

    def digest_at(self, path: str) -> bytes:
        """The digest of the file or folder at ``path``, empty if there is none."""
        node = self._root.at(path)
        return node.digest if node else b""

    def _context(self, path: str) -> Context:
        if path not in self._contexts:
            node = self._root.root if path == "." else self._root.at(path)
            is_folder = node is not None and node.kind is NodeKind.FOLDER
            self._contexts[path] = Context(
                node if node is not None and is_folder else folder(), filters=self._root.filters
            )
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


def git_folder_note(target: BuildTarget, state: BuildState) -> str:
    """A warning if the build copies the folder ``.git``, whose files are not among the states."""
    line = state.copies_git_folder() if target.context == "." else None
    if line is None:
        return ""
    return (
        f"line {line} copies .git, which each commit changes, so in a build from a local folder it runs "
        f"again every time: exclude .git in {state.ignore_name}"
    )


def _affected(
    target: BuildTarget,
    earlier: BuildTarget | None,
    before: BuildFiles,
    after: BuildFiles,
    change: Change,
) -> AffectedTarget:
    new = after.state(target)
    if new is None:
        raise InputError(
            f"there is no file {quoted(target.dockerfile)} after the change",
            hint="give the path of the Dockerfile from the root of the repository",
        )
    unread = change.unknown.intersection((target.dockerfile, *_ignore_names(target), *target.files))
    if unread:
        note = f"{min(unread)} changed, and what it was before is not known: use --since"
        image = (ImageChange(kind=ImageChangeKind.UNKNOWN, names=tuple(sorted(unread))),)
        return AffectedTarget(target=target, steps=_all(new, StepStatus.MAY_RUN), image=image, note=note)
    renamed_note = ""
    try:
        old = before.state(earlier) if earlier else None
        note = f"{target.dockerfile} is new" if earlier else f"{target.name} is new"
        if earlier and old is None and (renamed := _renamed(earlier, change)):
            old, renamed_note = before.state(renamed), f"{target.dockerfile} was {renamed.dockerfile} before"
        elif earlier and earlier.name != target.name:
            renamed_note = f"{target.name} was {earlier.name} before"
    except (DockerfileError, OptionsError):
        old, note = None, f"BuildKit rejects {target.dockerfile} before the change: nothing is cached"
    if old is None:
        image = (ImageChange(kind=ImageChangeKind.NEW),)
        return AffectedTarget(target=target, steps=_all(new, StepStatus.RUNS_AGAIN), image=image, note=note)
    note = target.note or renamed_note or (git_folder_note(target, new) if change.has_git_folder else "")
    steps = affected(old, new).steps
    exported = _export_changes(earlier or target, target)
    return AffectedTarget(
        target=target,
        steps=steps,
        image=(*image_changes(old.build, new.build, steps), *exported),
        bases=frozenset(base_contexts(new.build)),
        note=note,
    )


def _export_changes(before: BuildTarget, after: BuildTarget) -> Iterator[ImageChange]:
    """The attributes of the bake or compose file that make the image, or where it goes, another one."""
    if before.name != after.name:
        yield ImageChange(kind=ImageChangeKind.NEW)
    names = (*before.export, *after.export)
    changed = {name for name in names if before.export.get(name) != after.export.get(name)}
    if changed:
        yield ImageChange(kind=ImageChangeKind.EXPORT, names=tuple(sorted(changed)))


def _with_bases(result: AffectedTarget, done: Mapping[str, AffectedTarget]) -> AffectedTarget:
    """``result``, with the named contexts among its bases that are targets whose images change."""
    contexts = result.target.options.contexts
    linked = {name: contexts.get(name, "") for name in sorted(result.bases)}
    changed = tuple(
        name
        for name, value in linked.items()
        if value.startswith(_LINK) and (other := done.get(value.removeprefix(_LINK))) and other.image
    )
    if not changed:
        return result
    return replace(result, image=(*result.image, ImageChange(kind=ImageChangeKind.BASE, names=changed)))


def _renamed(target: BuildTarget, change: Change) -> BuildTarget | None:
    """``target`` before the change, if its Dockerfile had another name; None if it is new."""
    from stagegraph.rebuild.renamed import paths_before

    paths = paths_before(target.dockerfile, target.context, change.before, change.after)
    return replace(target, dockerfile=paths[0], context=paths[1]) if paths else None


def _all(state: BuildState, status: StepStatus) -> tuple[StepImpact, ...]:
    """Every step of a build with one status and one reason; sources are cached."""
    kind = ReasonKind.NEW if status is StepStatus.RUNS_AGAIN else ReasonKind.INSTRUCTION
    return tuple(
        step
        if step.kind in (StepKind.SOURCE, StepKind.RESULT)
        else replace(step, status=status, reasons=(Reason(kind=kind, line=step.line),))
        for step in affected(state, state).steps
    )


def _links(target: BuildTarget) -> Iterator[str]:
    """The names of the targets that are named contexts of ``target``."""
    for value in target.options.contexts.values():
        if value.startswith(_LINK):
            yield value.removeprefix(_LINK)


def _linked_last(targets: Sequence[BuildTarget]) -> list[BuildTarget]:
    """``targets``, each after those that it has as contexts; in their order where these form a cycle."""
    import networkx

    by_name = {one.name: one for one in targets}
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_nodes_from(by_name)
    graph.add_edges_from((other, one.name) for one in targets for other in _links(one) if other in by_name)
    if not networkx.is_directed_acyclic_graph(graph):
        return list(by_name.values())  # bake rejects it
    return [by_name[name] for name in networkx.lexicographical_topological_sort(graph)]


def _changed_contexts(
    target: BuildTarget, old: BuildFiles, new: BuildFiles, done: Mapping[str, AffectedTarget]
) -> Iterator[str]:
    """The names of the named contexts of ``target`` that are, or may be, others after the change."""
    for name, value in target.options.contexts.items():
        if value.startswith(_LINK):
            other = done.get(value.removeprefix(_LINK))
            changed = other is None or other.status is not StepStatus.CACHED
        else:
            path = posixpath.normpath(value)
            changed = "://" not in value and old.digest_at(path) != new.digest_at(path)
        if changed:
            yield name


def _with_contexts(result: AffectedTarget, changed: Iterable[str]) -> AffectedTarget:
    """``result``, in which what reads one of the ``changed`` named contexts may run again too."""
    starts = tuple(f"[context {name}] " for name in changed)  # how the steps that load them are called
    if not starts:
        return result
    steps = list(result.steps)
    reached: set[int] = set()
    for position, step in enumerate(steps):
        above = tuple(one for one in step.inputs if one in reached)
        if above or step.name.startswith(starts):
            reached.add(position)
        if above and step.status is StepStatus.CACHED:
            reasons = tuple(Reason(kind=ReasonKind.STEP, step=one, line=steps[one].line) for one in above)
            steps[position] = replace(step, status=StepStatus.MAY_RUN, reasons=reasons)
    return replace(result, steps=tuple(steps))
