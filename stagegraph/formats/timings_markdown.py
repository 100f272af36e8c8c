"""A measured build for a job summary or a pull request: the same figures as the text, and a Gantt chart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from stagegraph.formats.markdown import escaped
from stagegraph.formats.timings_sections import (
    advice,
    facts,
    headline,
    notes,
    path_rows,
    place,
    plain_name,
    savings,
    stage_rows,
    warnings,
)
from stagegraph.formats.words import duration, share
from stagegraph.picture.shorten import cut
from stagegraph.timings.timings import TimedStep, Timings

_UNSAFE = re.compile(r"[^A-Za-z0-9 ./_=-]+")
_MOST_BARS = 60
_MOST_ROWS = 60
_MILLISECOND = 1_000_000


def render(found: Timings) -> str:
    """``found`` as Markdown; every text from the record is escaped."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Timings) -> Iterator[str]:
    yield f"## {escaped(headline(found))}"
    for sentence in warnings(found):
        yield ""
        yield escaped(sentence)
    first, what = advice(found)
    yield ""
    yield f"**{escaped(first)}** {escaped(cut(what, 200))}".rstrip()
    for sentence in facts(found):
        yield ""
        yield escaped(sentence)
    yield from _gantt(found)
    yield from _table(
        "The build would end sooner, if this took no time",
        ("saves", "", "where", "step"),
        [
            (
                duration(saving.saves),
                share(saving.saves, found.wall),
                ", ".join(filter(None, place(found, saving))),
                cut(plain_name(saving.name), 80),
            )
            for saving in savings(found)
        ],
    )
    yield from _table(
        "Stages",
        ("stage", "lines", "ran", "on the path", "saves"),
        [
            (row.name, row.where, duration(row.work), duration(row.on_path), duration(row.saves or 0))
            for row in stage_rows(found)
        ],
    )
    yield from _table(
        f"Critical path: {duration(found.path_time)} of {duration(found.wall)}",
        ("time", "line", "step"),
        [(duration(row.time), row.where, cut(row.what, 100)) for row in path_rows(found)],
    )
    for note in notes(found):
        yield ""
        yield f"Note: {escaped(note)}"


def _table(heading: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield f"### {escaped(heading)}"
    yield ""
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for row in rows[:_MOST_ROWS]:
        yield f"| {' | '.join(map(escaped, row))} |"
    if len(rows) > _MOST_ROWS:
        yield f"| and {len(rows) - _MOST_ROWS} more |" + " |" * (len(heads) - 1)


def _gantt(found: Timings) -> Iterator[str]:
    """The longest steps as bars, by stage; the critical path stands out."""
    longest = sorted(found.steps, key=lambda step: (-step.duration, step.id))[:_MOST_BARS]
    shown = [step for step in longest if step.duration * 200 >= found.wall and step.duration >= _MILLISECOND]
    if not shown:
        return
    wanted = {step.id for step in shown}
    yield ""
    yield "```mermaid"
    yield "gantt"
    yield "  dateFormat x"
    yield "  axisFormat %M:%S"
    for row in stage_rows(found):
        own = [found.steps[step] for step in row.steps if step in wanted]
        wanted -= {step.id for step in own}
        if own:
            yield f"  section {_words(row.name)}"
            yield from map(_bar, own)
    yield "```"


def _bar(step: TimedStep) -> str:
    name = _words(cut(plain_name(step.name), 40))
    where = f"{step.lines[0]} " if step.lines else ""
    start = (step.start or 0) // _MILLISECOND
    end = max(start + 1, (step.end or 0) // _MILLISECOND)
    return f"  {where}{name} :{'crit, ' if step.critical else ''}{start}, {end}"


def _words(text: str) -> str:
    """``text`` without the characters that Mermaid reads as its own."""
    return _UNSAFE.sub(" ", text).strip() or "step"
