"""Dead stages taken out of a Dockerfile, everything else kept byte for byte, and the proof.

The proof reads the new text with the same reader: every stage that is left must have the same base,
the same instructions and the same sources, and every target must need the same stages.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.check.check import explored
from stagegraph.check.comments import Extent, extents, top_lines
from stagegraph.check.known_builds import KnownBuilds, numbered_targets
from stagegraph.check.rules.registry import is_target, silenced_codes
from stagegraph.dockerfile.file import Dockerfile, read_dockerfile
from stagegraph.dockerfile.logical import source_from_bytes
from stagegraph.dockerfile.resolve import resolve
from stagegraph.dockerfile.stages import Resolved
from stagegraph.errors import StagegraphError
from stagegraph.model import Reach
from stagegraph.options import Options
from stagegraph.reach.reachability import Exploration
from stagegraph.reach.reads import PossibleReads, StageReads, trigger_numbers
from stagegraph.reach.selectors import FromChoices

_MARK = b"\xef\xbb\xbf"
_MOST_ALONE = 100  # stages tried one at a time
_MOST_TARGETS = 100
_Identity = tuple[object, ...]


class Mended(Struct, frozen=True, kw_only=True):
    """A file before and after, the stages that went, and the dead ones that had to stay.

    ``indexes`` are those of ``removed``.
    """

    before: bytes
    after: bytes
    removed: tuple[str, ...] = ()
    indexes: tuple[int, ...] = ()
    kept: tuple[str, ...] = ()


def mended(data: bytes, name: str, knowledge: KnownBuilds, codes: Collection[str]) -> Mended:
    """``data`` without its dead stages, as far as it is proved that nothing else changes.

    Raises StagegraphError when the file cannot be read.
    """
    source = source_from_bytes(data, name)
    file = read_dockerfile(source)
    of_stages = extents(file)
    exploration = explored(file, knowledge, of_stages)
    dead = _removable(file, exploration, of_stages, codes)
    if numbered_targets(knowledge):
        dead = ()  # a target that is a number would be another stage
    proof = _Proof(file, exploration)
    removed = dead if dead and proof.holds(_without(data, of_stages, dead), dead) else ()
    if dead and not removed:
        removed = _one_by_one(data, of_stages, dead, proof)
    titles = [stage.head.name or f"stage-{index}" for index, stage in enumerate(file.stages)]
    return Mended(
        before=data,
        after=_without(data, of_stages, removed),
        removed=tuple(titles[index] for index in removed),
        indexes=removed,
        kept=tuple(titles[index] for index in dead if index not in removed),
    )


def _removable(
    file: Dockerfile, exploration: Exploration, of_stages: Sequence[Extent], codes: Collection[str]
) -> tuple[int, ...]:
    """The dead stages that no comment keeps, and that nothing reads which stays."""
    if exploration.resolved is None:
        return ()
    dead = {index for index, one in enumerate(exploration.reached) if one.reach is Reach.DEAD}
    last = {stage.head.name: index for index, stage in enumerate(file.stages)}
    for index in sorted(dead):
        name = file.stages[index].head.name
        code = "shadowed-stage" if name and last[name] != index else "dead-stage"
        comments = of_stages[index].comments
        if code not in codes or code in silenced_codes(comments) or is_target(comments):
            dead.discard(index)
    possible = PossibleReads(StageReads(exploration.resolved), FromChoices(file))
    waiting = [index for index in range(len(file.stages)) if index not in dead]
    while waiting:
        read = {source for source, _ in possible.inputs(waiting.pop())} & dead
        dead -= read
        waiting.extend(read)
    return tuple(sorted(dead))


def _one_by_one(
    data: bytes, of_stages: Sequence[Extent], dead: Sequence[int], proof: _Proof
) -> tuple[int, ...]:
    """As many of ``dead`` as can go, the last ones first: numbers count the stages before them."""
    removed: tuple[int, ...] = ()
    for index in sorted(dead, reverse=True)[:_MOST_ALONE]:
        attempt = tuple(sorted((*removed, index)))
        if proof.holds(_without(data, of_stages, attempt), attempt):
            removed = attempt
    return removed


def _without(data: bytes, of_stages: Sequence[Extent], removed: Sequence[int]) -> bytes:
    """``data`` without the lines of the ``removed`` stages and the blank lines right below each."""
    if not removed:
        return data
    mark = _MARK if data.startswith(_MARK) else b""
    lines = _lines(data[len(mark) :])
    gone: set[int] = set()
    for index in removed:
        extent = of_stages[index]
        gone.update(range(extent.first, extent.last + 1))
        line = extent.last + 1
        while line <= len(lines) and not lines[line - 1].strip():
            gone.add(line)
            line += 1
    return mark + b"".join(text for number, text in enumerate(lines, 1) if number not in gone)


def _lines(data: bytes) -> list[bytes]:
    """``data`` in lines with their ends; only LF ends one, as in the reader."""
    parts = data.split(b"\n")
    last = parts.pop()
    return [part + b"\n" for part in parts] + ([last] if last else [])


class _Proof:
    """Compares what the reader says of a file before and after."""

    def __init__(self, file: Dockerfile, exploration: Exploration) -> None:
        self._file = file
        witnesses = [one.witness for one in exploration.reached if one.witness is not None]
        plain = [replace(one, target=None) for one in witnesses]
        self._questions = list({repr(one): one for one in (*plain, Options())}.values())
        names = [stage.head.name for stage in file.stages if stage.head.name]
        self._targets = list(dict.fromkeys(names))[:_MOST_TARGETS]

    def holds(self, data: bytes, removed: Collection[int]) -> bool:
        """Whether ``data`` is the file with the stages ``removed`` gone and nothing else changed."""
        try:
            after = read_dockerfile(source_from_bytes(data, self._file.source.name))
        except StagegraphError:
            return False
        kept = [index for index in range(len(self._file.stages)) if index not in removed]
        if len(after.stages) != len(kept) or not self._same_top(after):
            return False
        if any(number >= min(removed) for index in kept for number in trigger_numbers(self._file, index)):
            return False  # which questions run a trigger is not known, so none is asked
        return all(self._same(after, kept, question) for question in self._asked())

    def _same_top(self, after: Dockerfile) -> bool:
        """Parser directives and arguments are what they were."""
        before = [arg.text for arg in self._file.arguments]
        return top_lines(self._file) == top_lines(after) and before == [arg.text for arg in after.arguments]

    def _asked(self) -> Iterator[Options]:
        yield from self._questions
        yield from (replace(self._questions[0], target=name) for name in self._targets)

    def _same(self, after: Dockerfile, kept: Sequence[int], question: Options) -> bool:
        old, new = _resolved(self._file, question), _resolved(after, question)
        if old is None or new is None:
            return old is new
        number = {index: position for position, index in enumerate(kept)}
        if not {index for index in old.needed if index < len(self._file.stages)} <= number.keys():
            return False
        return _identities(old, kept, number) == _identities(
            new, range(len(kept)), {position: position for position in range(len(kept))}
        )


def _resolved(file: Dockerfile, question: Options) -> Resolved | None:
    try:
        return resolve(file, question, question.target or "", question.all_platforms[0])
    except StagegraphError:
        return None


def _identities(resolved: Resolved, kept: Sequence[int], number: dict[int, int]) -> list[_Identity]:
    """All that the graph knows of every stage that is left, sources by their new numbers."""
    count = len(resolved.file.stages)

    def source(index: int) -> object:
        return number.get(index, -1) if index < count else resolved.sources[index].base

    found: list[_Identity] = [(source(resolved.target), sorted(map(str, map(source, resolved.needed))))]
    for index in kept:
        place = resolved.sources[index]
        base = None if place.base_index is None else source(place.base_index)
        commands = tuple(
            (command.instruction.text, command.onbuild, tuple(map(source, command.sources)))
            for command in place.commands
        )
        found.append((place.name, place.base, base, str(place.platform), place.context, commands))
    return found
