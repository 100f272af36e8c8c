"""How the matched stages of two builds differ: name, base, platform and instructions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from stagegraph.comparison.bodies import StageBody
from stagegraph.comparison.changes import Change, NodeChange
from stagegraph.model import NodeKind, Report

MOST_ORDERED = 1_000  # above this many differing items their order is ignored: SequenceMatcher is quadratic

Span = tuple[int, int]  # start, end (exclusive)


class ComparedBuild(NamedTuple):
    """One of the two builds; node ``i`` of ``report`` is the stage of body ``i``."""

    report: Report
    bodies: Sequence[StageBody]


def stage_changes(old: ComparedBuild, new: ComparedBuild, stages: Mapping[int, int]) -> Iterator[NodeChange]:
    """The differing stages among the matched ``stages`` (old index to new), in the order of the new build."""
    for index, other in sorted(stages.items(), key=lambda pair: pair[1]):
        before, after = old.bodies[index], new.bodies[other]
        details = (*_details(before, after, stages, old.report, new.report),)
        removed, added = _instructions(before, after, stages)
        changed = bool(details or removed or added)
        if changed or before.name != after.name:
            node = new.report.nodes[other]
            yield NodeChange(
                id=node.id,
                change=Change.CHANGED if changed else Change.RENAMED,
                kind=NodeKind.STAGE,
                old=old.report.nodes[index].label,
                new=node.label,
                line=node.line,
                details=(*details, *_counts(removed, added)),
                removed=removed,
                added=added,
            )


def _details(
    old: StageBody, new: StageBody, stages: Mapping[int, int], old_report: Report, new_report: Report
) -> Iterator[str]:
    """The differences in base and platform, as text."""
    # -1 is an image; -2 is a stage of the old build that the new one does not have
    old_base = -1 if old.base_stage is None else stages.get(old.base_stage, -2)
    new_base = -1 if new.base_stage is None else new.base_stage
    if (old.base, old_base) != (new.base, new_base):
        yield f"base {_base(old, old_report)} → {_base(new, new_report)}"
    if old.platform != new.platform:
        yield f"platform {old.platform or '(default)'} → {new.platform or '(default)'}"


def _base(body: StageBody, report: Report) -> str:
    return body.base if body.base_stage is None else report.nodes[body.base_stage].label


def _instructions(
    old: StageBody, new: StageBody, stages: Mapping[int, int]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The instructions that only the old and only the new stage has, each in order."""
    itself = {index: index for index in stages.values()}
    before = [instruction.renumbered(stages) for instruction in old.instructions]
    after = [instruction.renumbered(itself) for instruction in new.instructions]
    removed: list[str] = []
    added: list[str] = []
    for (start, end), (new_start, new_end) in differences(before, after):
        removed += [instruction.written for instruction in old.instructions[start:end]]
        added += [instruction.written for instruction in new.instructions[new_start:new_end]]
    return tuple(removed), tuple(added)


def _counts(removed: Sequence[str], added: Sequence[str]) -> Iterator[str]:
    """The number of differing instructions: "2 instructions changed, 1 added"."""
    changed = min(len(removed), len(added))
    counts = {"changed": changed, "added": len(added) - changed, "removed": len(removed) - changed}
    parts = [(count, word) for word, count in counts.items() if count]
    if parts:
        (count, word), *rest = parts
        first = f"{count} instruction{'' if count == 1 else 's'} {word}"
        yield ", ".join([first, *(f"{more} {other}" for more, other in rest)])


def differences(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[tuple[Span, Span]]:
    """The spans of ``old`` and ``new`` that differ; the time is linear in the equal start and end."""
    start = _common_start(old, new)
    before, after = old[start:], new[start:]
    end = _common_start(before[::-1], after[::-1])
    before, after = before[: len(before) - end], after[: len(after) - end]
    few = len(before) + len(after) <= MOST_ORDERED
    for (first, last), (new_first, new_last) in (
        _ordered_differences(before, after) if few else _unordered_differences(before, after)
    ):
        yield (first + start, last + start), (new_first + start, new_last + start)


def _common_start(old: Sequence[Hashable], new: Sequence[Hashable]) -> int:
    """The length of the common prefix."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((index for index, (one, two) in pairs if one != two), min(len(old), len(new)))


def _ordered_differences(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[tuple[Span, Span]]:
    for kind, first, last, new_first, new_last in SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        if kind != "equal":
            yield (first, last), (new_first, new_last)


def _unordered_differences(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[tuple[Span, Span]]:
    """The items that one has more often than the other; everything if only the order differs."""
    removed, added = [*_surplus(old, new)], [*_surplus(new, old)]
    if not (removed or added):
        yield (0, len(old)), (0, len(new))
    for index in removed:
        yield (index, index + 1), (0, 0)
    for index in added:
        yield (0, 0), (index, index + 1)


def _surplus(items: Sequence[Hashable], others: Sequence[Hashable]) -> Iterator[int]:
    """The indexes of ``items`` that ``others`` does not have, counting repetitions."""
    left = Counter(others)
    for index, item in enumerate(items):
        if left[item] > 0:
            left[item] -= 1
        else:
            yield index
