"""Functions of time (go-cty stdlib datetime.go; docker/buildx bake/hclparser/stdlib.go)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from stagegraph.bake.function import Function
from stagegraph.bake.values import UNKNOWN, UnsuitableValueError, Value, to_integer, to_text
from stagegraph.go_duration import nanoseconds

_TOKEN = re.compile(r"'((?:[^']|'')*)'|Y+|M+|D+|E+|h+|H+|A+|a+|m+|s+|Z+|[^A-Za-z']+|.", re.DOTALL)
_STAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


def _parsed(value: Value) -> datetime:
    text = to_text(value)
    if not _STAMP.fullmatch(text):
        raise UnsuitableValueError(f"{text} is not a time in RFC 3339")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise UnsuitableValueError(f"{text} is not a time in RFC 3339") from None


def _rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0") + _zone(moment, ":", "Z")


def _zone(moment: datetime, colon: str, utc: str) -> str:
    offset = moment.utcoffset() or timedelta()
    if not offset:
        return utc
    minutes = int(offset.total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{colon}{abs(minutes) % 60:02}"


def _format_date(pattern: Value, value: Value) -> str:
    moment = _parsed(value)
    return "".join(_part(match, moment) for match in _TOKEN.finditer(to_text(pattern)))


def _part(match: re.Match[str], moment: datetime) -> str:
    token = match.group()
    if match[1] is not None:
        return match[1].replace("''", "'")
    if not token[0].isalpha():
        return token
    hour = moment.hour % 12 or 12
    known = {
        "YYYY": f"{moment.year:04}", "YY": f"{moment.year % 100:02}",
        "MMMM": _MONTHS[moment.month - 1], "MMM": _MONTHS[moment.month - 1][:3],
        "MM": f"{moment.month:02}", "M": str(moment.month), "DD": f"{moment.day:02}", "D": str(moment.day),
        "EEEE": _WEEKDAYS[moment.weekday()], "EEE": _WEEKDAYS[moment.weekday()][:3],
        "hh": f"{moment.hour:02}", "h": str(moment.hour), "HH": f"{hour:02}", "H": str(hour),
        "AA": "AM" if moment.hour < 12 else "PM", "aa": "am" if moment.hour < 12 else "pm",
        "mm": f"{moment.minute:02}", "m": str(moment.minute),
        "ss": f"{moment.second:02}", "s": str(moment.second),
        "ZZZZZ": _zone(moment, ":", "+00:00"), "ZZZZ": _zone(moment, "", "+0000"),
        "ZZZ": _zone(moment, "", "UTC"), "Z": _zone(moment, ":", "Z"),
    }  # fmt: skip
    if token not in known:
        raise UnsuitableValueError(f"unknown format of a date: {token}")
    return known[token]


def _add(value: Value, duration: Value) -> str:
    text = to_text(duration)
    time = nanoseconds(text)
    if time is None:
        raise UnsuitableValueError(f"{text} is not a duration such as 1h30m")
    try:
        delta = timedelta(microseconds=abs(time) // 1000)
        return _rfc3339(_parsed(value) + (-delta if time < 0 else delta))
    except OverflowError:
        raise UnsuitableValueError("the time is out of range") from None


def _unix(value: Value) -> Value:
    try:
        moment = datetime.fromtimestamp(to_integer(value), UTC)
    except (OverflowError, ValueError, OSError):
        raise UnsuitableValueError("the time is out of range") from None
    iso_year, iso_week, _ = moment.isocalendar()
    numbers = {
        "year": moment.year, "year_day": moment.timetuple().tm_yday, "day": moment.day, "month": moment.month,
        "weekday": (moment.weekday() + 1) % 7, "hour": moment.hour, "minute": moment.minute,
        "second": moment.second, "iso_year": iso_year, "iso_week": iso_week,
    }  # fmt: skip
    names = {"month_name": _MONTHS[moment.month - 1], "weekday_name": _WEEKDAYS[moment.weekday()]}
    return (
        {name: Fraction(number) for name, number in numbers.items()} | names | {"rfc3339": _rfc3339(moment)}
    )


FUNCTIONS = {
    "formatdate": Function(_format_date, 2, 2),
    "timeadd": Function(_add, 2, 2),
    "timestamp": Function(lambda: UNKNOWN, 0, 0),
    "unixtimestampparse": Function(_unix, 1, 1),
}
