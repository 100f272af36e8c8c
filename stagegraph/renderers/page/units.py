"""Times and sizes in words, short and with their unit."""

from __future__ import annotations

from stagegraph.records.model import SECOND


def duration(time: int) -> str:
    """Nanoseconds as a person says them: ``82.4 s``, below a second ``17 ms``."""
    milliseconds = time * 1000 / SECOND
    if round(milliseconds) >= 1000:
        return f"{time / SECOND:,.1f} s"
    return f"{milliseconds:.0f} ms" if milliseconds >= 1 or not time else "under 1 ms"


def size(count: int) -> str:
    """Bytes in the units that BuildKit prints: thousands, not 1024."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    return ""


def share(part: float) -> str:
    """A share from 0 to 1 in per cent."""
    return f"{part * 100:.0f} %"


def counted(count: int, word: str) -> str:
    """``1 step``, ``2 steps``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
