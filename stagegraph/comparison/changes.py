"""The values that say how two builds differ."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from stagegraph.model import EdgeKind, NodeKind, Report

REMOVED_PREFIX = "old:"  # in front of the ids of nodes that only the old build has


class Change(StrEnum):
    """How a node or an edge differs between two builds."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"  # another name, the same body
    CHANGED = "changed"
    SAME = "same"


class NodeChange(Struct, frozen=True, kw_only=True):
    """A stage or source that differs between the two builds.

    ``id`` is the id of the node in the new build, or REMOVED_PREFIX and its id in the old build.
    ``removed`` and ``added`` are instructions of a stage as the Dockerfile has them.
    """

    id: str
    change: Change
    kind: NodeKind
    old: str = ""  # its label in the old build
    new: str = ""  # its label in the new build
    line: int | None = None  # of its FROM in the new build, or in the old build if only that has it
    details: tuple[str, ...] = ()  # "base node:16 → node:20"
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Its label in the new build, or in the old build if only that has it."""
        return self.new or self.old


class EdgeChange(Struct, frozen=True, kw_only=True):
    """A difference in what one node reads from another by one kind of instruction.

    ``source`` and ``target`` are ids as in NodeChange. ``removed`` and ``added`` describe the
    single reads: "/app → /app, line 3".
    """

    source: str
    target: str
    kind: EdgeKind
    selectable: bool  # only another build argument or platform creates it
    change: Change
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


class NeededChange(Struct, frozen=True, kw_only=True):
    """A target that needs other nodes than before; ``removed`` and ``added`` are their labels."""

    old: str  # the label of the target in the old build
    new: str
    asked: bool  # whether the new build builds it as its target
    removed: tuple[str, ...]
    added: tuple[str, ...]


class Comparison(Struct, frozen=True, kw_only=True):
    """How ``new`` differs from ``old``; ``pairs`` maps ids of matched nodes from old to new."""

    old: Report
    new: Report
    pairs: Mapping[str, str]
    nodes: tuple[NodeChange, ...]
    edges: tuple[EdgeChange, ...]
    needed: tuple[NeededChange, ...]

    @property
    def same(self) -> bool:
        """Whether the two build graphs are equal."""
        return not (self.nodes or self.edges or self.needed)

    @property
    def labels(self) -> dict[str, str]:
        """The label of every node of both builds, by its id as in NodeChange."""
        removed = {f"{REMOVED_PREFIX}{node.id}": node.label for node in self.old.nodes}
        return removed | {node.id: node.label for node in self.new.nodes}
