"""Two measured builds beside each other: text, JSON, Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from msgspec.structs import asdict

from stagegraph.formats.markdown import escaped
from stagegraph.formats.terminal_text import Text, to_text
from stagegraph.formats.timings_sections import plain_name
from stagegraph.formats.words import duration, share
from stagegraph.picture.shorten import cut
from stagegraph.source import printable
from stagegraph.timings.compare import ChangeKind, StepChange, TimingsComparison
from stagegraph.timings.timings import Timings, seconds

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


def changes_text(found: TimingsComparison, *, colour: bool = False, width: int = _WIDTH) -> str:
    """``found`` as lines of at most ``width`` columns."""
    return to_text(_parts(found, max(60, width)), colour=colour, width=max(60, width))


def _parts(found: TimingsComparison, width: int) -> Iterator[Text]:
    for sentence in _sentences(found):
        yield Text(sentence, style="bold")
    for kind, own in _by_kind(found):
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


def _sentences(found: TimingsComparison) -> Iterator[str]:
    before, after = found.before, found.after
    yield f"{_called(before)}: {duration(before.wall)}"
    yield f"{_called(after)}: {duration(after.wall)}, {_verdict(found)}"
    yield (
        f"Critical path {duration(before.path_time)} → {duration(after.path_time)}, from the cache "
        f"{before.cached_steps} of {before.total_steps} → {after.cached_steps} of {after.total_steps} steps."
    )
    for timings in (before, after):
        if timings.mismatch:
            yield f"{printable(timings.mismatch)}."


def _called(found: Timings) -> str:
    return printable(f"{found.source}, {found.name}" if found.name else found.source)


def _verdict(found: TimingsComparison) -> str:
    if not found.difference:
        return "no difference"
    by = duration(abs(found.difference))
    if found.difference > 0 and found.after.wall >= 2 * found.before.wall:
        times = f" ({found.after.wall / found.before.wall:.0f} times as long)" if found.before.wall else ""
        return f"{by} slower{times}"
    part = share(abs(found.difference), found.before.wall)
    return f"{by} ({part}) {'slower' if found.difference > 0 else 'faster'}"


def _by_kind(found: TimingsComparison) -> Iterator[tuple[ChangeKind, list[StepChange]]]:
    for kind in ChangeKind:
        own = [change for change in found.changes if change.kind is kind]
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
    return f"{_one(change.before, change.cached_before)} → {_one(change.after, change.cached_after)}"


def _one(took: int | None, cached: bool) -> str:
    return "none" if took is None else "cached" if cached else duration(took)


def changes_markdown(found: TimingsComparison) -> str:
    """``found`` for a pull request; every text from the records is escaped."""
    return "\n".join(_markdown(found)) + "\n"


def _markdown(found: TimingsComparison) -> Iterator[str]:
    yield f"### {escaped(f'Build {_verdict(found)}')}"
    for sentence in _sentences(found):
        yield ""
        yield escaped(sentence)
    for kind, own in _by_kind(found):
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


def changes_json(found: TimingsComparison) -> str:
    """``found`` as data; times in seconds."""
    data = {
        "schema_version": SCHEMA_VERSION,
        "before": _summary(found.before),
        "after": _summary(found.after),
        "difference": seconds(found.difference),
        "changes": [_plain(change) for change in found.changes],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _summary(found: Timings) -> dict[str, Any]:
    return {
        "source": found.source,
        "name": found.name,
        "wall": seconds(found.wall),
        "work": seconds(found.work),
        "path_time": seconds(found.path_time),
        "cached_steps": found.cached_steps,
        "total_steps": found.total_steps,
    }


def _plain(change: StepChange) -> dict[str, Any]:
    data = asdict(change)
    for name in ("before", "after"):
        data[name] = None if data[name] is None else seconds(data[name])
    return {**data, "difference": seconds(change.difference)}
