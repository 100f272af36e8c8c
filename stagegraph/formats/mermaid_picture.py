"""Pictures as Mermaid draws them well: the build context inside the stages that read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from stagegraph.model import NodeKind
from stagegraph.picture.shorten import cut
from stagegraph.picture.view import Arrow, Box, Picture

_LONGEST_LINE = 44  # characters, as of a source that `listed_sources` lists


def with_context_inside(drawn: Picture) -> Picture:
    """``drawn`` with the build context listed inside the boxes that read it, and not as a box of its own.

    Its arrows lead to most stages, and each would need a label: a fan as wide as the picture. Steps name what
    they read themselves. In a picture of two builds it remains a box if what it is read for changed.
    """
    contexts = {box.id for box in drawn.boxes if box.kind is NodeKind.CONTEXT}
    contexts -= {arrow.source for arrow in drawn.arrows if arrow.change and arrow.change != "same"}
    read: dict[str, list[Arrow]] = {}
    for arrow in drawn.arrows:
        if arrow.source in contexts:
            read.setdefault(arrow.target, []).append(arrow)
    return replace(
        drawn,
        boxes=tuple(_listing(box, read.get(box.id, ())) for box in drawn.boxes if box.id not in contexts),
        arrows=tuple(arrow for arrow in drawn.arrows if arrow.source not in contexts),
    )


def _listing(box: Box, arrows: Sequence[Arrow]) -> Box:
    if not arrows or box.kind is not NodeKind.STAGE:
        return box
    lines = [box.sublabel] if box.sublabel else []
    return replace(box, sublabel="\n".join([*lines, *_context_lines(arrows)]))


def _context_lines(arrows: Sequence[Arrow]) -> Iterator[str]:
    """What a stage reads of the context, in one line if it fits."""
    words = list(dict.fromkeys(line for arrow in arrows for line in arrow.label.split("\n") if line))
    if not words:
        yield "context"
    elif len(line := f"context: {', '.join(words)}") <= _LONGEST_LINE:
        yield line
    else:
        yield from (cut(f"context: {word}", _LONGEST_LINE) for word in words)
