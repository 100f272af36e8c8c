"""The sections of a timings page before anything is selected: figures, savings, path, notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stagegraph.formats.html.timed_facts import instruction
from stagegraph.formats.timings_sections import notes, savings, unknown_dependencies, warnings
from stagegraph.source import xml_text
from stagegraph.timings.timings import Saving, Timings
from stagegraph.units import counted, duration, share

_SAVES = "Time saved if this step took no time."


def figures(timings: Timings) -> str:
    """The HTML of the summary: wall time, critical path, work, cached steps, and what to change first."""
    tiles = "".join(_tile(*tile) for tile in _tiles(timings))
    return f'<section class="figures" aria-label="Summary">\n{tiles}</section>\n{_alerts(timings)}'


def _tiles(timings: Timings) -> Iterator[tuple[str, str, str, str]]:
    """For each tile: name, figure, text below it, key of the item to select."""
    ran = [step for step in timings.steps if step.ran]
    wall = "unknown" if timings.wall is None else duration(timings.wall)
    yield "Wall time", wall, counted(len(ran), "step") + " ran or came from the cache", ""
    part = share(timings.path_time, timings.known_wall)
    path = f"{part} of the wall time, {counted(len(timings.path), 'step')}"
    if timings.dependencies_known:
        yield "Critical path", duration(timings.path_time), path, ""
    alone = max((count for _, count in timings.concurrency), default=0) < 2
    several = f"{timings.parallelism:.1f} steps on average at the same time"
    average = "one step at a time" if alone else several
    yield "Work", duration(timings.work), average if timings.wall is not None else "all steps together", ""
    cached = f"{timings.cached_steps} of {timings.total_steps} steps of the Dockerfile"
    yield "From the cache", share(timings.cached_steps, timings.total_steps), cached, ""
    for first in savings(timings)[:1]:
        step = _critical(first, timings)
        words = _joined(instruction(timings.steps[step]), _stage_and_line(step, timings))
        yield "Change first", f"−{duration(first.saves)}", words, f"step:{step}"


def _tile(name: str, figure: str, words: str, key: str) -> str:
    inner = (
        f"<span>{xml_text(name)}</span><strong>{xml_text(figure)}</strong><small>{xml_text(words)}</small>"
    )
    if key:
        return f'<button type="button" class="figure" data-key="{xml_text(key)}">{inner}</button>\n'
    return f'<div class="figure">{inner}</div>\n'


def _alerts(timings: Timings) -> str:
    """Warnings that the build failed, was interrupted, or had another Dockerfile."""
    every = filter(None, (unknown_dependencies(timings), *warnings(timings)))
    texts = (f"{text[:1].upper()}{text[1:]}" for text in every)
    return "".join(f'<p class="alert" role="note">{xml_text(text)}</p>\n' for text in texts)


def timed_overview(timings: Timings) -> list[dict[str, Any]]:
    """The sections of the panel without a selection: heading, sentences, and rows of text, detail and key."""
    rows = [_saving_row(saving, timings) for saving in savings(timings)]
    sections = (
        _section("What to change first", sentences=[_SAVES] if rows else [], rows=rows),
        _section("Critical path", rows=list(_path(timings))),
        _section("Notes", sentences=[f"{text[:1].upper()}{text[1:]}." for text in _notes(timings)]),
    )
    return [section for section in sections if section["rows"] or section["sentences"]]


def _section(
    heading: str, *, sentences: list[str] | None = None, rows: list[list[str]] | None = None
) -> dict[str, Any]:
    return {"heading": heading, "sentences": sentences or [], "rows": rows or []}


def _saving_row(saving: Saving, timings: Timings) -> list[str]:
    step = _critical(saving, timings)
    saves = f"saves {duration(saving.saves)}"
    if len(saving.steps) == 1:
        words = f"{saves} of {duration(saving.took)}"
    else:
        words = f"{saves}; its {len(saving.steps)} steps took {duration(saving.took)}"
    return [instruction(timings.steps[step]), _joined(words, _stage_and_line(step, timings)), f"step:{step}"]


def _critical(saving: Saving, timings: Timings) -> int:
    """The step of a saving that is on the path."""
    return next((step for step in saving.steps if timings.steps[step].critical), saving.steps[0])


def _path(timings: Timings) -> Iterator[list[str]]:
    for part in timings.path:
        step = timings.steps[part.step]
        time = duration(part.time) if part.time or not step.cached else "from the cache"
        waited = f"after a wait of {duration(part.waited)}" if part.waited * 50 > timings.known_wall else ""
        yield [instruction(step), _joined(time, waited, _stage_and_line(step.id, timings)), f"step:{step.id}"]


def _stage_and_line(step: int, timings: Timings) -> str:
    """The stage and the line of a step, as far as they are known."""
    own = timings.steps[step]
    stage = timings.stages[own.stages[0]].name if own.stages else ""
    return _joined(stage, own.platform.removeprefix("linux/"), f"line {own.lines[0]}" if own.lines else "")


def _joined(*words: str) -> str:
    return ", ".join(word for word in words if word)


def _notes(timings: Timings) -> list[str]:
    unknown = (
        [f"{counted(timings.unknown, 'step')} could not be matched to a line"] if timings.unknown else []
    )
    return unknown + notes(timings)
