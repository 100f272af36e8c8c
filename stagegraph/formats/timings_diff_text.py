"""A comparison of two recorded builds as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.formats.terminal_text import Text, to_text
from stagegraph.formats.timings_diff_sections import (
    MOST_ROWS,
    before_and_after,
    change_sentences,
    changes_by_kind,
    line_of,
    signed_duration,
)
from stagegraph.formats.timings_sections import plain_name
from stagegraph.picture.shorten import cut
from stagegraph.timings.compare import ChangeKind, TimingsComparison

_WIDTH = 80
_STYLES = {
    ChangeKind.MISSED: "red",
    ChangeKind.SLOWER: "red",
    ChangeKind.ADDED: "yellow",
    ChangeKind.FASTER: "green",
    ChangeKind.CACHED: "green",
    ChangeKind.REMOVED: "yellow",
}


def render(comparison: TimingsComparison, *, colour: bool = False, width: int = _WIDTH) -> str:
    """``comparison`` as lines of at most ``width`` columns."""
    return to_text(_parts(comparison, max(60, width)), colour=colour, width=max(60, width))


def _parts(comparison: TimingsComparison, width: int) -> Iterator[Text]:
    for sentence in change_sentences(comparison):
        yield Text(sentence, style="bold")
    for kind, own in changes_by_kind(comparison):
        yield Text(f"\n{kind.capitalize()}", style="bold cyan")
        for change in own[:MOST_ROWS]:
            text = Text(f"  {signed_duration(change.difference):>9}  ", style=_STYLES[kind])
            text.append(f"{line_of(change):<11.11} ", style="yellow")
            text.append(f"{cut(change.stage, 12):<12} ", style="cyan")
            text.append(f"{before_and_after(change):<18}  ", style="dim")
            text.append(cut(plain_name(change.name), max(10, width - len(text) - 1)))
            yield text
        if len(own) > MOST_ROWS:
            yield Text(f"  and {len(own) - MOST_ROWS} more", style="dim")
