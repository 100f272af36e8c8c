"""The commits of a repository that changed a folder, with the files before and after each, newest first.

Each tree is made from that of the commit after it and the files that changed, so what did not change is the
same object in all of them, and git compares trees by their ids.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from stagegraph import git
from stagegraph.errors import InputError
from stagegraph.rebuild.git_tree import GitFile, Repository
from stagegraph.rebuild.tree import DEEPEST, Node, patched

_MARK = b"\x01"
_AT_ONCE = 64  # commits of which symbolic links are read with one git process
_NO_FILE = "000000"
_LOG = (
    "log",
    "--first-parent",
    "-m",  # a merge is compared with its first parent
    "--raw",
    "-z",
    "--no-abbrev",
    "--no-renames",
    "--no-relative",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--ignore-submodules=none",
    "--format=%x01%H %P",
)


class FileChange(NamedTuple):
    """A file that a commit changed: what it was before, and is after; None if there is none."""

    path: str
    before: GitFile | None
    after: GitFile | None


class Commit(NamedTuple):
    """A commit and the files that it changed; ``has_parent`` is False for the first one of a clone."""

    identity: str
    has_parent: bool
    changes: tuple[FileChange, ...]


class Revision(NamedTuple):
    """A commit, and the files of the repository before and after it.

    Files outside of the folder whose commits were asked for can be those of another commit.
    """

    commit: Commit
    before: Node
    after: Node


def revisions(repository: Repository, count: int, folder: str, newest: str = "HEAD") -> Iterator[Revision]:
    """The last ``count`` commits before ``newest``, and itself, that changed ``folder``, newest first.

    They are on the first-parent line. ``newest`` is HEAD or the id of a commit. The first commit of all, and
    the one at which a shallow clone ends, has nothing before it: it is left out.
    """
    after = repository.tree(repository.commit(newest))
    changes = _commits(repository, count, folder, newest)
    while some := list(islice(changes, _AT_ONCE)):
        repository.read_links(file for commit in some for file in _files(commit))
        for commit in some:
            if commit.has_parent:
                before = _before(repository, after, commit)
                yield Revision(commit, before, after)
                after = before


def _files(commit: Commit) -> Iterator[GitFile]:
    return (change.before for change in commit.changes if change.before)


def _before(repository: Repository, after: Node, commit: Commit) -> Node:
    removed = (change.path for change in commit.changes if change.after)
    added = {change.path: repository.node(change.before) for change in commit.changes if change.before}
    return patched(after, removed, added)


def commit_ids(repository: Repository, count: int, folder: str) -> list[str]:
    """The ids of the last ``count`` commits that changed ``folder``, as ``revisions`` has them."""
    words = ("rev-list", "--first-parent", f"--max-count={count}", repository.commit("HEAD"))
    return git.output(*words, "--", _pathspec(folder), folder=repository.root).decode().split()


def _pathspec(folder: str) -> str:
    return f":(top,literal){folder}" if folder != "." else ":(top)"


def _commits(repository: Repository, count: int, folder: str, newest: str) -> Iterator[Commit]:
    words = (f"--max-count={count}", newest, "--", _pathspec(folder))
    fields = git.fields(*_LOG, *words, folder=repository.root)
    header, changes = b"", list[FileChange]()
    for field in fields:
        if field.startswith(_MARK):
            if header:
                yield _commit(header, changes)
            header, changes = field, []
        elif field.lstrip(b"\n").startswith(b":"):
            changes.append(_change(field, next(fields, b"")))
    if header:
        yield _commit(header, changes)


def _commit(header: bytes, changes: Iterable[FileChange]) -> Commit:
    identity, *parents = header[1:].decode().split()
    return Commit(identity, bool(parents), tuple(changes))


def _change(about: bytes, path: bytes) -> FileChange:
    """A line of ``--raw``: the modes and ids before and after, and the path in the next field."""
    name = os.fsdecode(path)
    if path.count(b"/") >= DEEPEST:
        raise InputError(f"{name[:80]}: more than {DEEPEST} folders inside each other")
    old_mode, new_mode, old, new, _ = about.decode().strip().lstrip(":").split()
    return FileChange(name, _file(name, old_mode, old), _file(name, new_mode, new))


def _file(path: str, mode: str, identity: str) -> GitFile | None:
    return None if mode == _NO_FILE else GitFile(path, mode, identity)
