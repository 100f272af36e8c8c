"""The frozen values that say how two builds differ."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from stagegraph.model import EdgeKind, NodeKind, Report

REMOVED_PREFIX = "old:"  # before the ids of nodes that only the old build has


class Change(StrEnum):
    """What became of a node or an edge."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"  # another name, the same body
    CHANGED = "changed"
    SAME = "same"


class NodeChange(Struct, frozen=True, kw_only=True):
    """A stage or source that is not the same in both builds.

    ``id`` is that of the node in the new build, or that of the old one behind REMOVED_PREFIX.
    ``removed`` and ``added`` are instructions of a stage, as they are written.
    """

    id: str
    change: Change
    kind: NodeKind
    old: str = ""  # its label in the old build
    new: str = ""  # its label in the new build
    line: int | None = None  # of its FROM, in the build that has it; the new one if both have
    details: tuple[str, ...] = ()  # "base node:16 → node:20"
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Its label today, or its last one."""
        return self.new or self.old


class EdgeChange(Struct, frozen=True, kw_only=True):
    """How one node reads another by one kind of instruction, where that is not the same.

    ``source`` and ``target`` are ids as those of NodeChange; ``removed`` and ``added`` are what is
    read: "/app → /app, line 3".
    """

    source: str
    target: str
    kind: EdgeKind
    selectable: bool  # only another build argument or platform makes it
    change: Change
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


class NeededChange(Struct, frozen=True, kw_only=True):
    """A target that needs other nodes than before; the lists hold labels."""

    old: str  # the label of the target in the old build
    new: str
    asked: bool  # it is a target that was asked for
    removed: tuple[str, ...]
    added: tuple[str, ...]


class Comparison(Struct, frozen=True, kw_only=True):
    """How ``new`` differs from ``old``; ``pairs`` are the ids of the same nodes, old to new."""

    old: Report
    new: Report
    pairs: Mapping[str, str]
    nodes: tuple[NodeChange, ...]
    edges: tuple[EdgeChange, ...]
    needed: tuple[NeededChange, ...]

    @property
    def same(self) -> bool:
        """Whether the two build graphs do not differ."""
        return not (self.nodes or self.edges or self.needed)

    @property
    def labels(self) -> dict[str, str]:
        """The label of every node of both builds, by its id as those of NodeChange."""
        found = {f"{REMOVED_PREFIX}{node.id}": node.label for node in self.old.nodes}
        return found | {node.id: node.label for node in self.new.nodes}
