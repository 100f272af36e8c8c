"""Plain logs (``--progress=plain``), also inside the log of a GitHub Actions job.

Rules: moby/buildkit util/progress/progressui/printer.go. Such a log has durations to a tenth of a
second and no inputs; only the time stamps that GitHub puts before each line place them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from msgspec import Struct, field

from stagegraph.records.collector import TimestampError, nanoseconds
from stagegraph.records.record import SECOND, Interval, Record, Vertex

# The time may stand behind the names of job and step (gh run view --log) and before a mark of the
# stream (GitLab).
_LINE = re.compile(
    r"\ufeff?(?:.{0,200}?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z)(?: \d\d[OE]\+?)? +)?#(\d{1,6}) (.*)\Z",
    re.DOTALL,
)
_DONE = re.compile(r"DONE (\d+(?:\.\d+)?)s\Z")
_OUTPUT = re.compile(r"(\d+\.\d+) ")
_MOVED = re.compile(r"(?:sha256:\S+|transferring \S+) (\d+(?:\.\d+)?)([kMGT]?)B?(?: |\Z)")
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class _Known(Struct):
    name: str
    done: int | None = None  # nanoseconds, as last printed
    ended: int | None = None  # when that was printed
    cached: bool = False
    error: str = ""
    finished: bool = False
    spoke: int = 0  # when it last printed something, in nanoseconds after its start
    moved: dict[str, int] = field(default_factory=dict)


def read_plain(lines: Iterable[bytes], source: str, tick: Callable[[int], None]) -> list[Record]:
    """A record for each build of a log, in order; none when the log holds no build."""
    builds: list[dict[int, _Known]] = []
    current: dict[int, _Known] = {}
    for line in lines:
        tick(len(line))
        match = _LINE.match(_COLOUR.sub("", line.decode("utf-8", "replace").rstrip("\r\n")))
        if match is None:
            continue
        number, text = int(match[2]), match[3]
        if number == 0 or _begins_anew(current.get(number), number, text):
            current = {}
        if not current and number:
            builds.append(current)
        if number:
            _tell(current, number, text, _stamp(match[1]))
    kept = [build for build in builds if _is_build(build)]
    return [_record(source, build, position, len(kept)) for position, build in enumerate(kept)]


def _is_build(build: dict[int, _Known]) -> bool:
    """Whether it is BuildKit's: other tools number their lines too."""
    return any(known.finished or known.name.startswith(("[internal]", "[auth]")) for known in build.values())


def _begins_anew(known: _Known | None, number: int, text: str) -> bool:
    """Whether a second build begins here: its numbers start at 1 again."""
    return (
        number == 1
        and known is not None
        and known.finished
        and (text.startswith("[internal] load") or not text.startswith(known.name))
        and not _ends(text)
        and not _OUTPUT.match(text)
        and text != "..."
    )


def _ends(text: str) -> bool:
    return bool(_DONE.match(text)) or text in ("CACHED", "CANCELED") or text.startswith(("ERROR: ", "WARN: "))


def _tell(build: dict[int, _Known], number: int, text: str, stamp: int | None) -> None:
    known = build.get(number)
    if known is None:
        build[number] = _Known(name=text)
    elif done := _DONE.match(text):
        known.done, known.ended, known.finished = round(float(done[1]) * SECOND), stamp, True
    elif text == "CACHED":
        known.cached = known.finished = True
    elif text == "CANCELED":
        known.error, known.finished = "context canceled", True
    elif text.startswith("ERROR: "):
        known.error, known.finished = text.removeprefix("ERROR: "), True
        known.ended = stamp
    elif output := _OUTPUT.match(text):
        known.spoke = max(known.spoke, round(float(output[1]) * SECOND))
    elif moved := _MOVED.match(text):
        amount = round(float(moved[1]) * _UNITS[moved[2]])
        key = (
            text.split(" ")[0] + text.split(" ")[1] if text.startswith("transferring") else text.split(" ")[0]
        )
        known.moved[key] = max(known.moved.get(key, 0), amount)


def _stamp(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return nanoseconds(text)
    except TimestampError:
        return None


def _record(source: str, build: dict[int, _Known], position: int, count: int) -> Record:
    for known in build.values():
        if known.done is None and known.spoke:
            known.done = known.spoke
    cut = any(known.spoke and known.done == known.spoke for known in build.values())
    note = "how long a step ran that failed or did not end is counted up to the last line that it printed"
    return Record(
        notes=(note,) if cut else (),
        source=source,
        name=f"build {position + 1}" if count > 1 else "",
        format="plain",
        vertices=tuple(_vertex(number, known) for number, known in build.items()),
        has_inputs=False,
    )


def _vertex(number: int, known: _Known) -> Vertex:
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
