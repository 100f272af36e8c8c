"""A comparison of two recorded builds as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.formats.markdown import escaped
from stagegraph.formats.timings_diff_sections import (
    MOST_ROWS,
    before_and_after,
    change_sentences,
    change_verdict,
    changes_by_kind,
    line_of,
    signed_duration,
)
from stagegraph.formats.timings_sections import plain_name
from stagegraph.picture.shorten import cut
from stagegraph.timings.compare import TimingsComparison


def render(comparison: TimingsComparison) -> str:
    """``comparison`` as Markdown for a pull request; all text from the records is escaped."""
    return "\n".join(_markdown(comparison)) + "\n"


def _markdown(comparison: TimingsComparison) -> Iterator[str]:
    yield f"### {escaped(f'Build {change_verdict(comparison)}')}"
    for sentence in change_sentences(comparison):
        yield ""
        yield escaped(sentence)
    for kind, own in changes_by_kind(comparison):
        yield ""
        yield f"| {kind} | line | stage | before → after | step |"
        yield "|---|---|---|---|---|"
        for change in own[:MOST_ROWS]:
            cells = (
                signed_duration(change.difference),
                line_of(change).removeprefix("line "),
                change.stage,
                before_and_after(change),
                cut(plain_name(change.name), 80),
            )
            yield f"| {' | '.join(map(escaped, cells))} |"
        if len(own) > MOST_ROWS:
            yield f"| and {len(own) - MOST_ROWS} more | | | | |"
