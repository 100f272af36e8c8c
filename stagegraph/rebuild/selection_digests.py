"""Digests of filtered selections (--exclude, --parents) of many trees; a folder that stays is hashed once.

What the filters do with a path depends on nothing but the path, so trees that share folders, as those of two
commits do, share what is selected in them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from stagegraph.rebuild.patterns import PatternError
from stagegraph.rebuild.selection import (
    NO_BITS,
    Bits,
    PathFilters,
    Selected,
    SelectionError,
    Selector,
    digest,
    followed,
    starts,
)
from stagegraph.rebuild.tree import Node, NodeKind, digest_of

_MOST_FOLDERS = 100_000  # that are kept with what is selected in them


class _Part(NamedTuple):
    """What is selected in a folder: how many entries, and the text that is hashed, in pieces.

    ``has_links``: what links lead to can be anywhere in the tree, so the text is of this tree alone.
    """

    entries: int
    has_links: bool
    pieces: tuple[bytes | _Part, ...]


class SelectionDigests:
    """Digests of the same selectors in many trees."""

    def __init__(self) -> None:
        self._filters: dict[Selector, PathFilters] = {}
        self._known: dict[tuple[Selector, str], tuple[Node, _Part]] = {}

    def of(self, root: Node, selectors: Sequence[Selector]) -> bytes:
        """The digest of what ``selectors`` select of ``root``; SelectionError if the build fails."""
        return digest_of(self._digest(root, one) for one in selectors)

    def _digest(self, root: Node, selector: Selector) -> bytes:
        if not (selector.include or selector.exclude) or selector.required:
            return digest(root, selector)
        try:
            parts = [self._start(root, selector, path, node) for path, node in starts(root, selector)]
        except PatternError as error:
            raise SelectionError(str(error)) from None
        if sum(part.entries for part in parts) <= 1:
            return digest(root, selector)  # the name of a single entry does not count
        result = hashlib.blake2b(digest_size=20)
        waiting: list[bytes | _Part] = list(parts[::-1])
        while waiting:
            piece = waiting.pop()
            if isinstance(piece, bytes):
                result.update(piece)
            else:
                waiting.extend(piece.pieces[::-1])
        return result.digest()

    def _start(self, root: Node, selector: Selector, path: str, node: Node) -> _Part:
        """What is selected of one path that the source means; the root itself is not an entry."""
        if selector not in self._filters:
            self._filters[selector] = PathFilters(selector)
        entry = Selected(path, "", node)
        if path == "/":
            return self._inside(root, selector, entry, NO_BITS)
        included, bits = self._filters[selector].included("", NO_BITS)
        return _joined(self._entry(root, selector, entry, included=included, bits=bits))

    def _entry(
        self, root: Node, selector: Selector, entry: Selected, *, included: bool, bits: Bits
    ) -> list[_Part]:
        """An entry, if it is selected or something in it is, and what is in it."""
        inside = None
        looked_into = (
            included or not entry.inside or self._filters[selector].may_be_inside(entry.inside, bits)
        )
        if entry.node.is_folder and looked_into:
            inside = self._inside(root, selector, entry, bits)
        own = [_own(root, selector, entry)] if included or (inside and inside.entries) else []
        return [*own, inside] if inside and inside.entries else own

    def _inside(self, root: Node, selector: Selector, folder: Selected, bits: Bits) -> _Part:
        """What is selected in a folder, without itself."""
        key = (selector, folder.path)
        known = self._known.get(key)
        if known is not None and known[0] is folder.node:
            return known[1]
        parts = []
        for name, child in folder.node.children.items():
            inside = f"{folder.inside}/{name}" if folder.inside else name
            entry = Selected(f"{folder.path.rstrip('/')}/{name}", inside, child)
            included, own = self._filters[selector].included(inside, bits)
            parts += self._entry(root, selector, entry, included=included, bits=own)
        part = _joined(parts)
        if not part.has_links:
            if len(self._known) >= _MOST_FOLDERS:
                self._known.clear()
            self._known[key] = (folder.node, part)
        return part


def _own(root: Node, selector: Selector, entry: Selected) -> _Part:
    """The text of an entry: its name and its digest, as ``digest_of`` takes them."""
    name = entry.path.rpartition("/")[2].encode("utf-8", "surrogateescape")
    found = followed(root, entry, selector)
    text = b"%d:%b%d:%b" % (len(name), name, len(found), found)
    return _Part(1, entry.node.kind is NodeKind.LINK, (text,))


def _joined(parts: Sequence[_Part]) -> _Part:
    """``parts`` as one; the texts of single entries that follow each other become one."""
    pieces: list[bytes | _Part] = []
    texts: list[bytes] = []
    for part in parts:
        if len(part.pieces) == 1 and isinstance(part.pieces[0], bytes):
            texts.append(part.pieces[0])
        else:
            pieces += [b"".join(texts), part]
            texts = []
    pieces.append(b"".join(texts))
    return _Part(sum(part.entries for part in parts), any(part.has_links for part in parts), tuple(pieces))
