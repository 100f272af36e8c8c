"""The texts of the box of a node, and of its tooltip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from stagegraph.model import BUILT, Node, NodeKind, Reach, Role
from stagegraph.picture.folding import Folded
from stagegraph.picture.short_names import cut, short_names
from stagegraph.picture.view import Box
from stagegraph.source import printable
from stagegraph.units import measured_words, rebuild_weight, rebuild_words, size

_LABEL = 46  # characters
_KINDS = {
    NodeKind.IMAGE: "image",
    NodeKind.CONTEXT: "context",
    NodeKind.NAMED_CONTEXT: "context",
    NodeKind.REMOTE: "download",
}
MOST_SOURCES = 12  # lines in a box; all of them are in its tooltip
_ROLE_WORDS = {
    Role.TARGET: "the target",
    Role.INHERITED: "in the image, by FROM",
    Role.COPIED: "some paths of it are in the image",
    Role.MOUNTED: "only read by a RUN, not in the image",
    Role.UPSTREAM: "needed, not in the image",
    Role.UNNEEDED: "not needed for the target",
}


def node_labels(nodes: Sequence[Node], length: int = _LABEL) -> dict[str, str]:
    """A short label for every node by id, each different; nodes of one name get their kind or line.

    The name of the Dockerfile that a label begins with is not shortened, since frames show it instead.
    """
    names = _different_names(nodes)
    prefixes = {node.id: f"{node.part}:" if node.part else "" for node in nodes}
    by_prefix: dict[str, list[str]] = {}
    for node, name in names.items():
        by_prefix.setdefault(prefixes[node] if name.startswith(prefixes[node]) else "", []).append(node)
    labels: dict[str, str] = {}
    for prefix, own in by_prefix.items():
        short = short_names((names[node].removeprefix(prefix) for node in own), length)
        labels |= {node: prefix + short[names[node].removeprefix(prefix)] for node in own}
    return {node.id: labels[node.id] for node in nodes}


def _different_names(nodes: Sequence[Node]) -> dict[str, str]:
    counts: dict[str, int] = {}
    for node in nodes:
        counts[node.label] = counts.get(node.label, 0) + 1
    return {node.id: node.label if counts[node.label] == 1 else _with_kind(node) for node in nodes}


def _with_kind(node: Node) -> str:
    if node.kind in BUILT:
        return f"{node.label} (line {node.line})" if node.line else node.label
    return f"{node.label} ({_KINDS[node.kind]})"


def box_of(labels: Mapping[str, str], node: Node, kept: Folded) -> Box:
    """The box of a node that is kept, with its label of ``labels``."""
    return Box(
        id=node.id,
        label=labels[node.id],
        sublabel="\n".join(_sublabels(node, kept)),
        tooltip="\n".join(map(printable, _tooltip(node, kept))),
        kind=node.kind,
        role=node.role,
        reach=node.reach,
        critical=node.critical,
        line=node.line,
        count=len(kept.members.get(node.id, (node.id,))),
        weight=node.measured.share if node.measured else rebuild_weight(node.rebuild),
        members=kept.members.get(node.id, ()),
    )


def _sublabels(node: Node, kept: Folded) -> Iterator[str]:
    """The smaller lines of a box: its role, its number of steps, and the sources listed in it."""
    words = " · ".join(filter(None, _words(node)))
    if words:
        yield words
    if node.id in kept.names:
        yield printable(kept.names[node.id])
    base = kept.bases.get(node.id) or (node.base if node.kind is NodeKind.BAKE_TARGET else "")
    if base:
        yield cut(f"FROM {base}", 44)
    sources = kept.inside.get(node.id, ())
    shown = sources if len(sources) <= MOST_SOURCES else sources[: MOST_SOURCES - 1]
    yield from (source.line for source in shown)
    if len(sources) > len(shown):
        yield f"and {len(sources) - len(shown)} more sources"


def _words(node: Node) -> Iterator[str]:
    if node.role is Role.TARGET:
        yield "target"
    elif node.reach is Reach.SELECTABLE:
        yield cut(node.why, 40)
    elif node.reach is Reach.DEAD and node.kind is NodeKind.STAGE:
        yield "dead"
    if node.base == "scratch":
        yield "FROM scratch"
    if node.kind in BUILT and node.steps:
        yield f"{node.steps} step{'s' if node.steps > 1 else ''}"
    if node.measured:
        yield measured_words(node.measured)
    if node.rebuild:
        yield rebuild_words(node.rebuild, with_line=True)
    if node.bytes is not None:
        yield size(node.bytes)
    if node.platform:
        yield cut(node.platform, 24)


def _tooltip(node: Node, kept: Folded) -> Iterator[str]:
    yield _sentence(node)
    for source in kept.inside.get(node.id, ()):
        yield source.full


def _sentence(node: Node) -> str:
    parts = [node.label]
    if node.line and node.end_line:
        parts.append(f"lines {node.line} to {node.end_line}")
    if node.kind is NodeKind.STAGE and node.base:
        parts.append(f"FROM {node.base}")
    parts.append(_ROLE_WORDS[node.role])
    if node.why:
        parts.append(f"{node.reach}: {node.why}")
    if node.description:
        parts.append(node.description)
    return "; ".join(parts)
