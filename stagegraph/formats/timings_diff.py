"""The formats of a comparison of two recorded builds, and the sentences and rows that they share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import asdict

from stagegraph.formats.json import to_json
from stagegraph.formats.markdown import escaped
from stagegraph.formats.terminal_text import UNBROKEN, Text, to_text
from stagegraph.formats.timings_markdown import cache_end_table
from stagegraph.formats.timings_sections import build_name, plain_name, unknown_dependencies
from stagegraph.formats.timings_text import cache_end_lines
from stagegraph.picture.short_names import cut
from stagegraph.source import printable
from stagegraph.timings.compare import ChangeKind, StepChange, TimingsComparison
from stagegraph.timings.timings import CacheEnd, Timings, seconds
from stagegraph.units import duration, share

MOST_ROWS = 30  # of each kind
_WIDTH = 80
_STYLES = {
    ChangeKind.MISSED: "red",
    ChangeKind.SLOWER: "red",
    ChangeKind.ADDED: "yellow",
    ChangeKind.FASTER: "green",
    ChangeKind.CACHED: "green",
    ChangeKind.REMOVED: "yellow",
}
SCHEMA_VERSION = 1


def as_text(comparison: TimingsComparison, *, colour: bool = False, width: int = 0) -> str:
    """``comparison`` as lines of at most ``width`` columns; without it no line is broken."""
    parts = _text_parts(comparison, max(60, width or _WIDTH))
    return to_text(parts, colour=colour, width=max(60, width or UNBROKEN))


def _text_parts(comparison: TimingsComparison, width: int) -> Iterator[Text]:
    for sentence in _change_sentences(comparison):
        yield Text(sentence, style="bold")
    for kind, own in _changes_by_kind(comparison):
        yield Text(f"\n{kind.capitalize()}", style="bold cyan")
        for change in own[:MOST_ROWS]:
            text = Text(f"  {_signed_duration(change.difference):>9}  ", style=_STYLES[kind])
            text.append(f"{_line_of(change):<11.11} ", style="yellow")
            text.append(f"{cut(change.stage, 12):<12} ", style="cyan")
            text.append(f"{_before_and_after(change):<18}  ", style="dim")
            text.append(cut(plain_name(change.name), max(10, width - len(text) - 1)))
            yield text
        if len(own) > MOST_ROWS:
            yield Text(f"  and {len(own) - MOST_ROWS} more", style="dim")
    yield from cache_end_lines(comparison.after, width)


def as_json(comparison: TimingsComparison) -> str:
    """``comparison`` as JSON; times in seconds."""
    data = {
        "schema_version": SCHEMA_VERSION,
        "before": _summary(comparison.before),
        "after": _summary(comparison.after),
        "difference": None if comparison.difference is None else seconds(comparison.difference),
        "changes": [_change(change) for change in comparison.changes],
        "cache_ends": [_cache_end(comparison.after, end) for end in comparison.after.cache_ends],
    }
    return to_json(data)


def _summary(timings: Timings) -> dict[str, Any]:
    return {
        "source": timings.source,
        "name": timings.name,
        "dependencies_known": timings.dependencies_known,
        "wall": None if timings.wall is None else seconds(timings.wall),
        "work": seconds(timings.work),
        "path_time": seconds(timings.path_time) if timings.dependencies_known else None,
        "cached_steps": timings.cached_steps,
        "total_steps": timings.total_steps,
    }


def _cache_end(timings: Timings, end: CacheEnd) -> dict[str, Any]:
    step = timings.steps[end.step]
    return {
        "stage": timings.stages[end.stage].name,
        "line": step.lines[0] if step.lines else None,
        "name": step.name,
        "cached": end.cached,
        "reason": end.reason,
    }


def _change(change: StepChange) -> dict[str, Any]:
    data = asdict(change)
    for name in ("before", "after"):
        data[name] = None if data[name] is None else seconds(data[name])
    return {**data, "difference": seconds(change.difference)}


def as_markdown(comparison: TimingsComparison) -> str:
    """``comparison`` as Markdown for a pull request; all text from the records is escaped."""
    return "\n".join(_markdown_lines(comparison)) + "\n"


def _markdown_lines(comparison: TimingsComparison) -> Iterator[str]:
    difference = comparison.difference
    verdict = "times by step" if difference is None else _change_verdict(difference, comparison)
    yield f"### {escaped(f'Build {verdict}')}"
    for sentence in _change_sentences(comparison):
        yield ""
        yield escaped(sentence)
    for kind, own in _changes_by_kind(comparison):
        yield ""
        yield f"| {kind} | line | stage | before → after | step |"
        yield "|---|---|---|---|---|"
        for change in own[:MOST_ROWS]:
            cells = (
                _signed_duration(change.difference),
                _line_of(change).removeprefix("line "),
                change.stage,
                _before_and_after(change),
                cut(plain_name(change.name), 80),
            )
            yield f"| {' | '.join(map(escaped, cells))} |"
        if len(own) > MOST_ROWS:
            yield f"| and {len(own) - MOST_ROWS} more | | | | |"
    yield from cache_end_table(comparison.after)


def _change_sentences(comparison: TimingsComparison) -> Iterator[str]:
    """What was compared, how long both builds took, and their critical paths and cached steps."""
    before, after = comparison.before, comparison.after
    for sentence in dict.fromkeys(map(unknown_dependencies, (before, after))):
        if sentence:
            yield f"Warning: {sentence}"
    yield f"{build_name(before)}: {_wall(before)}"
    verdict = (
        "" if comparison.difference is None else f", {_change_verdict(comparison.difference, comparison)}"
    )
    yield f"{build_name(after)}: {_wall(after)}{verdict}"
    path = f"Critical path: {duration(before.path_time)} → {duration(after.path_time)}. "
    yield (
        f"{path if before.dependencies_known and after.dependencies_known else ''}Cached steps: "
        f"{before.cached_steps} of {before.total_steps} → {after.cached_steps} of {after.total_steps}."
    )
    for timings in (before, after):
        if timings.mismatch:
            yield f"{printable(timings.mismatch)}."


def _wall(timings: Timings) -> str:
    if timings.wall is None:
        return f"steps of {duration(timings.work)} together; how long the build took is unknown"
    return duration(timings.wall)


def _change_verdict(difference: int, comparison: TimingsComparison) -> str:
    """How much slower or faster the later build was: ``2.0 s (40%) faster``."""
    if not difference:
        return "no difference"
    by, before, after = duration(abs(difference)), comparison.before.known_wall, comparison.after.known_wall
    if difference > 0 and after >= 2 * before:
        return f"{by} slower" + (f" ({after / before:.0f} times as long)" if before else "")
    part = share(abs(difference), before)
    return f"{by} ({part}) {'slower' if difference > 0 else 'faster'}"


def _changes_by_kind(comparison: TimingsComparison) -> Iterator[tuple[ChangeKind, list[StepChange]]]:
    """The steps that changed, for each kind of change that occurs."""
    for kind in ChangeKind:
        own = [change for change in comparison.changes if change.kind is kind]
        if own and kind is not ChangeKind.SAME:
            yield kind, own


def _signed_duration(difference: int) -> str:
    """``difference``, in nanoseconds, with its sign."""
    sign = "+" if difference > 0 else "−" if difference < 0 else " "
    return f"{sign}{duration(abs(difference))}"


def _line_of(change: StepChange) -> str:
    """``line 3``, or ``line 3→4`` where the step has moved; empty for a step without a line."""
    before, after = change.line_before, change.line_after
    if before and after and before != after:
        return f"line {before}→{after}"
    return f"line {after or before}" if after or before else ""


def _before_and_after(change: StepChange) -> str:
    """The durations of a step in both builds: ``cached → 3.0 s``."""
    return (
        f"{_duration(change.before, change.cached_before)} → {_duration(change.after, change.cached_after)}"
    )


def _duration(took: int | None, cached: bool) -> str:
    return "none" if took is None else "cached" if cached else duration(took)
