"""Reads plain logs (``--progress=plain``), also inside the log of a CI job.

Rules: moby/buildkit util/progress/progressui/printer.go. Such a log has durations to a tenth of a
second and no inputs; it has times only where a CI system puts exact ones before each line.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from stagegraph.records.collector import TimestampError, nanoseconds
from stagegraph.records.prefix import NumberedLine, is_opening, numbered_lines
from stagegraph.records.record import SECOND, Interval, Limits, Record, Tick, Vertex

# Without a fraction, or without a date, a time is too coarse to place a step.
_TIME = re.compile(r"(?<!\d)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}(?:Z|[+-]\d\d:\d\d)")
_INTERNAL = re.compile(r"\[(?:[^\]]{0,300} )?(?:internal|auth)\] ")
_LOAD = re.compile(r"\[(?:[^\]]{0,300} )?internal\] load")
_DONE = re.compile(r"DONE (\d{1,9}(?:\.\d+)?)s\Z")
_OUTPUT = re.compile(r"(\d{1,9}\.\d+) ")
_MOVED = re.compile(r"(sha256:\S+|transferring \S+) (\d{1,9}(?:\.\d+)?)([kMGT]?)B?(?: |\Z)")
_MOST_LISTED = 5
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


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


class _Build(Struct):
    """One build of a log."""

    stream: str
    begun: int  # the position of its first line
    steps: dict[int, _Lines] = field(default_factory=dict)  # by number
    headless: set[int] = field(default_factory=set)  # numbers of which the first line is missing


def read_plain(lines: Iterable[bytes], source: str, tick: Tick) -> list[Record]:
    """A record for each build of a log, in order; none when the log holds no build."""
    builds: list[_Build] = []
    current: dict[str, _Build] = {}  # by stream
    limits = Limits()
    for stream, line in numbered_lines(_ticked(lines, tick)):
        if not line.number:  # the line before the first step, which names the builder
            current.pop(stream, None)
            continue
        build = current.get(stream)
        if build is None or _starts_build(build.steps.get(line.number), line):
            build = current[stream] = _Build(stream, line.position)
            builds.append(build)
        _add_line(build, line, limits)
    found = sorted((build for build in builds if _is_build(build)), key=lambda build: build.begun)
    return [_record(source, build, name) for build, name in zip(found, _names(found), strict=True)]


def _ticked(lines: Iterable[bytes], tick: Tick) -> Iterator[bytes]:
    for line in lines:
        tick(len(line))
        yield line


def _is_build(build: _Build) -> bool:
    """Whether the lines are from BuildKit: other tools number their lines too, and text has references."""
    known = build.steps.values()
    return any(is_opening(step.name) for step in known) and any(
        step.finished or (not build.stream and _INTERNAL.match(step.name)) for step in known
    )


def _names(builds: list[_Build]) -> Iterator[str]:
    """The names of ``builds``: none for a single one, else the prefixes that tell them apart."""
    count = Counter(build.stream.strip(" []|:\t") for build in builds)
    for position, build in enumerate(builds, 1):
        name = build.stream.strip(" []|:\t")
        own = name if name and count[name] == 1 else f"build {position}"
        yield own if len(builds) > 1 else ""


def _starts_build(known: _Lines | None, line: NumberedLine) -> bool:
    """Whether another build starts at this line: its numbers start at 1 again."""
    text = line.text
    return (
        line.number == 1
        and known is not None
        and known.finished
        and (bool(_LOAD.match(text)) or not text.startswith(known.name))
        and not _is_end(text)
        and not _OUTPUT.match(text)
        and text != "..."
    )


def _is_end(text: str) -> bool:
    return bool(_DONE.match(text)) or text in ("CACHED", "CANCELED") or text.startswith(("ERROR: ", "WARN: "))


def _add_line(build: _Build, line: NumberedLine, limits: Limits) -> None:
    text, known = line.text, build.steps.get(line.number)
    if known is None:
        _add_first_line(build, line, limits)
    elif output := _OUTPUT.match(text):
        known.last_output = max(known.last_output, round(float(output[1]) * SECOND))
    elif done := _DONE.match(text):
        known.done, known.ended, known.finished = round(float(done[1]) * SECOND), _time(line.prefix), True
    elif text == "CACHED":
        known.cached = known.finished = True
    elif text == "CANCELED":
        known.error, known.finished = "context canceled", True
    elif text.startswith("ERROR: "):
        known.error, known.finished = text.removeprefix("ERROR: "), True
        known.ended = _time(line.prefix)
    elif moved := _MOVED.match(text):
        amount = round(float(moved[2]) * _UNITS[moved[3]])
        if moved[1] not in known.moved:
            limits.count_events()
        known.moved[moved[1]] = max(known.moved.get(moved[1], 0), amount)


def _add_first_line(build: _Build, line: NumberedLine, limits: Limits) -> None:
    if line.number in build.headless:
        return
    limits.count_step()
    if _is_end(line.text) or _OUTPUT.match(line.text):
        build.headless.add(line.number)
    else:
        build.steps[line.number] = _Lines(name=line.text)


def _time(prefix: str) -> int | None:
    match = _TIME.search(prefix)
    if match is None:
        return None
    try:
        return nanoseconds(match[0])
    except TimestampError:
        return None


def _record(source: str, build: _Build, name: str) -> Record:
    steps = build.steps
    for known in steps.values():
        if known.done is None and known.last_output:
            known.done = known.last_output
    estimated = any(known.last_output and known.done == known.last_output for known in steps.values())
    notes = []
    if estimated:
        notes.append(
            "the duration of a step that failed or did not end is counted up to its last line of output"
        )
    if build.headless:
        missing = ", ".join(f"#{number}" for number in sorted(build.headless)[:_MOST_LISTED])
        more = ", ..." if len(build.headless) > _MOST_LISTED else ""
        notes.append(f"steps of which the log does not contain the first line were left out: {missing}{more}")
    return Record(
        notes=tuple(notes),
        source=source,
        name=name,
        format="plain",
        vertices=tuple(_vertex(number, known) for number, known in steps.items()),
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
