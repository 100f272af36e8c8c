"""Finds what a Dockerfile that is new was called before: BuildKit does not know the names of Dockerfiles."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator

from stagegraph.discovery.file_names import is_dockerfile_name
from stagegraph.dockerfile.logical import MAX_BYTES
from stagegraph.rebuild.context import Context
from stagegraph.rebuild.tree import Node, NodeKind

_MOST_CANDIDATES = 100
_LEAST_LIKENESS = 0.5  # of lines, as git finds renamed files


def paths_before(dockerfile: str, context: str, before: Node, after: Node) -> tuple[str, str] | None:
    """The Dockerfile and context before the change, if that was a file that is gone and like it; else None.

    If the context, the folder of the Dockerfile, was not there either, it was moved with it.
    """
    text = _lines(Context(after).at(dockerfile))
    candidates = [one for _, one in zip(range(_MOST_CANDIDATES), _gone(before, after, ""), strict=False)]
    likeness = {path: _likeness(_lines(Context(before).at(path)), text) for path in candidates}
    best = max(sorted(likeness), key=lambda path: likeness[path], default="")
    if not best or likeness[best] < _LEAST_LIKENESS:
        return None
    moved = Context(before).at(context) is None and context == posixpath.dirname(dockerfile)
    return best, (posixpath.dirname(best) or ".") if moved else context


def _gone(before: Node, after: Node | None, path: str) -> Iterator[str]:
    """The paths of the Dockerfiles of ``before`` that are not in ``after``."""
    for name, node in before.children.items():
        other = after.children.get(name) if after and after.is_folder else None
        if node is other:
            continue
        if node.is_folder:
            yield from _gone(node, other, posixpath.join(path, name))
        elif node.kind is NodeKind.FILE and other is None and is_dockerfile_name(name):
            yield posixpath.join(path, name)


def _lines(node: Node | None) -> Counter[bytes]:
    data = node.start(MAX_BYTES) if node is not None and node.kind is NodeKind.FILE else None
    return Counter(line.strip() for line in (data or b"").splitlines() if line.strip())


def _likeness(old: Counter[bytes], new: Counter[bytes]) -> float:
    """The share of lines that two files have in common, 0 to 1."""
    return 2 * (old & new).total() / ((old.total() + new.total()) or 1)
