"""Files and folders as BuildKit hashes them: type, mode, owner, link target and bytes, but not the time.

A tree is shared by all that read it: folders are listed, and files are hashed, when that is first asked for.
Rules: moby/buildkit cache/contenthash/checksum.go and filehash.go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from stagegraph.errors import InputError

Children = Mapping[str, "Node"]
_NOTHING: Children = {}
DEEPEST = 400  # folders inside each other; deeper ones are not supported


class NodeKind(StrEnum):
    """What an entry of a folder is."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"  # a symbolic link
    OTHER = "other"  # a device, a pipe


class Node:
    """One file, folder or link. Nothing changes it; what is computed on first use is kept.

    ``mode`` are the permission bits. ``content`` of a file is a text that is equal for equal bytes, or a
    function that returns it. ``start`` returns at most so many of its first bytes.
    """

    __slots__ = ("_children", "_content", "_digest", "_start", "kind", "mode", "owner", "target")

    def __init__(
        self,
        kind: NodeKind,
        mode: int,
        *,
        owner: str = "",
        target: str = "",
        content: str | Callable[[], str] = "",
        start: Callable[[int], bytes] | None = None,
        children: Children | Callable[[], Children] = _NOTHING,
    ) -> None:
        self.kind = kind
        self.mode = mode
        self.owner = owner  # as --chown and --chmod set it; "" for what BuildKit gives files of a context
        self.target = target  # of a link
        self._content = content
        self._start = start
        self._children = children
        self._digest = b""

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.kind is NodeKind.FOLDER

    @property
    def children(self) -> Children:
        """The entries of a folder by name, sorted; InputError if it cannot be listed."""
        if callable(self._children):
            self._children = self._children()
        return self._children

    @property
    def content(self) -> str:
        """What identifies the bytes of a file; InputError if it cannot be read."""
        if callable(self._content):
            self._content = self._content()
        return self._content

    def start(self, length: int) -> bytes | None:
        """The first ``length`` bytes of a file; None if they are not known."""
        return self._start(length) if self._start else None

    @property
    def header(self) -> bytes:
        """The digest of the entry itself: of a folder without what is in it."""
        if not self.is_folder and self._digest:
            return self._digest
        text = f"{self.kind}\0{self.mode:o}\0{self.owner}\0{self.target}\0"
        if self.kind is NodeKind.FILE:
            text += self.content
        return digest_of([text.encode("utf-8", "surrogateescape")])

    @property
    def digest(self) -> bytes:
        """The digest of the entry and of everything in it."""
        if not self._digest:
            header = self.header
            self._digest = digest_of([header, *self._digests_inside()]) if self.is_folder else header
        return self._digest

    def _digests_inside(self) -> Iterable[bytes]:
        for name, child in self.children.items():
            yield name.encode("utf-8", "surrogateescape")
            yield child.digest

    def with_children(self, children: Children) -> Node:
        """This folder with other entries."""
        return Node(self.kind, self.mode, owner=self.owner, children=dict(sorted(children.items())))

    def with_owner(self, owner: str, *, sets_mode: bool) -> Node:
        """The entry and everything in it with ``owner``, and without its mode if ``owner`` has one."""
        return Node(
            self.kind,
            0 if sets_mode else self.mode,
            owner=owner,
            target=self.target,
            content=lambda: self.content,
            start=self._start,
            children=lambda: {
                name: child.with_owner(owner, sets_mode=sets_mode) for name, child in self.children.items()
            },
        )


def folder(children: Children = _NOTHING, mode: int = 0o755) -> Node:
    """A folder with ``children``."""
    return Node(NodeKind.FOLDER, mode, children=dict(sorted(children.items())))


def folder_of(children: Callable[[], Children]) -> Node:
    """A folder whose entries ``children`` returns, sorted, when they are first asked for."""
    return Node(NodeKind.FOLDER, 0o755, children=children)


def patched(root: Node, removed: Iterable[str], added: Mapping[str, Node]) -> Node:
    """The folder ``root`` without the files ``removed`` and with ``added``, by path.

    Folders without a changed file stay the same objects, and empty ones go, as in git.
    """
    without = _patched(root, _by_folder(dict.fromkeys(removed)))
    return _patched(without, _by_folder(added))


def pruned(one: Node, other: Node) -> tuple[Node, Node]:
    """Two folders without the entries that are equal in both."""
    left: dict[str, Node] = {}
    right: dict[str, Node] = {}
    for name in one.children.keys() | other.children.keys():
        mine, theirs = one.children.get(name), other.children.get(name)
        if mine and theirs:
            if mine is theirs or mine.digest == theirs.digest:
                continue
            if mine.is_folder and theirs.is_folder:
                mine, theirs = pruned(mine, theirs)
        left |= {name: mine} if mine else {}
        right |= {name: theirs} if theirs else {}
    return one.with_children(left), other.with_children(right)


def _by_folder(files: Mapping[str, Node | None]) -> dict[str, Any]:
    """``files`` as nested dictionaries; None is a file that goes."""
    result: dict[str, Any] = {}
    for path, node in files.items():
        *parents, name = path.split("/")
        inside = result
        for part in parents:
            inside = inside.setdefault(part, {})
        inside[name] = node
    return result


def _patched(node: Node, changes: Mapping[str, Any]) -> Node:
    if not changes:
        return node
    children = dict(node.children)
    for name, change in changes.items():
        if isinstance(change, dict):
            below = children.get(name)
            change = _patched(below if below is not None and below.is_folder else folder(), change)
            change = change if change.children else None
        if change is None:
            children.pop(name, None)
        else:
            children[name] = change
    return node.with_children(children)


def digest_of(parts: Iterable[bytes]) -> bytes:
    """The digest of ``parts``, each with its length."""
    result = hashlib.blake2b(digest_size=20)
    for part in parts:
        result.update(b"%d:" % len(part))
        result.update(part)
    return result.digest()


def grafted(root: Node, parts: tuple[str, ...], node: Node) -> Node:
    """``root`` with ``node`` at the path ``parts``; folders at the same path become one."""
    if not parts:
        return _merged(root, node)
    name, *rest = parts
    child = root.children.get(name)
    if child is None or not child.is_folder:
        child = folder() if rest or node.is_folder else node
    return root.with_children({**root.children, name: grafted(child, tuple(rest), node)})


def _merged(old: Node, new: Node) -> Node:
    if not (old.is_folder and new.is_folder):
        return new
    children = dict(old.children)
    for name, child in new.children.items():
        children[name] = _merged(children[name], child) if name in children else child
    return new.with_children(children)


def with_changed(root: Node, paths: frozenset[str]) -> Node:
    """``root`` as if the files at ``paths`` had other bytes, and those that are not there had been.

    Raises InputError for a path with too many folders.
    """
    changes: dict[str, Any] = {}
    for path in sorted(paths):  # a folder comes before what is in it
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if len(parts) > DEEPEST:
            raise InputError(f"{path[:80]}: more than {DEEPEST} folders inside each other")
        if not parts:
            return _other(root)
        _add_change(changes, parts)
    return _with_changes(root, changes)


def _add_change(changes: dict[str, Any], parts: Sequence[str]) -> None:
    """Mark a path in nested dictionaries; None is a file or folder that changed as a whole."""
    inside = changes
    for part in parts[:-1]:
        inside = inside.setdefault(part, {})
        if inside is None:
            return
    inside[parts[-1]] = None


def _with_changes(node: Node, changes: Mapping[str, Any]) -> Node:
    children = dict(node.children)
    for name, below in changes.items():
        child = children.get(name)
        if below is not None:
            children[name] = _with_changes(child if child and child.is_folder else folder(), below)
        else:
            children[name] = _other(child) if child else Node(NodeKind.FILE, 0o644, content="removed")
    return node.with_children(children)


def _other(node: Node) -> Node:
    """An entry with other bytes; a folder with other files."""
    if node.is_folder:
        return node.with_children({name: _other(child) for name, child in node.children.items()})
    target = f"{node.target}?" if node.target else ""
    return Node(node.kind, node.mode, target=target, content=lambda: f"{node.content}?")
