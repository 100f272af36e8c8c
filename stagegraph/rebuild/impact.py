"""What a change makes BuildKit run again, step by step, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from stagegraph.graph.steps import CONTEXT_WORDS, RawStep
from stagegraph.model import StepKind
from stagegraph.rebuild.keys import KeyInput
from stagegraph.rebuild.lookup import Lookup, Match, Side
from stagegraph.rebuild.selection import SelectionError, Selector, resolve, selected
from stagegraph.rebuild.state import BuildState
from stagegraph.rebuild.tree import Node, pruned

_MOST_COMPARED = 200  # steps that are looked at for the one that a changed step was before
_VARIABLE = r"\$\{?(\w+)"


class StepStatus(StrEnum):
    """What happens to a step in the second build."""

    RUNS_AGAIN = "runs again"
    MAY_RUN = "may run again"  # only if a step above it that runs again writes something else
    CACHED = "cached"


class ReasonKind(StrEnum):
    """Why a step is not cached."""

    FILES = "files"  # names: paths of the context that were changed, added or removed
    MISSING = "missing"  # names: source paths that do not exist; the build fails there
    VARIABLE = "variable"  # names: arguments or environment variables
    INSTRUCTION = "instruction"  # names: the parts of its definition that changed
    IMAGE = "image"  # names: the image before, the image after
    STEP = "step"  # the step above it, of which it continues or reads the output
    NEW = "new"  # there was no such step


class Reason(Struct, frozen=True, kw_only=True):
    """One reason; ``step`` is a position in ``Impact.steps``, ``line`` that of the instruction at fault."""

    kind: ReasonKind
    names: tuple[str, ...] = ()
    step: int | None = None
    line: int | None = None


class StepImpact(Struct, frozen=True, kw_only=True):
    """One step of the build after the change; ``inputs`` are positions in ``Impact.steps``.

    ``stages`` are the indexes of its stages. ``reasons`` has what changed itself first, then steps above.
    ``note`` says what was taken as unchanged because it cannot be known.
    """

    id: int
    name: str
    kind: StepKind
    line: int | None
    stages: tuple[int, ...]
    inputs: tuple[int, ...]
    status: StepStatus
    reasons: tuple[Reason, ...] = ()
    note: str = ""


class Impact(Struct, frozen=True, kw_only=True):
    """All steps of the build after a change, inputs before the steps that read them."""

    steps: tuple[StepImpact, ...]

    def with_status(self, status: StepStatus) -> tuple[StepImpact, ...]:
        """The steps of instructions with ``status``: without sources and results."""
        shown = (StepKind.SOURCE, StepKind.RESULT)
        return tuple(step for step in self.steps if step.status is status and step.kind not in shown)

    @property
    def runs_again(self) -> tuple[StepImpact, ...]:
        """The steps that run again, certainly."""
        return self.with_status(StepStatus.RUNS_AGAIN)

    @property
    def may_run(self) -> tuple[StepImpact, ...]:
        """The steps that run again only if a step above them writes something else."""
        return self.with_status(StepStatus.MAY_RUN)

    @property
    def cached(self) -> tuple[StepImpact, ...]:
        """The steps that are cached, certainly."""
        return self.with_status(StepStatus.CACHED)


def affected(before: BuildState, after: BuildState) -> Impact:
    """What BuildKit runs again when it builds ``after`` with the cache that building ``before`` left.

    Images, downloads and named contexts outside of the files are taken as unchanged, with a note. Raises
    InputError for files that cannot be read and for an invalid ignore file.
    """
    lookup = Lookup(Side(before), Side(after))
    explainer = Explainer(lookup)
    return Impact(steps=tuple(explainer.step(position) for position in range(len(after.build.steps))))


class Explainer:
    """Explains for each step of a build after a change whether it runs again, and why."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._before = lookup.before
        self._after = lookup.after

    def is_cached(self, position: int) -> bool:
        """Whether the step is cached, certainly."""
        return bool(self._lookup.same[position])

    def step(self, position: int) -> StepImpact:
        """The step at ``position`` with its status and reasons."""
        step = self._after.steps[position]
        status = self._status(position)
        reasons = () if status is StepStatus.CACHED else tuple(dict.fromkeys(self._reasons(position, status)))
        return StepImpact(
            id=position,
            name=step.name,
            kind=step.kind,
            line=step.span.line if step.span else None,
            stages=tuple(step.stages),
            inputs=step.inputs,
            status=status,
            reasons=reasons,
            note=_note(step),
        )

    def _status(self, position: int) -> StepStatus:
        if self._lookup.same[position]:
            return StepStatus.CACHED
        return StepStatus.MAY_RUN if self._lookup.maybe[position] else StepStatus.RUNS_AGAIN

    def _reasons(self, position: int, status: StepStatus) -> Iterator[Reason]:
        candidates = self._lookup.maybe[position] if status is StepStatus.MAY_RUN else ()
        other = self._nearest(position, sorted(candidates) or self._lookup.candidates(position))
        if other is None:
            yield Reason(kind=ReasonKind.NEW, line=self._line(position))
            return
        above = []
        yield from self._changed_parts(position, other)
        for new, old in zip(self._after.keys[position].inputs, self._before.keys[other].inputs, strict=False):
            if self._lookup.input_match(new, old) is not Match.YES:
                if self._after.steps[new.step].words == CONTEXT_WORDS:
                    yield from self._changed_files(new, old, position)
                else:
                    above.append(new.step)
        for one in above:
            yield Reason(kind=ReasonKind.STEP, step=one, line=self._line(one))

    def _line(self, position: int) -> int | None:
        span = self._after.steps[position].span
        return span.line if span else None

    def _nearest(self, position: int, candidates: list[int]) -> int | None:
        """The step before the change that this one was, most likely."""
        step, key = self._after.steps[position], self._after.keys[position]
        if not candidates:
            operation = key.definition[0]
            candidates = [
                one for one, known in enumerate(self._before.keys) if known.definition[0] == operation
            ]
        own = _text(self._after, step)

        def likeness(one: int) -> tuple[int, bool, int]:
            other, known = self._before.steps[one], self._before.keys[one]
            equal = sum(a == b for a, b in zip(key.definition, known.definition, strict=False))
            matched = sum(
                self._lookup.input_match(a, b) is Match.YES
                for a, b in zip(key.inputs, known.inputs, strict=False)
            )
            return equal + 2 * matched, _text(self._before, other) == own, -abs(position - one)

        return max(candidates[:_MOST_COMPARED], key=likeness, default=None)

    def _changed_parts(self, position: int, other: int) -> Iterator[Reason]:
        """The parts of the definition that changed."""
        new, old = (dict(side.keys[one].definition) for side, one in self._both(position, other))
        changed = [name for name, value in new.items() if old.get(name) != value]
        step = self._after.steps[position]
        line = self._line(position)
        if step.kind is StepKind.SOURCE:
            if changed:
                yield Reason(kind=ReasonKind.IMAGE, names=(self._name(other), _title(step)), line=line)
            return
        if "environment" in changed:
            names = _changed_variables(old["environment"], new["environment"])
            yield Reason(kind=ReasonKind.VARIABLE, names=names, line=line)
            changed.remove("environment")
        if changed and _text(self._before, self._before.steps[other]) == _text(self._after, step):
            names = tuple(dict.fromkeys(re.findall(_VARIABLE, _text(self._after, step))))
            if names:
                yield Reason(kind=ReasonKind.VARIABLE, names=names, line=line)
                return
        if changed:
            yield Reason(kind=ReasonKind.INSTRUCTION, names=tuple(changed), line=line)

    def _both(self, position: int, other: int) -> tuple[tuple[Side, int], tuple[Side, int]]:
        return (self._after, position), (self._before, other)

    def _name(self, other: int) -> str:
        return _title(self._before.steps[other])

    def _changed_files(self, new: KeyInput, old: KeyInput, position: int) -> Iterator[Reason]:
        """The files of the context that are different among those that are read."""
        line = self._line(position)
        missing = tuple(one.path for one in new.selectors if self._is_missing(one.path, new))
        if self._after.digest(new) is None and missing:
            yield Reason(kind=ReasonKind.MISSING, names=missing, line=line)
            return
        changed = set(_changed_paths(self._before.state.tree, self._after.state.tree, new, old))
        yield Reason(kind=ReasonKind.FILES, names=tuple(sorted(changed)), line=line)

    def _is_missing(self, path: str, part: KeyInput) -> bool:
        if any(one.wildcard for one in part.selectors if one.path == path):
            return False
        try:
            return resolve(self._after.state.tree, path, follow=True)[1] is None
        except SelectionError:
            return True


def _changed_paths(before: Node, after: Node, new: KeyInput, old: KeyInput) -> Iterator[str]:
    """The paths of the context that differ among those that two inputs read."""
    if new.selectors == old.selectors and all(one.is_plain for one in new.selectors):
        for selector in new.selectors:
            (path, ours), (_, theirs) = _there(after, selector), _there(before, selector)
            yield from _differences(theirs, ours, path.lstrip("/"))
        return
    trees = pruned(after, before) if new.selectors == old.selectors else (after, before)
    found = _other_entries(*trees, new, old) or _other_entries(after, before, new, old)
    yield from (path for path in found if not _is_same_folder(before, after, path))


def _is_same_folder(before: Node, after: Node, path: str) -> bool:
    """Whether there is a folder at ``path`` in both trees, with the same mode."""
    nodes = [_there(tree, Selector(f"/{path}", follow=False))[1] for tree in (before, after)]
    return all(node and node.is_folder for node in nodes) and len({n.header for n in nodes if n}) == 1


def _other_entries(after: Node, before: Node, new: KeyInput, old: KeyInput) -> set[str]:
    """The paths of the entries that differ, of two trees."""
    ours, theirs = _entries(after, new), _entries(before, old)
    return {path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path)}


def _there(tree: Node, selector: Selector) -> tuple[str, Node | None]:
    try:
        return resolve(tree, selector.path, follow=selector.follow)
    except SelectionError:
        return selector.path, None


def _differences(old: Node | None, new: Node | None, path: str) -> Iterator[str]:
    """The paths at which two trees differ; equal folders are not looked into."""
    if old is new or (old and new and old.digest == new.digest):
        return
    if path and (old is None or new is None or old.header != new.header):
        yield path
    ours, theirs = (node.children if node else {} for node in (new, old))
    for name in ours.keys() | theirs.keys():
        inside = f"{path}/{name}" if path else name
        yield from _differences(theirs.get(name), ours.get(name), inside)


def _entries(tree: Node, part: KeyInput) -> dict[str, bytes]:
    """The digests of the entries that ``part`` reads, by path in the context."""
    found: dict[str, bytes] = {}
    for selector in part.selectors:
        try:
            found.update((one.path.lstrip("/"), one.node.header) for one in selected(tree, selector))
        except SelectionError:
            continue
    return found


def _changed_variables(old: object, new: object) -> tuple[str, ...]:
    assert isinstance(old, tuple)
    assert isinstance(new, tuple)
    before, after = dict(old), dict(new)
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return tuple(sorted(names)) or tuple(after)  # equal values in another order


def _text(side: Side, step: RawStep) -> str:
    """The lines of the instruction as they are written."""
    if step.span is None:
        return ""
    source = side.state.build.source
    return "\n".join(source.line_at(line).strip() for line in range(step.span.line, step.span.end_line + 1))


def _title(step: RawStep) -> str:
    return step.words[1] if len(step.words) > 1 else step.name


def _note(step: RawStep) -> str:
    """What cannot be known about a source."""
    if step.kind is not StepKind.SOURCE:
        return ""
    kind, *words = step.words
    if kind == "image" and "@" not in words[0]:
        return f"the tag {words[0]} is taken as unchanged; it can move to another image"
    if kind == "context":
        return f"the named context {words[0]} is taken as unchanged"
    if kind == "remote" and words[0] == "file" and not words[2]:
        return f"{words[1]} is taken as unchanged; it has no checksum"
    if kind == "remote" and words[0] == "git":
        return f"{words[1]} is taken as unchanged; a reference can move to another commit"
    return ""
