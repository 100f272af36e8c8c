"""The files of a commit, of the index and of the working tree, as trees whose equal files are equal objects.

Files of the working tree are compared by size and time with the index, as git does, and else by their bytes.
Git itself would run the filters that the repository configures.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, partial
from string import hexdigits
from typing import Any, NamedTuple

from stagegraph import git
from stagegraph.errors import InputError
from stagegraph.rebuild.context import hashed, sha256_of, start_of
from stagegraph.rebuild.tree import DEEPEST, Node, NodeKind, folder, folder_of
from stagegraph.source import printable, quoted

_MOST_FILES = 1_000_000
_LINK, _SUBMODULE = "120000", "160000"
_STAT = re.compile(
    rb"  ctime: \d+:\d+\n  mtime: (\d+):(\d+)\n  dev: .*\n  uid: .*\n  size: (\d+)\tflags: .*\n"
)
# of Git LFS: github.com/git-lfs/git-lfs docs/spec.md
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-.*\n)*"
    rb"oid sha256:([0-9a-f]{64})\nsize (\d{1,18})\n"
)
_DEEPEST_SUBMODULE = 8  # submodules inside each other
_LARGEST_POINTER = 1024  # bytes
_NOTHING: Mapping[str, Node] = {}
_DEFAULT_BRANCHES = ("refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master")
_LENGTH_OF_ID = 40  # characters


class GitFile(NamedTuple):
    """A file of git; ``times`` of the index are seconds and nanoseconds of its last change, and its size."""

    path: str
    mode: str
    identity: str
    times: tuple[int, ...] = ()


class MergeBase(NamedTuple):
    """The newest commit that ``head`` and the default ``branch`` have in common."""

    commit: str
    branch: str
    head: str


class Repository:
    """A git repository, by a folder in it. Raises InputError where there is none.

    ``depth`` is 0, or how many repositories this one is a submodule in.
    """

    def __init__(self, folder: str, depth: int = 0) -> None:
        try:
            done = git.run("rev-parse", "--show-toplevel", folder=folder)
        except git.MissingGitError as error:
            hint = "install git, or name what changed with --changed"
            raise InputError(f"{error.message}, so no commit can be read", hint=hint) from None
        if done.returncode:
            raise InputError(
                f"{folder}: {git.error_of(done)}",
                hint="run this in a git repository, or name what changed with --changed",
            )
        self.root = os.fsdecode(done.stdout.rstrip(b"\n"))
        if not _is_within(folder, self.root):
            raise InputError(
                f"{folder}: git has another working tree for it, {printable(self.root)}",
                hint="run this there, or remove core.worktree from the configuration of git",
            )
        self._objects = git.ObjectReader(self.root)
        self._nodes: dict[tuple[str, str], Node] = {}  # by mode and id, so that equal files are one object
        self._depth = depth
        self._submodules: dict[str, Repository | None] = {}

    def commit(self, revision: str) -> str:
        """The id of the commit that ``revision`` names; InputError if there is none."""
        kind, found, _ = git.object_named(f"{revision}^{{commit}}", self.root)
        if kind == "commit":
            return found
        if revision == "HEAD":
            raise InputError("there is no commit yet", hint="commit the state before the change first")
        raise InputError(f"there is no revision {quoted(printable(revision))}", hint=self._missing(revision))

    def is_last_commit(self, revision: str) -> bool:
        """Whether ``revision`` names the same commit as HEAD."""
        return self.commit(revision) == self.commit("HEAD")

    def _missing(self, revision: str) -> str:
        """What to do where ``revision`` is not a commit of this clone."""
        if not revision.strip("0"):  # what CI systems say was before the first push of a branch
            return "there was no commit before this push: compare with the default branch, without --since"
        if self.is_shallow:
            return "this clone is shallow: fetch the commit with `git fetch --unshallow`, or fetch-depth: 0"
        if len(revision) == _LENGTH_OF_ID and set(revision.lower()) <= set(hexdigits):
            return "a push may have replaced it: compare with the default branch, without --since"
        return "use a commit, branch or tag of this repository"

    @property
    def has_git_folder(self) -> bool:
        """Whether the root has a folder ``.git``; in a second working tree it is a file."""
        return os.path.isdir(os.path.join(self.root, ".git"))

    @property
    def is_shallow(self) -> bool:
        """Whether commits before those of the clone are missing."""
        return git.run("rev-parse", "--is-shallow-repository", folder=self.root).stdout.strip() == b"true"

    def merge_base(self) -> MergeBase:
        """Where the current branch left the default branch; InputError if that is not known."""
        head = self.commit("HEAD")
        unrelated = ""
        for name in (*_DEFAULT_BRANCHES, "main", "master"):
            kind, found, _ = git.object_named(f"{name}^{{commit}}", self.root)
            if kind == "commit":
                done = git.run("merge-base", head, found, folder=self.root)
                if not done.returncode:
                    return MergeBase(done.stdout.decode().strip(), name.removeprefix("refs/remotes/"), head)
                unrelated = unrelated or name.removeprefix("refs/remotes/")
        if not unrelated:
            raise InputError(
                "the default branch is not known", hint="name the commit to compare with: --since REV"
            )
        hint = "name the commit to compare with: --since REV"
        if self.is_shallow:
            hint = "this clone is shallow: fetch the rest with `git fetch --unshallow`, or fetch-depth: 0"
        raise InputError(f"HEAD and {quoted(unrelated)} have no commit in common", hint=hint)

    def tree(self, commit: str) -> Node:
        """The files of ``commit``, an id."""
        listed = git.output("ls-tree", "-r", "-z", "--full-tree", commit, folder=self.root)
        entries = []
        for line in _fields(listed):
            about, _, path = line.partition(b"\t")
            mode, _, identity = about.decode().split(" ", 2)
            entries.append(GitFile(os.fsdecode(path), mode, identity))
        return self._nested(entries)

    def staged(self) -> Node:
        """The files of the index."""
        return self._nested(list(self._index()))

    def working(self) -> Node:
        """The files on disk that git tracks or does not ignore."""
        index = list(self._index())
        others = git.output("ls-files", "-z", "--others", "--exclude-standard", folder=self.root)
        untracked = [GitFile(os.fsdecode(name), "", "") for name in _fields(others)]
        same = [entry for entry in index if self._is_unchanged(entry)]
        known = {entry.path for entry in same}
        changed = {
            entry.path: node
            for entry in (*index, *untracked)
            if entry.path not in known and (node := self._on_disk(entry))
        }
        return self._nested(same, changed)

    def _index(self) -> Iterator[GitFile]:
        """The entries of the index; ``--debug`` adds the times and sizes by which git knows what changed."""
        pieces = git.output("ls-files", "--stage", "--debug", "-z", folder=self.root).split(b"\0")
        header = pieces[0]
        for piece in pieces[1:]:
            found = _STAT.match(piece)
            about, _, path = header.partition(b"\t")
            mode, identity, _ = about.decode().split(" ")
            times = tuple(map(int, found.groups())) if found else ()
            yield GitFile(os.fsdecode(path), mode, identity, times)
            header = piece[found.end() :] if found else b""

    def _is_unchanged(self, entry: GitFile) -> bool:
        """Whether the file on disk is that of the index, by its time and size as git compares them."""
        if entry.mode == _SUBMODULE:
            return self._submodule(entry.path) is None
        try:
            info = os.lstat(os.path.join(self.root, entry.path))
        except (OSError, ValueError):
            return False
        own = (*divmod(info.st_mtime_ns, 10**9), info.st_size & 0xFFFFFFFF)
        return entry.times == own and _mode_of(info) == entry.mode

    def _on_disk(self, entry: GitFile) -> Node | None:
        if entry.mode == _SUBMODULE and (inside := self._submodule(entry.path)):
            return inside.working()
        path = os.path.join(self.root, entry.path)
        try:
            info = os.lstat(path)
            if stat.S_ISLNK(info.st_mode):
                return Node(NodeKind.LINK, 0o777, target=os.readlink(path))
        except (OSError, ValueError):
            return None
        if not stat.S_ISREG(info.st_mode):
            return None
        permissions = 0o755 if info.st_mode & 0o100 else 0o644
        content = partial(self._content, entry, path, info.st_size)
        return Node(NodeKind.FILE, permissions, content=content, start=partial(start_of, path))

    def _content(self, entry: GitFile, path: str, size: int) -> str:
        """The id of a file on disk; that of its pointer if Git LFS keeps a file with these bytes."""
        found = hashed(path, size, self._algorithm)
        if not entry.identity or found == entry.identity:
            return found
        pointer = _POINTER.match(self._objects.start(entry.identity, _LARGEST_POINTER) or b"")
        if pointer and int(pointer[2]) == size and sha256_of(path) == pointer[1].decode():
            return entry.identity
        return found

    @cached_property
    def _algorithm(self) -> str:
        done = git.run("rev-parse", "--show-object-format", folder=self.root)
        return done.stdout.decode().strip() or "sha1"

    def _nested(self, entries: Sequence[GitFile], changed: Mapping[str, Node] = _NOTHING) -> Node:
        """The tree of ``entries`` of git and of the files that are ``changed``."""
        if len(entries) + len(changed) > _MOST_FILES:
            raise InputError(f"{self.root}: more than {_MOST_FILES:,} files")
        self.read_links(entries)
        root: dict[str, Any] = {}
        for path, node in (*((one.path, self.node(one)) for one in entries), *changed.items()):
            *parents, name = path.split("/")
            if len(parents) >= DEEPEST:
                raise InputError(f"{path[:80]}: more than {DEEPEST} folders inside each other")
            inside = root
            for part in parents:
                found = inside.setdefault(part, {})
                if not isinstance(found, dict):  # a submodule, or a file that became a folder
                    found = inside[part] = {}
                inside = found
            inside[name] = node
        return _folder(root)

    def node(self, entry: GitFile) -> Node:
        """The node of an entry of git; the same object for equal entries."""
        if entry.mode == _SUBMODULE:
            return self._submodule_node(entry)
        key = (entry.mode, entry.identity)
        if key not in self._nodes:
            permissions = 0o755 if entry.mode.endswith("755") else 0o644
            start = partial(self._start, entry.identity)
            self._nodes[key] = Node(NodeKind.FILE, permissions, content=entry.identity, start=start)
        return self._nodes[key]

    def _submodule_node(self, entry: GitFile) -> Node:
        """The files of a submodule at its commit; without them, it is known by its commit alone."""
        key = (entry.path, entry.identity)
        if key not in self._nodes:
            inside = self._submodule(entry.path)
            if inside and git.object_named(f"{entry.identity}^{{commit}}", inside.root)[0] == "commit":
                self._nodes[key] = folder_of(lambda: inside.tree(entry.identity).children)
            else:
                self._nodes[key] = Node(NodeKind.OTHER, 0o644, target=entry.identity)
        return self._nodes[key]

    def _submodule(self, name: str) -> Repository | None:
        """The repository of a submodule; None if it is not checked out, or too many are inside each other."""
        if name not in self._submodules:
            path = os.path.join(self.root, name)
            found = None
            if self._depth < _DEEPEST_SUBMODULE and _is_submodule(self.root, name):
                with suppress(InputError):
                    found = Repository(path, self._depth + 1)
            is_own = found is not None and os.path.realpath(found.root) == os.path.realpath(path)
            self._submodules[name] = found if is_own else None
        return self._submodules[name]

    def read_links(self, entries: Iterable[GitFile]) -> None:
        """Read, for ``node``, where symbolic links lead to, all at once."""
        wanted = sorted({one.identity for one in entries if one.mode == _LINK})
        missing = [one for one in wanted if (_LINK, one) not in self._nodes]
        for identity, data in zip(missing, self._blobs(missing), strict=True):
            self._nodes[_LINK, identity] = Node(NodeKind.LINK, 0o777, target=os.fsdecode(data))

    def _blobs(self, identities: Sequence[str]) -> Iterator[bytes]:
        if not identities:
            return
        try:
            data = git.output("cat-file", "--batch", stdin="\n".join(identities) + "\n", folder=self.root)
        except InputError as error:
            raise InputError(error.message, hint=_PARTIAL) from None
        at = 0
        for _ in identities:
            end = data.index(b"\n", at)
            words = data[at:end].split()
            if len(words) != 3:
                raise InputError(f"git has no object {words[0].decode()}", hint=_PARTIAL)
            size = int(words[2])
            yield data[end + 1 : end + 1 + size]
            at = end + 1 + size + 1

    def _start(self, identity: str, length: int) -> bytes:
        data = self._objects.start(identity, length)
        if data is None:
            raise InputError(f"git has no object {identity}", hint=_PARTIAL)
        return data


_PARTIAL = "this clone is partial: fetch its files with `git fetch --refetch`, or clone without --filter"


def _is_within(path: str, root: str) -> bool:
    root = os.path.realpath(root)
    return os.path.commonpath([os.path.realpath(path), root]) == root


def _is_submodule(root: str, name: str) -> bool:
    """Whether there is a repository at ``name``, and no symbolic link on the way to it."""
    path = os.path.join(root, name)
    inside = os.path.join(os.path.realpath(root), os.path.normpath(name))
    return os.path.realpath(path) == inside and os.path.lexists(os.path.join(path, ".git"))


def _mode_of(info: os.stat_result) -> str:
    """The mode that git gives a file on disk."""
    if stat.S_ISLNK(info.st_mode):
        return _LINK
    return "100755" if info.st_mode & 0o100 else "100644"


def _fields(data: bytes) -> list[bytes]:
    return data.split(b"\0")[:-1]


def _folder(entries: Mapping[str, Any]) -> Node:
    return folder(
        {name: _folder(found) if isinstance(found, dict) else found for name, found in entries.items()}
    )
