"""Counts, durations, sizes and shares as words."""

from __future__ import annotations

from stagegraph.model import Measured, Rebuild
from stagegraph.records.record import SECOND


def counted(count: int, word: str) -> str:
    """``1 step``, ``2 steps``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def sentence(note: str) -> str:
    """``note`` with a capital letter and a full stop; not after an ellipsis, which ends it already."""
    return f"{note[:1].upper()}{note[1:]}{'' if note.endswith('…') else '.'}"


def duration(time: int) -> str:
    """``time`` in nanoseconds, with three digits: ``16 ms``, ``1.74 s``, ``53.5 s``, ``2m 05s``."""
    if time < SECOND // 10:
        return f"{time / 1e6:.0f} ms" if time >= 500_000 or not time else "<1 ms"
    if time < 9_995_000_000:
        return f"{time / SECOND:.2f} s"
    if time < 99_950_000_000:
        return f"{time / SECOND:.1f} s"
    minutes, rest = divmod(round(time / SECOND), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02}m" if hours else f"{minutes}m {rest:02}s"


def measured_words(measured: Measured) -> str:
    """The duration of a node or a step, ``cached``, or after which time it failed."""
    if measured.error:
        return f"failed after {duration(round(measured.seconds * SECOND))}"
    return "cached" if measured.cached else duration(round(measured.seconds * SECOND))


def rebuild_words(rebuild: Rebuild, *, with_line: bool) -> str:
    """``runs again``, ``may run again from line 5`` or ``cached``."""
    return f"{rebuild.status} from line {rebuild.line}" if with_line and rebuild.line else rebuild.status


def rebuild_weight(rebuild: Rebuild | None) -> float:
    """How thick the border is, 0 to 1, so that what runs again stands out without colours."""
    return {"runs again": 1.0, "may run again": 0.4}.get(rebuild.status, 0.0) if rebuild else 0.0


def size(count: int) -> str:
    """``count`` bytes as BuildKit prints them, in powers of 1000."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.3g} {unit}"
        value /= 1000
    raise AssertionError


def share(part: int, whole: int) -> str:
    """``part`` of ``whole`` in percent, rounded; 0% and 100% only if they are exact."""
    if not whole or part in (0, whole):
        return f"{100 if whole and part else 0}%"
    return f"{min(99, max(1, round(100 * part / whole)))}%"
