"""What arrows carry, in short labels and in full tooltips."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from functools import partial

from stagegraph.model import Edge, EdgeKind
from stagegraph.picture.short_names import (
    ELLIPSIS,
    LONGER,
    between_words,
    common_end,
    common_start,
    cut,
    short,
    told_apart,
)
from stagegraph.source import printable

ARROW = " → "
_LABEL = 34  # characters of a line of an arrow
_ROOTS = (".", "./", "/")
_EVERYTHING = "everything"
_TELLING = 6  # letters; a longer common part identifies the paths


def edge_labels(groups: Iterable[Sequence[Edge]], length: int = _LABEL) -> dict[tuple[Edge, ...], str]:
    """The label of each group of parallel edges; what carries other paths has another label."""
    parallel = [tuple(group) for group in groups]
    meanings = {
        group: tuple(dict.fromkeys(line for edge in group for line in _transfers(edge))) for group in parallel
    }
    firsts = {meaning: group for group, meaning in reversed(meanings.items()) if edge_label(group, length)}
    labels = told_apart({meaning: partial(edge_label, group, length) for meaning, group in firsts.items()})
    return {group: labels.get(meaning, "") for group, meaning in meanings.items()}


def edge_label(edges: Sequence[Edge], length: int = _LABEL, level: int = 0) -> str:
    """What parallel edges carry: up to two lines of ``path → destination``, or a count.

    At a higher ``level`` it is longer, and names the paths that it counts.
    """
    length = int(length * LONGER**level)
    lines = list(dict.fromkeys(line for edge in edges for line in _transfers(edge, length)))
    if len(lines) > 2:
        return _many(edges, lines, length, level)
    return "\n".join(_both_ends(line, length) for line in lines)


def _many(edges: Sequence[Edge], lines: Sequence[str], length: int, level: int) -> str:
    """The paths with their folder written once if that fits; or their number and what they have in common."""
    if level:
        return cut(", ".join(lines), 2 * length)
    paths = [path for edge in edges for path in edge.paths] or [""] * len(edges)
    factored = _factored(paths)
    if factored and set(lines) == set(paths) and len(factored) <= length:
        return factored
    common = pattern(paths)
    tells = len(common) > _TELLING and ELLIPSIS in common and not common.startswith(paths[0])
    return between_words(f"{len(paths)} × {common}" if tells else f"{len(paths)} paths", length)


def _factored(paths: Sequence[str]) -> str:
    """Paths of one folder with the folder written once: ``/usr/local/{bin, lib}``; empty if there is none."""
    folder = posixpath.commonpath(paths) if len({path.startswith("/") for path in paths}) == 1 else ""
    names = [path[len(folder) + 1 :].rstrip("/") for path in paths]
    if len(folder) < _TELLING or not all(names) or any("/" in name for name in names):
        return ""
    return f"{folder}/{{{', '.join(names)}}}"


def pattern(texts: Sequence[str]) -> str:
    """The words that ``texts`` begin and end with, and … between; the first text if they have none."""
    start = texts[0][: common_start(texts)]
    count = common_end(texts)
    end = texts[0][len(texts[0]) - count :]
    if len(set(texts)) == 1:
        return texts[0]
    return f"{start}{ELLIPSIS}{end}" if len(start) + len(end) > 1 else f"{texts[0]} {ELLIPSIS}"


_VERBS = ("mount ", "to ", "by tag ")


def _both_ends(line: str, length: int) -> str:
    """``path → destination`` with each end shortened by itself."""
    source, arrow, destination = line.partition(ARROW)
    if len(line) <= length:
        return printable(line)
    if not arrow:
        verb, _, path = line.rpartition(" ") if line.startswith(_VERBS) else ("", "", line)
        return f"{verb} {short(path, length - len(verb) - 1)}" if verb else short(line, length)
    room = length - len(ARROW)
    end = short(destination, max(room // 2, room - len(source)))
    start = short(source, room - len(end))
    return start + ARROW + short(destination, room - len(start))


def edge_tooltip(edges: Sequence[Edge]) -> str:
    """Every path of parallel edges in full, with the line of its instruction."""
    return "\n".join(f"line {edge.line}: {_edge_sentence(edge)}" for edge in edges)


def _transfers(edge: Edge, length: int = 10**9) -> list[str]:
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
    room = max(length // 2 + 4, length - len(ARROW) - len(edge.destination))
    return [f"{_listed(edge.paths, room)}{ARROW}{edge.destination}"] if edge.paths else []


def _listed(paths: Sequence[str], room: int) -> str:
    """Paths with one destination: all of them, or the first and how many more."""
    listed = _factored(paths) or ", ".join(paths)
    return listed if len(listed) <= room else f"{paths[0]} +{len(paths) - 1}"


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
