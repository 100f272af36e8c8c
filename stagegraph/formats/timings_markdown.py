"""Timings as Markdown for a job summary or a pull request: the tables of the text, and a Gantt chart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from stagegraph.formats.markdown import escaped
from stagegraph.formats.timings_sections import (
    TARGET_HEADS,
    advice,
    cache_end_rows,
    facts,
    headline,
    lines_and_stage,
    notes,
    path_rows,
    plain_name,
    plan_headline,
    plan_rows,
    savings,
    stage_rows,
    target_rows,
    unknown_dependencies,
    warnings,
)
from stagegraph.picture.short_names import cut
from stagegraph.timings.timings import TimedStep, Timings
from stagegraph.units import duration, share

_UNSAFE = re.compile(r"[^A-Za-z0-9 ./_=-]+")
_MOST_BARS = 60
_MOST_ROWS = 60
_MILLISECOND = 1_000_000


def render(timings: Timings) -> str:
    """``timings`` as Markdown; all text from the record is escaped."""
    return "\n".join(_lines(timings)) + "\n"


def _lines(timings: Timings) -> Iterator[str]:
    yield f"## {escaped(headline(timings))}"
    if unknown := unknown_dependencies(timings):
        yield ""
        yield f"**Warning:** {escaped(unknown)}"
    for sentence in warnings(timings):
        yield ""
        yield escaped(sentence)
    first, what = advice(timings)
    if first:
        yield ""
        yield f"**{escaped(first)}** {escaped(cut(what, 200))}".rstrip()
    for sentence in facts(timings):
        yield ""
        yield escaped(sentence)
    yield from _gantt(timings)
    yield from _table(
        "Time saved if this step took no time",
        ("saves", "", "where", "step"),
        [
            (
                duration(saving.saves),
                share(saving.saves, timings.known_wall),
                ", ".join(filter(None, lines_and_stage(timings, saving))),
                cut(plain_name(saving.name), 80),
            )
            for saving in savings(timings)
        ],
    )
    rows = [
        (row.name, row.where, duration(row.work), duration(row.on_path), duration(row.saves or 0))
        for row in stage_rows(timings)
    ]
    heads = ("stage", "lines", "ran", "on the path", "saves")
    shown = len(heads) if timings.dependencies_known else heads.index("on the path")
    yield from _table("Targets", TARGET_HEADS, list(target_rows(timings)))
    yield from _table("Stages", heads[:shown], [row[:shown] for row in rows])
    yield from cache_end_table(timings)
    yield from _table(
        f"Critical path: {duration(timings.path_time)} of {duration(timings.known_wall)}",
        ("time", "line", "step"),
        [(duration(row.time), row.where, cut(row.what, 100)) for row in path_rows(timings)],
    )
    yield from _table(plan_headline(timings), ("then", "line", "step"), list(plan_rows(timings)))
    for note in notes(timings):
        yield ""
        yield f"Note: {escaped(note)}"


def cache_end_table(timings: Timings) -> Iterator[str]:
    """Where the cache ended, and why."""
    rows = [(stage, lines, cut(name, 80), why) for stage, lines, name, why in cache_end_rows(timings)]
    yield from _table("Where the cache ended", ("stage", "line", "step", "why"), rows)


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


def _gantt(timings: Timings) -> Iterator[str]:
    """A Gantt chart of the longest steps by stage; the critical path is marked."""
    if timings.wall is None:
        return
    longest = sorted(timings.steps, key=lambda step: (-step.duration, step.id))[:_MOST_BARS]
    shown = [
        step
        for step in longest
        if step.duration * 200 >= timings.known_wall and step.duration >= _MILLISECOND
    ]
    if not shown:
        return
    wanted = {step.id for step in shown}
    yield ""
    yield "```mermaid"
    yield "gantt"
    yield "  dateFormat x"
    yield "  axisFormat %M:%S"
    for row in stage_rows(timings):
        own = [timings.steps[step] for step in row.steps if step in wanted]
        wanted -= {step.id for step in own}
        if own:
            yield f"  section {_mermaid_text(row.name)}"
            yield from map(_bar, own)
    yield "```"


def _bar(step: TimedStep) -> str:
    name = _mermaid_text(cut(plain_name(step.name), 40))
    where = f"{step.lines[0]} " if step.lines else ""
    start = (step.start or 0) // _MILLISECOND
    end = max(start + 1, (step.end or 0) // _MILLISECOND)
    return f"  {where}{name} :{'crit, ' if step.critical else ''}{start}, {end}"


def _mermaid_text(text: str) -> str:
    """``text`` without characters that are syntax in Mermaid."""
    return _UNSAFE.sub(" ", text).strip() or "step"
