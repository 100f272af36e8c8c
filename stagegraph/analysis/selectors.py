"""FROM with a variable: which stages other values would choose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from stagegraph.dockerfile.file import Dockerfile
from stagegraph.model import Edge, EdgeKind

# One variable of a base, whatever its modifier; braces inside it are found by counting.
_NAME = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")


def selectable_edges(file: Dockerfile, existing: Sequence[Edge]) -> list[Edge]:
    """An edge from every earlier stage that another value of a variable in FROM would choose.

    A base that is nothing but a variable could be any stage; then only those are given that
    nothing else reads, because an edge from every stage to it would tell nobody anything.
    """
    read = {edge.source for edge in existing}
    known = {(edge.source, edge.target) for edge in existing if edge.kind is EdgeKind.FROM}
    visible: dict[str, int] = {}
    found: list[Edge] = []
    for index, stage in enumerate(file.stages):
        for source, why, loose in _choices(stage.head.base, visible):
            edge = Edge(
                source=f"stage:{source}",
                target=f"stage:{index}",
                kind=EdgeKind.FROM,
                line=stage.head.span.line,
                needed=False,
                selectable=True,
                why=why,
            )
            if (edge.source, edge.target) not in known and not (loose and edge.source in read):
                found.append(edge)
        if stage.head.name:
            visible[stage.head.name] = index
    return found


def _choices(base: str, visible: dict[str, int]) -> Iterator[tuple[int, str, bool]]:
    """Each visible stage that ``base`` could name, why, and whether it is nothing but a variable."""
    if "$" not in base:
        return
    pattern, names = _pattern(base)
    loose = pattern.replace("(.*)", "") == ""
    compiled = re.compile(pattern, re.DOTALL)
    for name, index in visible.items():
        match = compiled.fullmatch(name)
        if match:
            values = zip(names, match.groups(), strict=True)
            yield index, "with " + ", ".join(f"{variable}={value}" for variable, value in values), loose


def _pattern(base: str) -> tuple[str, list[str]]:
    """``base`` as a regular expression in which each variable may be anything, and their names."""
    parts: list[str] = []
    names: list[str] = []
    position = 0
    while position < len(base):
        match = _NAME.match(base, position)
        if match is None:
            if base[position] not in "\"'":
                parts.append(re.escape(base[position]))
            position += 1
            continue
        if parts[-1:] != ["(.*)"]:
            parts.append("(.*)")
            names.append(match[1])
        position = _closing(base, position) if match[0].startswith("${") else match.end()
    return "".join(parts), names


def _closing(base: str, position: int) -> int:
    """The position behind the } that closes the { of ``${`` at ``position``."""
    depth = 0
    for index in range(position + 1, len(base)):
        if base[index] == "{":
            depth += 1
        elif base[index] == "}":
            depth -= 1
            if depth == 0:
                return index + 1
    return len(base)
