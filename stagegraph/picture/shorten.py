"""What arrows carry, in short labels and in full tooltips."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from functools import partial

from stagegraph.model import Edge, EdgeKind
from stagegraph.picture.short_names import (
    ELLIPSIS,
    LONGER,
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
_TELLING = 6  # letters; so long a common part identifies the paths
_NUMBER = len("12 × ")


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
    paths = [path for edge in edges for path in edge.paths] or [""] * len(edges)
    if level:
        first = short(paths[0], length) if level == 1 else ""
        return f"{first} +{len(paths) - 1}" if first else cut(", ".join(lines), 2 * length)
    factored = _factored(paths)
    if factored and set(lines) == set(paths) and len(factored) <= length:
        return factored
    copied = all(edge.kind in (EdgeKind.COPY, EdgeKind.ADD) for edge in edges)
    return f"{len(paths)} {_in_common(paths, [edge.destination for edge in edges if copied], length)}"


def _in_common(paths: Sequence[str], destinations: Sequence[str], length: int) -> str:
    """What ``paths``, and their ``destinations``, have in common: "× /out/… → /bin/…"; or "paths"."""
    common, room = _telling(paths), length - _NUMBER
    end = _telling(destinations) if destinations else ""
    if common and end and len(common) + len(ARROW) + len(end) <= room:
        return f"× {common}{ARROW}{end}"
    brief = re.sub(f"{ELLIPSIS}(/{ELLIPSIS})+", ELLIPSIS, short(common, room))
    if brief and brief.endswith(common.rpartition("/")[2]):
        return f"× {brief}"
    if end and end == destinations[0] and end not in _ROOTS:
        return f"paths{ARROW}{short(end, room - len('paths'))}"
    return "paths"


def _telling(texts: Sequence[str]) -> str:
    """What ``texts`` begin and end with, if that tells what they are; empty otherwise."""
    common = pattern(texts)
    if len(set(texts)) == 1:
        return common
    return "" if len(common) < _TELLING or common.startswith(texts[0]) else common


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
    """``path → destination`` with each end shortened by itself; a name that both have is written once."""
    source, arrow, destination = line.partition(ARROW)
    if len(line) <= length:
        return printable(line)
    if not arrow:
        verb, _, path = line.rpartition(" ") if line.startswith(_VERBS) else ("", "", line)
        return f"{verb} {short(path, length - len(verb) - 1)}" if verb else short(line, length)
    room = length - len(ARROW)
    least = room // 2
    if posixpath.basename(source) == posixpath.basename(destination) != "":
        # `/usr/bin/` would be wrong for a folder, whose content COPY puts right into it
        destination = f"{posixpath.dirname(destination).rstrip('/')}/{ELLIPSIS}"
        least += 2
    end = short(destination, max(least, room - len(source)))
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
    shown = _EVERYTHING if path in _ROOTS else path.removeprefix("./")
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
