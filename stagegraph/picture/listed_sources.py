"""Lists sources with many edges inside the stages that use them, instead of drawing them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from stagegraph.model import BUILT, Edge, EdgeKind, Node, NodeKind, Role
from stagegraph.picture.legibility import LIST_BASES, LIST_READ, MANY_READERS
from stagegraph.picture.short_names import ELLIPSIS, names_line, short_names
from stagegraph.picture.shorten import ARROW, edge_label, edge_tooltip, pattern

_LISTED_LINE = 44  # characters
_UNSHORTENED = 1000
_MOST_LISTED = 3  # lines of sources in a box of several stages
_READ = 20  # characters of what several stages read of one source


class ListedSource(NamedTuple):
    """A source that is listed inside a stage that reads it."""

    line: str  # short: "context: package.json → ./"
    full: str  # every path, with the line of its instruction
    longer: str = ""  # the line before it is shortened


def sources_to_list(nodes: Sequence[Node], edges: Sequence[Edge]) -> tuple[Node, ...]:
    """The sources that many stages read, and in a larger graph the bases of only one stage.

    Sources whose layers are in the image remain nodes, and so do those that another argument would choose.
    """
    readers: dict[str, set[str]] = {node.id: set() for node in nodes}
    chosen = set()
    for edge in edges:
        readers[edge.source].add(edge.target)
        chosen |= {edge.source} if edge.selectable else set()
        chosen |= {edge.target} if edge.kind is EdgeKind.TAG else set()
    bases = {edge.source for edge in edges if edge.kind is EdgeKind.FROM}

    def folds(node: Node) -> bool:
        if node.kind in BUILT or node.role is Role.INHERITED or node.id in chosen:
            return False
        many = len(readers[node.id]) >= MANY_READERS and len(nodes) > LIST_READ
        only_base = len(readers[node.id]) == 1 and node.id in bases and len(nodes) > LIST_BASES
        return many or only_base

    return tuple(node for node in nodes if folds(node))


def without(
    nodes: Sequence[Node], edges: Sequence[Edge], gone: Sequence[Node]
) -> tuple[tuple[Node, ...], tuple[Edge, ...], tuple[Edge, ...]]:
    """The nodes and edges without ``gone``, and the edges of ``gone``."""
    names = {node.id for node in gone}
    return (
        tuple(node for node in nodes if node.id not in names),
        tuple(edge for edge in edges if edge.source not in names),
        tuple(edge for edge in edges if edge.source in names),
    )


def listed_bases(gone: Sequence[Node], moved: Sequence[Edge]) -> dict[str, str]:
    """The images of ``gone`` that stages are FROM, by stage id."""
    labels = {node.id: node.label for node in gone}
    return {edge.target: labels[edge.source] for edge in moved if edge.kind is EdgeKind.FROM}


def listed_sources(gone: Sequence[Node], moved: Sequence[Edge]) -> dict[str, tuple[ListedSource, ...]]:
    """A line for each source that a stage copies from or mounts: "context: go.mod, go.sum → ./"."""
    labels = {node.id: "context" if node.kind is NodeKind.CONTEXT else node.label for node in gone}
    names = short_names(labels.values(), 24)
    parallel: dict[tuple[str, str], list[Edge]] = {}
    for edge in moved:
        if edge.kind is not EdgeKind.FROM:
            parallel.setdefault((edge.target, edge.source), []).append(edge)
    by_stage: dict[str, list[ListedSource]] = {}
    for (target, source), edges in parallel.items():
        name = names[labels[source]]
        listed = ListedSource(
            line=f"{name}: {names_line(edge_label(edges, 30).split(chr(10)), _LISTED_LINE - len(name) - 2)}",
            longer=f"{name}: {', '.join(edge_label(edges, _UNSHORTENED).split(chr(10)))}",
            full=f"{labels[source]}: {'; '.join(edge_tooltip(edges).split(chr(10)))}",
        )
        by_stage.setdefault(target, []).append(listed)
    return {stage: tuple(sources) for stage, sources in by_stage.items()}


def listed_together(rows: Sequence[Sequence[ListedSource]]) -> tuple[ListedSource, ...]:
    """The sources of stages drawn as one, a row for each: side by side if alike, else the first few."""
    titles = {tuple(source.line.partition(": ")[0] for source in row) for row in rows}
    if len(titles) == 1:
        return tuple(
            ListedSource(line=_common_line(row), full="; ".join(each.full for each in row))
            for row in zip(*rows, strict=True)
        )
    sources = list({source.line: source for row in rows for source in row}.values())
    if len(sources) <= _MOST_LISTED:
        return tuple(sources)
    rest = sources[_MOST_LISTED - 1 :]
    more = ListedSource(line=f"and {len(rest)} more sources", full="; ".join(each.full for each in rest))
    return (*sources[: _MOST_LISTED - 1], more)


def _common_line(sources: Sequence[ListedSource]) -> str:
    """What the lines of ``sources`` have in common, before they are shortened if that fits."""
    longer = pattern([source.longer for source in sources]) if all(one.longer for one in sources) else ""
    line = longer if 0 < len(longer) <= _LISTED_LINE else pattern([source.line for source in sources])
    name, _, common = line.partition(": ")
    end = common.removeprefix(ELLIPSIS)
    if end and not end.startswith(ARROW):
        return line
    read = dict.fromkeys(source.line.partition(": ")[2].partition(ARROW)[0] for source in sources)
    return f"{name}: {names_line(list(read), _READ - len(end))}{end}"


def listing_notes(gone: Sequence[Node]) -> Iterator[str]:
    """The note that names the sources listed inside stages."""
    images = sum(node.kind is NodeKind.IMAGE for node in gone)
    others = [node.label for node in gone if node.kind is not NodeKind.IMAGE]
    names = [f"{images} image{'s' if images > 1 else ''}"] if images else []
    names += [f"the {label}" if label == "build context" else label for label in others]
    if names:
        listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
        one = len(gone) == 1
        yield f"{listed} {'is' if one else 'are'} listed inside the stages that use {'it' if one else 'them'}"
