"""A comparison of two recorded builds as sentences and rows, for its text and Markdown formats."""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.formats.timings_sections import build_name
from stagegraph.source import printable
from stagegraph.timings.compare import ChangeKind, StepChange, TimingsComparison
from stagegraph.units import duration, share

MOST_ROWS = 30  # of each kind


def change_sentences(comparison: TimingsComparison) -> Iterator[str]:
    """What was compared, how long both builds took, and their critical paths and cached steps."""
    before, after = comparison.before, comparison.after
    yield f"{build_name(before)}: {duration(before.wall)}"
    yield f"{build_name(after)}: {duration(after.wall)}, {change_verdict(comparison)}"
    yield (
        f"Critical path: {duration(before.path_time)} → {duration(after.path_time)}. Cached steps: "
        f"{before.cached_steps} of {before.total_steps} → {after.cached_steps} of {after.total_steps}."
    )
    for timings in (before, after):
        if timings.mismatch:
            yield f"{printable(timings.mismatch)}."


def change_verdict(comparison: TimingsComparison) -> str:
    """How much slower or faster the later build was: ``2.0 s (40%) faster``."""
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


def changes_by_kind(comparison: TimingsComparison) -> Iterator[tuple[ChangeKind, list[StepChange]]]:
    """The steps that changed, for each kind of change that occurs."""
    for kind in ChangeKind:
        own = [change for change in comparison.changes if change.kind is kind]
        if own and kind is not ChangeKind.SAME:
            yield kind, own


def signed_duration(difference: int) -> str:
    """``difference``, in nanoseconds, with its sign."""
    sign = "+" if difference > 0 else "−" if difference < 0 else " "
    return f"{sign}{duration(abs(difference))}"


def line_of(change: StepChange) -> str:
    """``line 3``, or ``line 3→4`` where the step has moved; empty for a step without a line."""
    before, after = change.line_before, change.line_after
    if before and after and before != after:
        return f"line {before}→{after}"
    return f"line {after or before}" if after or before else ""


def before_and_after(change: StepChange) -> str:
    """The durations of a step in both builds: ``cached → 3.0 s``."""
    return (
        f"{_duration(change.before, change.cached_before)} → {_duration(change.after, change.cached_after)}"
    )


def _duration(took: int | None, cached: bool) -> str:
    return "none" if took is None else "cached" if cached else duration(took)
