"""Pictures as Mermaid draws them well: the build context inside the stages that read it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from msgspec.structs import replace

from stagegraph.formats.mermaid_style import MARKS
from stagegraph.model import BUILT, NodeKind, Role
from stagegraph.picture.direction import ranks
from stagegraph.picture.short_names import cut
from stagegraph.picture.theme import style_name
from stagegraph.picture.view import Arrow, Box, Picture

_LONGEST_LINE = 44  # characters, as of a source that `listed_sources` lists
_NOTE_DOWN, _NOTE_ACROSS = 56, 30  # characters of a line of the note


def with_context_inside(drawn: Picture) -> Picture:
    """``drawn`` with the build context listed inside the boxes that read it, and not as a box of its own.

    Its arrows lead to most stages, and each would need a label: a fan as wide as the picture. Steps name what
    they read themselves. In a picture of two builds it remains a box if what it is read for changed.
    """
    contexts = {
        box.id: box.label.removeprefix("build ") for box in drawn.boxes if box.kind is NodeKind.CONTEXT
    }
    for arrow in drawn.arrows:
        if arrow.change and arrow.change != "same":
            contexts.pop(arrow.source, None)
    read: dict[str, dict[str, list[Arrow]]] = {}
    for arrow in drawn.arrows:
        if arrow.source in contexts:
            read.setdefault(arrow.target, {}).setdefault(contexts[arrow.source], []).append(arrow)
    boxes = tuple(_listing(box, read.get(box.id, {})) for box in drawn.boxes if box.id not in contexts)
    framed = {box.group for box in boxes}
    return replace(
        drawn,
        boxes=boxes,
        arrows=tuple(arrow for arrow in drawn.arrows if arrow.source not in contexts),
        groups=tuple(group for group in drawn.groups if group.id in framed),
    )


def _listing(box: Box, read: Mapping[str, Sequence[Arrow]]) -> Box:
    if not read or box.kind not in BUILT:
        return box
    lines = [line for context, arrows in read.items() for line in _context_lines(context, arrows)]
    return replace(box, sublabel="\n".join([*filter(None, [box.sublabel]), *lines]))


def _context_lines(context: str, arrows: Sequence[Arrow]) -> Iterator[str]:
    """What a stage reads of a context, in one line if it fits."""
    words = list(dict.fromkeys(line for arrow in arrows for line in arrow.label.split("\n") if line))
    if not words:
        yield cut(context, _LONGEST_LINE)
    elif len(line := f"{context}: {', '.join(words)}") <= _LONGEST_LINE:
        yield line
    else:
        yield from (cut(f"{context}: {word}", _LONGEST_LINE) for word in words)


def first_steps(drawn: Picture) -> Iterator[tuple[str, str]]:
    """The id of each frame of ``drawn`` with the ids of its boxes that wait for none of its other boxes."""
    group_of = {box.id: box.group for box in drawn.boxes}
    later = {arrow.target for arrow in drawn.arrows if group_of[arrow.source] == group_of[arrow.target]}
    boxes = drawn.grouped()
    for group in drawn.groups:
        yield from ((group.id, box.id) for box in boxes[group.id] if box.id not in later)


def last_box(drawn: Picture) -> str:
    """The id of a box of the last rank, the target if it is there; empty without boxes."""
    rank = ranks(drawn.boxes, drawn.arrows)
    order = sorted(drawn.boxes, key=lambda box: (rank[box.id], box.role is Role.TARGET))
    return order[-1].id if order else ""


def note_lines(drawn: Picture) -> list[str]:
    """The notes of ``drawn`` in lines that are not wider than the picture needs to be."""
    width = _NOTE_ACROSS if drawn.direction in ("LR", "RL") else _NOTE_DOWN
    return [line for note in drawn.notes for line in _wrapped(note, width)]


def _wrapped(note: str, width: int) -> list[str]:
    """``note`` in lines that end after a part of it, as those of the legend, if it has parts."""
    lines = [""]
    for part in re.split(r"(?<=;) ", note):
        longer = f"{lines[-1]} {part}".strip()
        lines[-1:] = [longer] if len(longer) <= width or not lines[-1] else [lines[-1], part]
    return [line for each in lines for line in _balanced(each, width)]


def _balanced(text: str, width: int) -> list[str]:
    """``text`` in as few lines of at most ``width`` characters as it needs, about equally long."""
    lines = wrap(text, width, break_on_hyphens=False)
    longest = max(map(len, lines), default=0)
    while len(lines) > 1 and len(narrower := wrap(text, longest - 1, break_on_hyphens=False)) == len(lines):
        lines, longest = narrower, max(map(len, narrower))
    return lines


def name_of(box: Box) -> str:
    """The first line of a box: its place on the critical path, the mark of its role, and its name."""
    place = f"{box.ordinal} · " if box.ordinal else ""
    return place + (MARKS.get(style_name(box), "") if box.kind else "") + box.label
