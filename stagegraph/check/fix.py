"""Removes dead stages, and idle ones if asked, from a Dockerfile, and verifies that nothing else changes.

Every other byte stays. To verify, the new text is parsed and resolved again: every stage that is left
must have the same base, the same instructions and the same sources, and every known build and every
target that is left must need the same stages.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.check.comments import Extent, extents, ignored_codes, is_target, top_lines
from stagegraph.check.idle_fix import IDLE, IdleStages, idle_stages
from stagegraph.check.known_builds import KnownBuilds, numbered_targets, reach_of_known_builds
from stagegraph.dockerfile.file import Dockerfile, read_dockerfile
from stagegraph.dockerfile.logical import source_from_bytes
from stagegraph.dockerfile.resolve import resolve
from stagegraph.dockerfile.stages import Resolved, reachable
from stagegraph.errors import StagegraphError
from stagegraph.model import Reach
from stagegraph.options import Options
from stagegraph.reach.from_choices import FromChoices
from stagegraph.reach.reachability import FileReach
from stagegraph.reach.reads import PossibleReads, StageReads, trigger_numbers

FIXED = frozenset({"dead-stage", "shadowed-stage"})  # the codes of the findings that a fix removes
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MOST_ATTEMPTS = 100  # stages that are removed one at a time
_MOST_TARGETS = 100  # for which the graphs are compared
_Identity = tuple[object, ...]


class FixedFile(Struct, frozen=True, kw_only=True):
    """A file before and after; the names of the removed stages, and of those that had to be kept.

    ``indexes`` are those of ``removed``; ``doubts`` has the idle stages that may be built after all, and why.
    """

    before: bytes
    after: bytes
    removed: tuple[str, ...] = ()
    indexes: tuple[int, ...] = ()
    kept: tuple[str, ...] = ()
    doubts: tuple[tuple[str, str], ...] = ()


def fix_dockerfile(
    data: bytes, name: str, known_builds: KnownBuilds, codes: Collection[str], *, idle: bool = False
) -> FixedFile:
    """``data`` without the dead stages whose removal is verified to change nothing else.

    With ``idle`` also without the stages that no known build needs, where all targets are known.
    Raises StagegraphError when the file cannot be parsed.
    """
    file = read_dockerfile(source_from_bytes(data, name))
    of_stages = extents(file)
    reach = reach_of_known_builds(file, known_builds, of_stages)
    unused = idle_stages(file, reach, known_builds, of_stages) if idle and IDLE in codes else IdleStages()
    removable = _removable(file, reach, of_stages, codes, unused.removable)
    if numbered_targets(known_builds):
        removable = ()  # a target that is a number would become another stage
    verification = _Verification(file, reach, known_builds, unused.removable)
    removed = _removed(data, of_stages, removable, verification) if removable else ()
    titles = [stage.head.name or f"stage-{index}" for index, stage in enumerate(file.stages)]
    return FixedFile(
        before=data,
        after=_without(data, of_stages, removed),
        removed=tuple(titles[index] for index in removed),
        indexes=removed,
        kept=tuple(titles[index] for index in removable if index not in removed),
        doubts=tuple((titles[index], why) for index, why in unused.doubts),
    )


def _removable(
    file: Dockerfile,
    reach: FileReach,
    of_stages: Sequence[Extent],
    codes: Collection[str],
    idle: Collection[int],
) -> tuple[int, ...]:
    """The dead stages that no comment keeps, and ``idle``, without those that a stage that stays can read."""
    if reach.resolved is None:
        return ()
    dead = {index for index, one in enumerate(reach.reached) if one.reach is Reach.DEAD}
    last = {stage.head.name: index for index, stage in enumerate(file.stages)}
    for index in sorted(dead):
        name = file.stages[index].head.name
        code = "shadowed-stage" if name and last[name] != index else "dead-stage"
        comments = of_stages[index].comments
        if code not in codes or code in ignored_codes(comments) or is_target(comments):
            dead.discard(index)
    dead.update(idle)
    possible = PossibleReads(StageReads(reach.resolved), FromChoices(file))
    staying = set(range(len(file.stages))) - dead
    return tuple(sorted(dead - reachable(staying, lambda index: _sources(possible, index))))


def _sources(possible: PossibleReads, index: int) -> Iterator[int]:
    return (source for source, _ in possible.inputs(index))


def _removed(
    data: bytes, of_stages: Sequence[Extent], dead: tuple[int, ...], verification: _Verification
) -> tuple[int, ...]:
    """All of ``dead`` if they can be removed together, else as many as can be removed one by one.

    Later stages go first, because a number in --from counts the stages above.
    """
    if verification.holds(_without(data, of_stages, dead), dead):
        return dead
    removed: tuple[int, ...] = ()
    for index in sorted(dead, reverse=True)[:_MOST_ATTEMPTS]:
        attempt = tuple(sorted((*removed, index)))
        if verification.holds(_without(data, of_stages, attempt), attempt):
            removed = attempt
    return removed


def _without(data: bytes, of_stages: Sequence[Extent], removed: Sequence[int]) -> bytes:
    """``data`` without the lines of the ``removed`` stages and the blank lines directly below each."""
    if not removed:
        return data
    mark = _BYTE_ORDER_MARK if data.startswith(_BYTE_ORDER_MARK) else b""
    lines = _lines(data[len(mark) :])
    numbers: set[int] = set()
    for index in removed:
        extent = of_stages[index]
        numbers.update(range(extent.first, extent.last + 1))
        line = extent.last + 1
        while line <= len(lines) and not lines[line - 1].strip():
            numbers.add(line)
            line += 1
    return mark + b"".join(text for number, text in enumerate(lines, 1) if number not in numbers)


def _lines(data: bytes) -> list[bytes]:
    """``data`` as lines with their ends; only LF ends a line, as in the parser."""
    parts = data.split(b"\n")
    last = parts.pop()
    return [part + b"\n" for part in parts] + ([last] if last else [])


class _Verification:
    """Compares how a file is resolved before and after stages were removed."""

    def __init__(
        self, file: Dockerfile, reach: FileReach, known_builds: KnownBuilds, idle: Collection[int]
    ) -> None:
        self._file = file
        witnesses = [one.witness for one in reach.reached if one.witness is not None]
        without_target = [replace(one, target=None) for one in witnesses]
        known = known_builds.questions if idle else ()
        self._questions = list({repr(one): one for one in (*without_target, Options(), *known)}.values())
        names = dict.fromkeys(stage.head.name for stage in file.stages if stage.head.name)
        self._targets = list(names)[:_MOST_TARGETS]
        self._idle = {file.stages[index].head.name for index in idle}

    def holds(self, data: bytes, removed: Collection[int]) -> bool:
        """Whether ``data`` is the file without the stages ``removed``, and nothing else differs."""
        try:
            after = read_dockerfile(source_from_bytes(data, self._file.source.name))
        except StagegraphError:
            return False
        kept = [index for index in range(len(self._file.stages)) if index not in removed]
        if len(after.stages) != len(kept) or not self._same_top(after):
            return False
        if any(number >= min(removed) for index in kept for number in trigger_numbers(self._file, index)):
            return False  # a trigger would read another stage, and no question may run it here
        left = {stage.head.name for stage in after.stages}
        targets = [name for name in self._targets if name in left or name not in self._idle]
        questions = (*self._questions, *(replace(self._questions[0], target=name) for name in targets))
        return all(self._same(after, kept, question) for question in questions)

    def _same_top(self, after: Dockerfile) -> bool:
        """Whether parser directives and global arguments are the same."""
        before = [arg.text for arg in self._file.arguments]
        return top_lines(self._file) == top_lines(after) and before == [arg.text for arg in after.arguments]

    def _same(self, after: Dockerfile, kept: Sequence[int], question: Options) -> bool:
        old, new = _resolved(self._file, question), _resolved(after, question)
        if old is None or new is None:
            return old is new
        number = {index: position for position, index in enumerate(kept)}
        if not {index for index in old.needed if index < len(self._file.stages)} <= number.keys():
            return False
        unchanged = {position: position for position in range(len(kept))}
        return _identities(old, kept, number) == _identities(new, range(len(kept)), unchanged)


def _resolved(file: Dockerfile, question: Options) -> Resolved | None:
    try:
        return resolve(file, question, question.target or "", question.all_platforms[0])
    except StagegraphError:
        return None


def _identities(resolved: Resolved, kept: Sequence[int], number: dict[int, int]) -> list[_Identity]:
    """Everything that decides the graph: the target, what it needs, and every stage in ``kept``.

    ``number`` has the index after the fix for each kept stage, so that both files give equal values.
    """
    count = len(resolved.file.stages)

    def source(index: int) -> object:
        return number.get(index, -1) if index < count else resolved.sources[index].base

    needed = sorted(map(str, map(source, resolved.needed)))
    identities: list[_Identity] = [(source(resolved.target), needed)]
    for index in kept:
        stage = resolved.sources[index]
        base = None if stage.base_index is None else source(stage.base_index)
        commands = tuple(
            (command.instruction.text, command.onbuild, tuple(map(source, command.sources)))
            for command in stage.commands
        )
        identities.append((stage.name, stage.base, base, str(stage.platform), stage.context, commands))
    return identities
