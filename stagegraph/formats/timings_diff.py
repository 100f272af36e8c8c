"""A comparison of two recorded builds as text, JSON and Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from msgspec.structs import asdict

from stagegraph.formats.markdown import escaped
from stagegraph.formats.terminal_text import Text, to_text
from stagegraph.formats.timings_sections import build_name, plain_name
from stagegraph.picture.shorten import cut
from stagegraph.source import printable
from stagegraph.timings.compare import ChangeKind, StepChange, TimingsComparison
from stagegraph.timings.timings import Timings, seconds
from stagegraph.units import duration, share

SCHEMA_VERSION = 1
_MOST_ROWS = 30  # of each kind
_WIDTH = 80
_STYLES = {
    ChangeKind.MISSED: "red",
    ChangeKind.SLOWER: "red",
    ChangeKind.ADDED: "yellow",
    ChangeKind.FASTER: "green",
    ChangeKind.CACHED: "green",
    ChangeKind.REMOVED: "yellow",
}


def as_text(comparison: TimingsComparison, *, colour: bool = False, width: int = _WIDTH) -> str:
    """``comparison`` as lines of at most ``width`` columns."""
    return to_text(_parts(comparison, max(60, width)), colour=colour, width=max(60, width))


def _parts(comparison: TimingsComparison, width: int) -> Iterator[Text]:
    for sentence in _sentences(comparison):
        yield Text(sentence, style="bold")
    for kind, own in _by_kind(comparison):
        yield Text(f"\n{kind.capitalize()}", style="bold cyan")
        for change in own[:_MOST_ROWS]:
            text = Text(f"  {_signed(change.difference):>9}  ", style=_STYLES[kind])
            text.append(f"{_line(change):<11.11} ", style="yellow")
            text.append(f"{cut(change.stage, 12):<12} ", style="cyan")
            text.append(f"{_took(change):<18}  ", style="dim")
            text.append(cut(plain_name(change.name), max(10, width - len(text) - 1)))
            yield text
        if len(own) > _MOST_ROWS:
            yield Text(f"  and {len(own) - _MOST_ROWS} more", style="dim")


def _sentences(comparison: TimingsComparison) -> Iterator[str]:
    before, after = comparison.before, comparison.after
    yield f"{build_name(before)}: {duration(before.wall)}"
    yield f"{build_name(after)}: {duration(after.wall)}, {_difference(comparison)}"
    yield (
        f"Critical path: {duration(before.path_time)} → {duration(after.path_time)}. Cached steps: "
        f"{before.cached_steps} of {before.total_steps} → {after.cached_steps} of {after.total_steps}."
    )
    for timings in (before, after):
        if timings.mismatch:
            yield f"{printable(timings.mismatch)}."


def _difference(comparison: TimingsComparison) -> str:
    if not comparison.difference:
        return "no difference"
    by = duration(abs(comparison.difference))
    if comparison.difference > 0 and comparison.after.wall >= 2 * comparison.before.wall:
        times = (
            f" ({comparison.after.wall / comparison.before.wall:.0f} times as long)"
            if comparison.before.wall
            else ""
        )
        return f"{by} slower{times}"
    part = share(abs(comparison.difference), comparison.before.wall)
    return f"{by} ({part}) {'slower' if comparison.difference > 0 else 'faster'}"


def _by_kind(comparison: TimingsComparison) -> Iterator[tuple[ChangeKind, list[StepChange]]]:
    for kind in ChangeKind:
        own = [change for change in comparison.changes if change.kind is kind]
        if own and kind is not ChangeKind.SAME:
            yield kind, own


def _signed(difference: int) -> str:
    sign = "+" if difference > 0 else "−" if difference < 0 else " "
    return f"{sign}{duration(abs(difference))}"


def _line(change: StepChange) -> str:
    before, after = change.line_before, change.line_after
    if before and after and before != after:
        return f"line {before}→{after}"
    return f"line {after or before}" if after or before else ""


def _took(change: StepChange) -> str:
    return (
        f"{_duration(change.before, change.cached_before)} → {_duration(change.after, change.cached_after)}"
    )


def _duration(took: int | None, cached: bool) -> str:
    return "none" if took is None else "cached" if cached else duration(took)


def as_markdown(comparison: TimingsComparison) -> str:
    """``comparison`` as Markdown for a pull request; all text from the records is escaped."""
    return "\n".join(_markdown(comparison)) + "\n"


def _markdown(comparison: TimingsComparison) -> Iterator[str]:
    yield f"### {escaped(f'Build {_difference(comparison)}')}"
    for sentence in _sentences(comparison):
        yield ""
        yield escaped(sentence)
    for kind, own in _by_kind(comparison):
        yield ""
        yield f"| {kind} | line | stage | before → after | step |"
        yield "|---|---|---|---|---|"
        for change in own[:_MOST_ROWS]:
            cells = (
                _signed(change.difference),
                _line(change).removeprefix("line "),
                change.stage,
                _took(change),
                cut(plain_name(change.name), 80),
            )
            yield f"| {' | '.join(map(escaped, cells))} |"
        if len(own) > _MOST_ROWS:
            yield f"| and {len(own) - _MOST_ROWS} more | | | | |"


def as_json(comparison: TimingsComparison) -> str:
    """``comparison`` as JSON; times in seconds."""
    data = {
        "schema_version": SCHEMA_VERSION,
        "before": _summary(comparison.before),
        "after": _summary(comparison.after),
        "difference": seconds(comparison.difference),
        "changes": [_change(change) for change in comparison.changes],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _summary(timings: Timings) -> dict[str, Any]:
    return {
        "source": timings.source,
        "name": timings.name,
        "wall": seconds(timings.wall),
        "work": seconds(timings.work),
        "path_time": seconds(timings.path_time),
        "cached_steps": timings.cached_steps,
        "total_steps": timings.total_steps,
    }


def _change(change: StepChange) -> dict[str, Any]:
    data = asdict(change)
    for name in ("before", "after"):
        data[name] = None if data[name] is None else seconds(data[name])
    return {**data, "difference": seconds(change.difference)}
