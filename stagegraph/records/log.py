"""Reads plain logs (``--progress=plain``), also inside the log of a GitHub Actions job.

Rules: moby/buildkit util/progress/progressui/printer.go. Such a log has durations to a tenth of a
second and no inputs; it has times only where GitHub or GitLab puts them before each line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct, field

from stagegraph.records.collector import TimestampError, nanoseconds
from stagegraph.records.record import SECOND, Interval, Limits, Record, Tick, Vertex

# The names of job and step may come before the time (gh run view --log), and a code of the stream
# after it (GitLab).
_LINE = re.compile(
    r"\ufeff?(?:.{0,200}?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z)(?: \d\d[OE]\+?)? +)?#(\d{1,6}) (.*)\Z",
    re.DOTALL,
)
_DONE = re.compile(r"DONE (\d{1,9}(?:\.\d+)?)s\Z")
_OUTPUT = re.compile(r"(\d{1,9}\.\d+) ")
_MOVED = re.compile(r"(sha256:\S+|transferring \S+) (\d{1,9}(?:\.\d+)?)([kMGT]?)B?(?: |\Z)")
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class _Lines(Struct):
    """The lines of one vertex so far, merged."""

    name: str
    done: int | None = None  # its duration in nanoseconds, as last printed
    ended: int | None = None  # when that was printed
    cached: bool = False
    error: str = ""
    finished: bool = False
    last_output: int = 0  # when it last printed something, in nanoseconds after its start
    moved: dict[str, int] = field(default_factory=dict)  # bytes of each layer and context


def read_plain(lines: Iterable[bytes], source: str, tick: Tick) -> list[Record]:
    """A record for each build of a log, in order; none when the log holds no build."""
    builds: list[dict[int, _Lines]] = []
    current: dict[int, _Lines] = {}
    limits = Limits()
    for line in lines:
        tick(len(line))
        match = _LINE.match(_COLOUR.sub("", line.decode("utf-8", "replace").rstrip("\r\n")))
        if match is None:
            continue
        number, text = int(match[2]), match[3]
        if number == 0 or _starts_build(current.get(number), number, text):
            current = {}
        if not current and number:
            builds.append(current)
        if number:
            _add_line(current, number, text, _time(match[1]), limits)
    builds = [build for build in builds if _is_build(build)]
    return [_record(source, build, position, len(builds)) for position, build in enumerate(builds)]


def _is_build(build: dict[int, _Lines]) -> bool:
    """Whether the lines are from BuildKit: other tools number their lines too."""
    return any(known.finished or known.name.startswith(("[internal]", "[auth]")) for known in build.values())


def _starts_build(known: _Lines | None, number: int, text: str) -> bool:
    """Whether another build starts at this line: its numbers start at 1 again."""
    return (
        number == 1
        and known is not None
        and known.finished
        and (text.startswith("[internal] load") or not text.startswith(known.name))
        and not _is_end(text)
        and not _OUTPUT.match(text)
        and text != "..."
    )


def _is_end(text: str) -> bool:
    return bool(_DONE.match(text)) or text in ("CACHED", "CANCELED") or text.startswith(("ERROR: ", "WARN: "))


def _add_line(build: dict[int, _Lines], number: int, text: str, time: int | None, limits: Limits) -> None:
    known = build.get(number)
    if known is None:
        limits.count_step()
        build[number] = _Lines(name=text)
    elif done := _DONE.match(text):
        known.done, known.ended, known.finished = round(float(done[1]) * SECOND), time, True
    elif text == "CACHED":
        known.cached = known.finished = True
    elif text == "CANCELED":
        known.error, known.finished = "context canceled", True
    elif text.startswith("ERROR: "):
        known.error, known.finished = text.removeprefix("ERROR: "), True
        known.ended = time
    elif output := _OUTPUT.match(text):
        known.last_output = max(known.last_output, round(float(output[1]) * SECOND))
    elif moved := _MOVED.match(text):
        amount = round(float(moved[2]) * _UNITS[moved[3]])
        if moved[1] not in known.moved:
            limits.count_events()
        known.moved[moved[1]] = max(known.moved.get(moved[1], 0), amount)


def _time(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return nanoseconds(text)
    except TimestampError:
        return None


def _record(source: str, build: dict[int, _Lines], position: int, count: int) -> Record:
    for known in build.values():
        if known.done is None and known.last_output:
            known.done = known.last_output
    estimated = any(known.last_output and known.done == known.last_output for known in build.values())
    note = "the duration of a step that failed or did not end is counted up to its last line of output"
    return Record(
        notes=(note,) if estimated else (),
        source=source,
        name=f"build {position + 1}" if count > 1 else "",
        format="plain",
        vertices=tuple(_vertex(number, known) for number, known in build.items()),
        has_inputs=False,
    )


def _vertex(number: int, known: _Lines) -> Vertex:
    intervals: tuple[Interval, ...] = ()
    if known.ended is not None and known.done is not None:
        intervals = (Interval(known.ended - known.done, known.ended),)
    layers = sum(amount for key, amount in known.moved.items() if key.startswith("sha256:"))
    return Vertex(
        digest=f"#{number}",
        name=known.name,
        intervals=intervals,
        stated=known.done,
        cached=known.cached,
        error=known.error,
        unfinished=not known.finished,
        pulled=layers,
        sent=sum(known.moved.values()) - layers,
    )
