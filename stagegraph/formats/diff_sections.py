"""The differences between two builds as sections and rows, before any format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from stagegraph.comparison.changes import Change, Comparison, EdgeChange, NeededChange, NodeChange
from stagegraph.model import NodeKind
from stagegraph.source import printable
from stagegraph.units import counted

MOST_NAMES = 8  # of needed nodes in one row
MOST_TARGETS = 3  # in one row, which holds all targets with the same difference
SIGNS: Mapping[Change, str] = {
    Change.ADDED: "+",
    Change.REMOVED: "-",
    Change.CHANGED: "~",
    Change.RENAMED: "~",
}
_ORDER = (Change.ADDED, Change.REMOVED, Change.RENAMED, Change.CHANGED)


class ChangeRow(Struct, frozen=True, kw_only=True):
    """One difference: what differs and how, and the instructions or reads that were removed and added."""

    change: Change
    what: str
    detail: str = ""
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


class ChangeSection(Struct, frozen=True, kw_only=True):
    """The differences of one kind."""

    heading: str
    rows: tuple[ChangeRow, ...]


def change_headline(comparison: Comparison) -> str:
    """The names of the two builds."""
    return printable(f"{comparison.old.source} → {comparison.new.source}")


def change_summary(comparison: Comparison) -> str:
    """The numbers of differences, in one sentence."""
    stages = [change for change in comparison.nodes if change.kind is NodeKind.STAGE]
    sources = [change for change in comparison.nodes if change.kind is not NodeKind.STAGE]
    parts = [
        *_counted("stage", [change.change for change in stages]),
        *_counted("source", [change.change for change in sources]),
        *_counted("edge", [change.change for change in comparison.edges]),
    ]
    if comparison.needed:
        need = "needs" if len(comparison.needed) == 1 else "need"
        parts.append(f"{counted(len(comparison.needed), 'target')} now {need} something different")
    return f"{'; '.join(parts)}." if parts else "The two build graphs are the same."


def change_sections(comparison: Comparison) -> tuple[ChangeSection, ...]:
    """The sections: stages, images and other sources, edges, what targets need."""
    stages = [change for change in comparison.nodes if change.kind is NodeKind.STAGE]
    sources = [change for change in comparison.nodes if change.kind is not NodeKind.STAGE]
    labels = comparison.labels
    sections = (
        ChangeSection(heading="Stages", rows=tuple(map(_stage, _sorted(stages)))),
        ChangeSection(heading="Images and other sources", rows=tuple(map(_stage, _sorted(sources)))),
        ChangeSection(heading="Edges", rows=tuple(_edge(change, labels) for change in comparison.edges)),
        ChangeSection(heading="What targets need", rows=tuple(_needed(comparison.needed))),
    )
    return tuple(section for section in sections if section.rows)


def _counted(noun: str, changes: Sequence[Change]) -> Iterator[str]:
    counts = [(changes.count(change), change) for change in _ORDER if change in changes]
    if counts:
        (first, change), *rest = counts
        yield ", ".join([f"{counted(first, noun)} {change}", *(f"{count} {more}" for count, more in rest)])


def _sorted(changes: Sequence[NodeChange]) -> list[NodeChange]:
    return sorted(changes, key=lambda change: _ORDER.index(change.change))


def _stage(change: NodeChange) -> ChangeRow:
    renamed = change.old and change.new and change.old != change.new
    parts = [
        *(["renamed"] if renamed else []),
        *change.details,
        *([f"line {change.line}"] if change.line else []),
    ]
    return ChangeRow(
        change=change.change,
        what=printable(f"{change.old} → {change.new}" if renamed else change.label),
        detail=printable(", ".join(parts)),
        removed=tuple(map(printable, change.removed)),
        added=tuple(map(printable, change.added)),
    )


def _edge(change: EdgeChange, labels: Mapping[str, str]) -> ChangeRow:
    kind = f"selectable {change.kind.upper()}" if change.selectable else change.kind.upper()
    one = len(change.removed) + len(change.added) == 1
    return ChangeRow(
        change=change.change,
        what=printable(f"{labels[change.source]} → {labels[change.target]}"),
        detail=printable(f"{kind} {(*change.removed, *change.added)[0]}" if one else kind),
        removed=() if one else tuple(map(printable, change.removed)),
        added=() if one else tuple(map(printable, change.added)),
    )


def _needed(changes: Sequence[NeededChange]) -> Iterator[ChangeRow]:
    """One row for all targets with the same difference."""
    by_difference: dict[str, list[str]] = {}
    for change in changes:
        renamed = change.old != change.new
        name = f"{change.old} → {change.new}" if renamed else change.new
        by_difference.setdefault(_needs(change), []).append(name)
    for detail, names in by_difference.items():
        yield ChangeRow(
            change=Change.CHANGED, what=printable(_names(names, MOST_TARGETS)), detail=printable(detail)
        )


def _needs(change: NeededChange) -> str:
    parts = []
    if change.added:
        parts.append(f"now needs {_names(change.added, MOST_NAMES)}")
    if change.removed:
        parts.append(f"no longer needs {_names(change.removed, MOST_NAMES)}")
    return "; ".join(parts)


def _names(names: Sequence[str], most: int) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
