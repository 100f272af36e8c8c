"""RFC 3339 timestamps to whole nanoseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,12}))?(Z|[+-]\d\d:\d\d)\Z")


class TimestampError(ValueError):
    """A text that is no timestamp."""


def nanoseconds(text: str) -> int:
    """``text`` as nanoseconds since 1970; digits past the ninth are dropped."""
    match = _STAMP.match(text)
    if not match:
        raise TimestampError(f"{text[:40]!r} is no timestamp")
    fraction = (match[2] or "")[:9].ljust(9, "0")
    return _seconds(match[1], match[3]) * 1_000_000_000 + int(fraction)


@lru_cache(maxsize=4096)
def _seconds(text: str, zone: str) -> int:
    offset = "+00:00" if zone == "Z" else zone
    try:
        return int(datetime.fromisoformat(text + offset).astimezone(UTC).timestamp())
    except (ValueError, OverflowError) as error:
        raise TimestampError(f"{text[:40]!r} is no timestamp: {error}") from None
