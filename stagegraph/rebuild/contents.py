"""What is known about the files that a step leaves behind: copied files on top of something unknown.

Rules for where copied files land: tonistiigi/fsutil copy/copy.go, prepareTargetDir, with
CopyDirContentsOnly as moby/buildkit frontend/dockerfile/dockerfile2llb/convert_copy.go sets it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from stagegraph.dockerfile.actions import CopyAction, CopyPart, WorkdirAction
from stagegraph.graph.steps import CONTEXT_WORDS, RawStep
from stagegraph.model import StepKind
from stagegraph.rebuild.context import FileEntry, in_memory
from stagegraph.rebuild.keys import copy_selector
from stagegraph.rebuild.selection import SelectionError, Selector, resolve, selected
from stagegraph.rebuild.tree import Node, NodeKind, folder, grafted

_ARCHIVES = (
    ".tar",
    ".tgz",
    ".tar.gz",
    ".tar.xz",
    ".txz",
    ".tar.bz2",
    ".tbz2",
    ".tbz",
    ".tar.zst",
    ".gz",
    ".xz",
)
_MAGIC = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")


class Write(NamedTuple):
    """What a step wrote at ``path`` or below, with contents or names that are unknown."""

    path: str
    step: int


class Files(NamedTuple):
    """The files of one output: ``tree`` over the output of the step ``base``, or over nothing."""

    base: int | None
    tree: Node
    writes: tuple[Write, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether the tree is all there is."""
        return self.base is None and not self.writes


_EMPTY = Files(None, folder())


class Contents:
    """The files of the outputs of ``steps``; ``context`` returns the filtered build context."""

    def __init__(self, steps: Sequence[RawStep], context: Callable[[], Node]) -> None:
        self._steps = steps
        self._context = context
        self._known: dict[int, Files] = {}

    def of(self, position: int | None) -> Files:
        """The files of the output of the step at ``position``, None for scratch."""
        if position is None:
            return _EMPTY
        waiting = [position]
        while waiting:
            needed = [one for one in self._needs(waiting[-1]) if one not in self._known]
            if needed:
                waiting.extend(needed)
            else:
                one = waiting.pop()
                self._known[one] = self._files(one)
        return self._known[position]

    def _needs(self, position: int) -> list[int]:
        """The steps whose files decide those of the step at ``position``."""
        step = self._steps[position]
        if step.kind is StepKind.EXEC or position in self._known:
            return []
        return [one for one in (step.onto, *step.reads) if one is not None]

    def _files(self, position: int) -> Files:
        step = self._steps[position]
        work = step.work
        below = _EMPTY if step.onto is None else self._known.get(step.onto, _EMPTY)
        if isinstance(work, WorkdirAction):
            return below._replace(tree=grafted(below.tree, _parts(work.path), folder()))
        if isinstance(work, CopyAction):
            return self._copied(step, work, below, position)
        if step.words == CONTEXT_WORDS:
            return Files(None, self._context())
        if step.words[:1] == ("document",):
            name, text, mode = step.words[1:]
            node = in_memory(FileEntry(text.encode("utf-8", "surrogateescape"), int(mode, 8)))
            return Files(None, grafted(folder(), _parts(name), node))
        if step.words[:1] == ("cache",):
            uid, gid, mode = step.words[1:]  # the mode is decimal
            made = Node(NodeKind.FOLDER, int(mode or 0o755), owner=f"{uid or 0}:{gid or 0}")
            return below._replace(tree=grafted(below.tree, ("cache",), made))
        if step.kind is StepKind.RESULT:
            return below
        return Files(position, folder())

    def _copied(self, step: RawStep, action: CopyAction, below: Files, position: int) -> Files:
        reads = step.reads
        if step.kind is StepKind.MERGE:
            assert reads[0] is not None
            position = reads[0]
            reads = self._steps[position].reads
        files = below
        for part, read in zip(action.parts, reads, strict=True):
            written = self._written(action, part, read, files)
            if written is None:
                files = files._replace(writes=(*files.writes, Write(_target(action), position)))
            else:
                tree = files.tree
                for path, node in written:
                    tree = grafted(tree, _parts(path), node)
                files = files._replace(tree=tree)
        return files

    def _written(
        self, action: CopyAction, part: CopyPart, read: int | None, files: Files
    ) -> list[tuple[str, Node]] | None:
        """The paths and files that a part writes; None if they are unknown."""
        source = _EMPTY if read is None else self._known[read]
        if part.remote is not None or not source.is_known:
            return None
        try:
            written = list(_landing(action, part, source.tree, files))
        except (SelectionError, _UnknownError):
            return None
        owner, mode = action.options[:2]
        if not owner and not mode:
            return written
        tag = f"{owner} {mode}"
        return [(path, node.with_owner(tag, sets_mode=bool(mode))) for path, node in written]


class _UnknownError(Exception):
    """Where files land is unknown."""


def _landing(action: CopyAction, part: CopyPart, source: Node, files: Files) -> Iterator[tuple[str, Node]]:
    selector = copy_selector(part, action)
    target = _target(action)
    unpacks = part.options[:1] == ("True",)
    if selector.is_plain or not (selector.include or selector.exclude):
        for path, node in _sources(source, selector):
            yield _landed(action, files, path, node, unpacks=unpacks)
        return
    for entry in selected(source, selector):
        node = folder(mode=entry.node.mode) if entry.node.is_folder else entry.node
        if entry.inside:
            yield f"{target}/{entry.inside}", node
        elif node.is_folder:
            yield target, node
        else:
            yield _landed(action, files, entry.path, node, unpacks=unpacks)


def _sources(source: Node, selector: Selector) -> Iterator[tuple[str, Node]]:
    if not selector.wildcard:
        node = resolve(source, selector.path, follow=True)[1]
        if node is None:
            raise SelectionError(selector.path)
        yield selector.path, node
        return
    within = ""
    for entry in selected(source, selector):
        if within and entry.path.startswith(f"{within}/"):
            continue
        within = entry.path
        node = resolve(source, entry.path, follow=True)[1]
        if node is not None:
            yield entry.path, node


def _landed(action: CopyAction, files: Files, path: str, node: Node, *, unpacks: bool) -> tuple[str, Node]:
    target = _target(action)
    if node.is_folder:
        return target, node
    if unpacks and node.kind is NodeKind.FILE and _may_be_archive(path, node):
        raise _UnknownError
    if action.target.endswith(("/", "/.")) or len(action.parts) > 1:
        return f"{target}/{posixpath.basename(path)}", node
    there = resolve(files.tree, target, follow=True)[1]
    if there is not None and there.is_folder:
        return f"{target}/{posixpath.basename(path)}", node
    if there is None and not files.is_known:
        raise _UnknownError  # a folder of that name may be below
    return target, node


def _may_be_archive(path: str, node: Node) -> bool:
    if path.endswith(_ARCHIVES):
        return True
    start = node.start(512)
    return start is None or start.startswith(_MAGIC) or start[257:262] == b"ustar"


def _target(action: CopyAction) -> str:
    return posixpath.normpath(action.target)


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part)
