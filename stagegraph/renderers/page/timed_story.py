"""What a page says of a measured build before anything is chosen: figures, savings, path, notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stagegraph.measured.model import Saving, SavingKind, Timings
from stagegraph.renderers.page.timed_facts import instruction
from stagegraph.renderers.page.units import counted, duration, share
from stagegraph.renderers.quoting import xml_text

_MOST_SAVINGS = 8
_SAVES = "How much sooner the build would end if the step took no time."


def figures(found: Timings) -> str:
    """The section of figures: how long, how much of it is the path, how much ran at once, what was cached."""
    tiles = "".join(_tile(*tile) for tile in _tiles(found))
    return f'<section class="figures" aria-label="In short">\n{tiles}</section>\n{_alerts(found)}'


def _tiles(found: Timings) -> Iterator[tuple[str, str, str, str]]:
    """Name, figure, words below it, key of what it is about."""
    ran = [step for step in found.steps if step.ran]
    yield "Wall time", duration(found.wall), counted(len(ran), "step") + " ran or came from the cache", ""
    path = f"{share(found.path_share)} of the wall time, {counted(len(found.path), 'step')}"
    yield "Critical path", duration(found.path_time), path, ""
    yield "Work", duration(found.work), f"{found.parallelism:.1f} steps at once in the mean", ""
    cached = f"{found.cached_steps} of {found.total_steps}"
    yield "From the cache", share(found.cached_share), f"{cached} steps of the Dockerfile", ""
    first = next((saving for saving in found.savings if saving.kind is SavingKind.STEP), None)
    if first:
        step = _critical(first, found)
        words = _joined(instruction(found.steps[step]), _place(step, found))
        yield "Change first", f"−{duration(first.saves)}", words, f"step:{step}"


def _tile(name: str, figure: str, words: str, key: str) -> str:
    inner = (
        f"<span>{xml_text(name)}</span><strong>{xml_text(figure)}</strong><small>{xml_text(words)}</small>"
    )
    if key:
        return f'<button type="button" class="figure" data-key="{xml_text(key)}">{inner}</button>\n'
    return f'<div class="figure">{inner}</div>\n'


def _alerts(found: Timings) -> str:
    """What a reader must know before trusting the page: failure, interruption, another Dockerfile."""
    said = []
    if found.error:
        said.append(f"The build failed: {found.error}")
    if found.interrupted:
        said.append("The record ends in the midst of the build.")
    if found.mismatch:
        said.append(f"{found.mismatch[:1].upper()}{found.mismatch[1:]}.")
    return "".join(f'<p class="alert" role="note">{xml_text(text)}</p>\n' for text in said)


def timed_story(found: Timings) -> list[dict[str, Any]]:
    """The sections of the panel: heading, sentences, and rows of what, detail and key."""
    sections = (
        _section(
            "What to change first", rows=list(_savings(found)), sentences=[_SAVES] if found.savings else []
        ),
        _section("The path that the build took", rows=list(_path(found))),
        _section("To know", sentences=[f"{note[:1].upper()}{note[1:]}." for note in _notes(found)]),
    )
    return [section for section in sections if section["rows"] or section["sentences"]]


def _section(
    heading: str, *, sentences: list[str] | None = None, rows: list[list[str]] | None = None
) -> dict[str, Any]:
    return {"heading": heading, "sentences": sentences or [], "rows": rows or []}


def _savings(found: Timings) -> Iterator[list[str]]:
    steps = [saving for saving in found.savings if saving.kind is SavingKind.STEP]
    for saving in steps[:_MOST_SAVINGS]:
        step = _critical(saving, found)
        words = f"saves {duration(saving.saves)} of {duration(saving.took)}"
        yield [instruction(found.steps[step]), _joined(words, _place(step, found)), f"step:{step}"]


def _critical(saving: Saving, found: Timings) -> int:
    """The step of a saving that is on the path."""
    return next((step for step in saving.steps if found.steps[step].critical), saving.steps[0])


def _path(found: Timings) -> Iterator[list[str]]:
    for part in found.path:
        step = found.steps[part.step]
        time = duration(part.time) if part.time or not step.cached else "from the cache"
        waited = f"after a wait of {duration(part.waited)}" if part.waited * 50 > found.wall else ""
        yield [instruction(step), _joined(time, waited, _place(step.id, found)), f"step:{step.id}"]


def _place(step: int, found: Timings) -> str:
    """The stage and the line of a step, as far as they are known."""
    own = found.steps[step]
    stage = found.stages[own.stages[0]].name if own.stages else ""
    return _joined(stage, own.platform, f"line {own.lines[0]}" if own.lines else "")


def _joined(*words: str) -> str:
    return ", ".join(word for word in words if word)


def _notes(found: Timings) -> list[str]:
    unknown = [f"{counted(found.unknown, 'step')} could not be tied to a line"] if found.unknown else []
    return unknown + list(found.notes)
