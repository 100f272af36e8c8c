"""Shortens texts for boxes and arrows; tooltips have the full texts."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from stagegraph.model import Edge, EdgeKind
from stagegraph.source import printable

ARROW = " → "
_ELLIPSIS = "…"
_ROOTS = (".", "./", "/")
_EVERYTHING = "everything"
_TELLING = 6  # letters; a longer common part identifies the paths


def shortened(text: str, length: int) -> str:
    """``text`` of at most ``length`` characters, cut in its middle, the tail the longer half."""
    text = printable(text)
    if len(text) <= length:
        return text
    head = (length - 1) // 3
    return text[:head].rstrip() + _ELLIPSIS + text[len(text) - (length - 1 - head) :].lstrip()


def cut(text: str, length: int) -> str:
    """``text`` of at most ``length`` characters, cut at its end."""
    text = printable(text)
    return text if len(text) <= length else text[: length - 1].rstrip() + _ELLIPSIS


def few_names(names: Sequence[str], most: int) -> str:
    """The first ``most`` of ``names``, and how many more there are: "a, b and 3 more"."""
    shown = ", ".join(printable(name) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def names_line(names: Sequence[str], length: int) -> str:
    """As many whole ``names`` as ``length`` characters hold, and … for the rest: "auth, billing …"."""
    count = len(names)
    while count > 1 and len(", ".join(names[:count])) + 2 * (count < len(names)) > length:
        count -= 1
    shown = cut(", ".join(names[:count]), length)
    return f"{shown} {_ELLIPSIS}" if count < len(names) else shown


def edge_label(edges: Sequence[Edge], length: int = 34) -> str:
    """What parallel edges carry: up to two lines of ``path → destination``, or a count."""
    lines = list(dict.fromkeys(line for edge in edges for line in _transfers(edge, length)))
    if len(lines) > 2:
        return shortened(_many(edges), length)
    return "\n".join(_both_ends(line, length) for line in lines)


def _many(edges: Sequence[Edge]) -> str:
    """The number of paths, with their common part if it is long enough to identify them."""
    paths = [path for edge in edges for path in edge.paths] or [""] * len(edges)
    common = pattern(paths)
    tells = len(common) > _TELLING and _ELLIPSIS in common and not common.startswith(paths[0])
    return f"{len(paths)} × {common}" if tells else f"{len(paths)} paths"


def pattern(texts: Sequence[str]) -> str:
    """The common start and end of ``texts`` with … between; the first text if they have none."""
    start = _common(texts)
    end = _common([text[len(start) :][::-1] for text in texts])[::-1]
    if len(set(texts)) == 1:
        return texts[0]
    return f"{start}{_ELLIPSIS}{end}" if len(start) + len(end) > 1 else f"{texts[0]} {_ELLIPSIS}"


def _common(texts: Sequence[str]) -> str:
    first, last = min(texts), max(texts)
    for at, letter in enumerate(first):
        if last[at : at + 1] != letter:
            return first[:at]
    return first


def _both_ends(line: str, length: int) -> str:
    """``path → destination`` with each end shortened by itself."""
    source, arrow, destination = line.partition(ARROW)
    if not arrow or len(line) <= length:
        return shortened(line, length)
    room = (length - len(ARROW)) // 2
    spare = max(0, room - min(len(source), len(destination)))
    return shortened(source, room + spare) + ARROW + shortened(destination, room + spare)


def edge_tooltip(edges: Sequence[Edge]) -> str:
    """Every path of parallel edges in full, with the line of its instruction."""
    return "\n".join(f"line {edge.line}: {_edge_sentence(edge)}" for edge in edges)


def _transfers(edge: Edge, length: int) -> list[str]:
    if edge.selectable:
        return [edge.why]
    if edge.kind is EdgeKind.FROM:
        return []
    if edge.kind is EdgeKind.TAG:
        return [f"by tag {path}" for path in edge.paths]
    if edge.kind is EdgeKind.MOUNT:
        return [f"mount {path}" if path not in ("", "/") else "mount" for path in edge.paths] or ["mount"]
    if edge.source.startswith("remote:"):
        return [f"to {edge.destination}"]
    if len(edge.paths) == 1:
        return [_transfer(edge.paths[0], edge.destination)]
    return [f"{_listed(edge.paths, length)}{ARROW}{edge.destination}"] if edge.paths else []


def _listed(paths: Sequence[str], length: int) -> str:
    """Paths with one destination: all of them, or the first and how many more."""
    listed = ", ".join(paths)
    return listed if len(listed) <= length // 2 + 4 else f"{paths[0]} +{len(paths) - 1}"


def _transfer(path: str, destination: str) -> str:
    """``path → destination``, or only the path if both are the same."""
    shown = _EVERYTHING if path in _ROOTS else path
    # a file that is copied to `name/` goes into it
    into = destination.endswith("/") and not path.endswith("/") and path not in _ROOTS
    same = not into and posixpath.normpath(path) == posixpath.normpath(destination)
    return shown if same else f"{shown}{ARROW}{destination}"


def _edge_sentence(edge: Edge) -> str:
    if edge.selectable:
        return f"FROM, {edge.why}"
    if edge.kind is EdgeKind.TAG:
        return f"tags {', '.join(edge.paths)}; BuildKit does not wait for it"
    parts = [edge.kind.upper(), *edge.paths]
    if edge.destination:
        parts += ["→", edge.destination]
    return " ".join(parts) + (" (ONBUILD)" if edge.onbuild else "") + (" (--link)" if edge.link else "")
