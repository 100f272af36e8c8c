"""What COPY, ADD and a bind mount read of a tree, and the digest of it.

Rules: moby/buildkit cache/contenthash/checksum.go (includedPaths, getFollowLinks, Checksum) and
solver/llbsolver/ops/file.go (dedupeSelectors).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from stagegraph.rebuild.ignore import PathPatterns
from stagegraph.rebuild.patterns import PatternError, glob_matcher
from stagegraph.rebuild.tree import Node, NodeKind, digest_of

_MOST_LINKS = 255
_WILDCARDS = "*?["


class SelectionError(Exception):
    """Something that is selected does not exist, or a pattern is invalid: the build fails there."""


class Selector(NamedTuple):
    """One source path with its filters; ``path`` is absolute and clean."""

    path: str
    wildcard: bool = False
    follow: bool = True  # a link at the end
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    required: str = ""  # must exist

    @property
    def is_plain(self) -> bool:
        """Whether it selects one path with everything in it."""
        return not (self.wildcard or self.include or self.exclude)


class Selected(NamedTuple):
    """An entry that is read: a folder without what is in it, or a file.

    ``path`` is from the root of the tree, ``inside`` from the path that was selected.
    """

    path: str
    inside: str
    node: Node


def has_wildcards(text: str) -> bool:
    """Whether ``text`` has a wildcard of Go's path.Match."""
    position = 0
    while position < len(text):
        if text[position] in _WILDCARDS:
            return True
        position += 1 + (text[position] == "\\")
    return False


def without_repeats(selectors: Iterable[Selector]) -> tuple[Selector, ...]:
    """``selectors`` sorted by path, without plain ones that others contain."""
    selectors = list(dict.fromkeys(selectors))
    plain = {(one.path, one.follow) for one in selectors if one.is_plain}
    kept = [one for one in selectors if not (one.is_plain and _is_inside(one, plain))]
    return tuple(sorted(kept, key=lambda one: one.path))


def _is_inside(selector: Selector, plain: set[tuple[str, bool]]) -> bool:
    path = selector.path
    while path != "/":
        path = posixpath.dirname(path)
        if (path, selector.follow) in plain:
            return True
    return False


def resolve(root: Node, path: str, *, follow: bool) -> tuple[str, Node | None]:
    """Where ``path`` leads in ``root``, links followed inside of it, and what is there (getFollowLinks).

    Raises SelectionError for too many links.
    """
    waiting = [part for part in path.split("/") if part][::-1]
    done: list[Node] = [root]
    names: list[str] = []
    links = 0
    while waiting:
        part = waiting.pop()
        if part in ("", "."):
            continue
        if part == "..":
            del done[max(1, len(done) - 1) :], names[-1:]
            continue
        node = done[-1].children.get(part)
        if node is None:
            return "/" + "/".join([*names, part, *waiting[::-1]]), None
        if node.kind is not NodeKind.LINK or not (follow or waiting):
            done.append(node)
            names.append(part)
            continue
        links += 1
        if links > _MOST_LINKS:
            raise SelectionError(f"{path}: too many symbolic links")
        if node.target.startswith("/"):
            done, names = [root], []
        waiting.extend(node.target.split("/")[::-1])
    return "/" + "/".join(names), done[-1]


def digest(root: Node, selector: Selector) -> bytes:
    """The digest of what ``selector`` selects; SelectionError if the build fails."""
    if selector.is_plain:
        return _plain(root, selector).digest
    entries = list(selected(root, selector))
    digests = [followed(root, entry, selector) for entry in entries]
    if len(entries) == 1 and posixpath.basename(selector.path) == posixpath.basename(entries[0].path):
        return digests[0]
    names = (posixpath.basename(entry.path).encode("utf-8", "surrogateescape") for entry in entries)
    return digest_of(part for pair in zip(names, digests, strict=True) for part in pair)


def _plain(root: Node, selector: Selector) -> Node:
    node = resolve(root, selector.path, follow=selector.follow)[1]
    if node is None:
        raise SelectionError(f"{selector.path} does not exist")
    return node


def followed(root: Node, entry: Selected, selector: Selector) -> bytes:
    """The digest of an entry, without what is in it; of a link, what it leads to."""
    if entry.node.kind is NodeKind.LINK and selector.follow:
        node = resolve(root, entry.path, follow=True)[1]
        return node.digest if node else entry.node.digest
    return entry.node.header


def selected(root: Node, selector: Selector) -> Iterator[Selected]:
    """The entries that ``selector`` selects, in order; SelectionError if the build fails.

    A folder is there if it is included itself, or something in it is.
    """
    try:
        filters = PathFilters(selector)
        if selector.required and resolve(root, selector.required, follow=True)[1] is None:
            raise SelectionError(f"{selector.required} does not exist")
        for path, node in starts(root, selector):
            yield from filters.walk(path, node, with_header=path != "/")
    except PatternError as error:
        raise SelectionError(str(error)) from None


def starts(root: Node, selector: Selector) -> Iterator[tuple[str, Node]]:
    """The paths that the source means: one, or those that match its wildcards."""
    if not selector.wildcard:
        node = resolve(root, selector.path, follow=False)[1]
        if node is None:
            raise SelectionError(f"{selector.path} does not exist")
        yield selector.path, node
        return
    parts = selector.path.split("/")[1:]
    first = next(index for index, part in enumerate(parts) if has_wildcards(part))
    prefix = "/" + "/".join(parts[:first])
    node = resolve(root, prefix, follow=True)[1]
    if node is not None and "[" in selector.path:  # a class can match a slash
        yield from _matching(node, prefix, selector.path)
    elif node is not None:
        yield from _matching_parts(node, prefix, [glob_matcher(part) for part in parts[first:]])


def _matching(node: Node, path: str, pattern: str) -> Iterator[tuple[str, Node]]:
    test = glob_matcher(pattern)
    waiting = [(path, node)]
    while waiting:
        path, node = waiting.pop()
        inside = [(f"{path.rstrip('/')}/{name}", child) for name, child in node.children.items()]
        matches = [(one, child) for one, child in inside if test(one)]
        yield from matches
        waiting.extend(one for one in inside[::-1] if one not in matches)


def _matching_parts(node: Node, path: str, tests: Sequence[object]) -> Iterator[tuple[str, Node]]:
    test, *rest = tests
    for name, child in node.children.items():
        if callable(test) and test(name):
            inside = f"{path.rstrip('/')}/{name}"
            if rest:
                yield from _matching_parts(child, inside, rest)
            else:
                yield inside, child


class Bits(NamedTuple):
    """Which patterns of --parents and of --exclude matched."""

    include: int
    exclude: int


NO_BITS = Bits(0, 0)


class PathFilters:
    """The patterns of --parents and --exclude, matched against paths inside the selected path."""

    def __init__(self, selector: Selector) -> None:
        self._has_include = bool(selector.include)  # without a pattern that counts, nothing is included
        self._include = PathPatterns(selector.include)
        self._exclude = PathPatterns(selector.exclude)

    def walk(self, path: str, node: Node, *, with_header: bool) -> Iterator[Selected]:
        """What is selected of ``node``; ``with_header`` includes the folder itself."""
        start = Selected(path, "", node)
        included, bits = self.included("", NO_BITS) if with_header else (False, NO_BITS)
        if included:
            yield start
        if node.is_folder:
            yield from self._inside(start, bits, [[start, included]] if with_header else [])

    def _inside(
        self, parent: Selected, bits: Bits, waiting: list[list[Selected | bool]]
    ) -> Iterator[Selected]:
        """What is selected in a folder; ``waiting`` are the folders above, and whether they were yielded."""
        for name, child in parent.node.children.items():
            inside = f"{parent.inside}/{name}" if parent.inside else name
            entry = Selected(f"{parent.path.rstrip('/')}/{name}", inside, child)
            included, own = self.included(inside, bits)
            if included:
                yield from _not_yet(waiting)
                yield entry
            if child.is_folder and (included or self.may_be_inside(inside, own)):
                yield from self._inside(entry, own, [*waiting, [entry, included]])

    def included(self, inside: str, parent: Bits) -> tuple[bool, Bits]:
        """Whether a path is included, and which patterns matched it; ``parent`` are those of its folder."""
        bits = 0
        if self._has_include:
            included, bits = self._include.match(inside, parent.include)
            if not included:
                return False, Bits(bits, 0)
        if self._exclude:
            excluded, excluded_bits = self._exclude.match(inside, parent.exclude)
            return not excluded, Bits(bits, excluded_bits)
        return True, Bits(bits, 0)

    def may_be_inside(self, folder: str, bits: Bits) -> bool:
        """Whether something in ``folder``, which is not included, may be."""
        if bits.exclude:
            return self._exclude.can_reopen(folder)
        return self._include.can_match_inside(folder)


def _not_yet(waiting: list[list[Selected | bool]]) -> Iterator[Selected]:
    for state in waiting:
        if not state[1]:
            state[1] = True
            assert isinstance(state[0], Selected)
            yield state[0]
