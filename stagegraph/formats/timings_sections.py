"""What a measured build says, as sentences and rows that text and Markdown share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from stagegraph.formats.words import duration, share, size
from stagegraph.source import printable
from stagegraph.timings.step_names import VertexKind
from stagegraph.timings.timings import PathPart, Saving, SavingKind, TimedStage, TimedStep, Timings

_BRACKET = re.compile(r"\[[^\]]*\d+/\d+\] ")
_MOST_SAVINGS = 8
_WORTH = 200  # a saving below one part in so many of the wall time is not worth a line
_FOLDED = 100  # and a step of the path below one in so many is folded with its neighbours


class PathRow(Struct, frozen=True, kw_only=True):
    """One line of the path: a step, several small ones, or a time in which nothing of it ran."""

    time: int
    where: str  # "line 10"; "" for what has no line
    what: str
    detail: str = ""
    waited: bool = False


def headline(found: Timings) -> str:
    """The name of the build, how long it took and what came from the cache."""
    name = printable(f"{found.source}, {found.name}" if found.name else found.source)
    about = "about " if found.estimated else ""
    cached = (
        f"{found.cached_steps} of {found.total_steps} steps from the cache"
        if found.cached_steps
        else f"{found.total_steps} steps, none from the cache"
    )
    return f"{name}: {about}{duration(found.wall)}, {cached}"


def warnings(found: Timings) -> Iterator[str]:
    """What a reader has to know before the figures."""
    if found.error:
        yield f"The build failed: {printable(found.error)}"
    elif found.interrupted:
        yield "The record ends in the midst of the build: steps that had not ended count up to there."
    if found.mismatch:
        yield f"{printable(found.mismatch)}."


def advice(found: Timings) -> tuple[str, str]:
    """Which line to change first and how much sooner the build would end without it; and what is there."""
    if found.error and found.path:
        last = found.steps[found.path[-1].step]
        place = _lines(last.lines) or "this step"
        return f"It failed at {place}, {duration(found.path[-1].end)} after it began:", plain_name(last.name)
    best = next((saving for saving in found.savings if saving.kind is SavingKind.STEP), None)
    if best is None or best.saves * _WORTH < found.wall:
        return "No step of the critical path took long enough to be worth a change.", ""
    saves = f"without it the build would end {duration(best.saves)} ({share(best.saves, found.wall)}) sooner:"
    return f"Change {_lines(best.lines) or 'this'} first, {saves}", plain_name(best.name)


def facts(found: Timings) -> Iterator[str]:
    """The figures of the whole build."""
    part = share(found.path_time, found.wall)
    yield (
        f"The critical path ran {duration(found.path_time)}, {part} of the time. "
        f"All steps together ran {duration(found.work)}: {found.parallelism:.1f} at once in the mean."
    )
    pulled, sent = sum(s.pulled for s in found.steps), sum(s.sent for s in found.steps)
    moved = [f"{size(pulled)} of layers pulled"] if pulled else []
    moved += [f"{size(sent)} of context sent"] if sent else []
    if moved:
        yield f"{' and '.join(moved)}."
    if found.unknown and found.dockerfile:
        yield f"{found.unknown} of the steps could not be tied to a line: {_unknown(found)}."


def _unknown(found: Timings) -> str:
    names = [printable(step.name) for step in found.steps if step.unknown]
    return "; ".join(names[:3]) + ("; ..." if len(names) > 3 else "")


def savings(found: Timings) -> list[Saving]:
    """The savings worth a line: of steps, the biggest first; of a build that failed none is."""
    if found.error:
        return []
    return [
        saving
        for saving in found.savings
        if saving.kind is SavingKind.STEP and saving.saves * _WORTH >= found.wall
    ][:_MOST_SAVINGS]


def place(found: Timings, saving: Saving) -> tuple[str, str]:
    """Where a saving is to be made: its lines and its stage."""
    own = found.steps[saving.steps[0]]
    return _lines(saving.lines), ", ".join(found.stages[stage].name for stage in own.stages[:2])


def _lines(lines: Sequence[int]) -> str:
    if not lines:
        return ""
    if len(lines) == 1:
        return f"line {lines[0]}"
    listed = ", ".join(map(str, lines[:3]))
    return f"lines {listed}" + (", ..." if len(lines) > 3 else "")


def where(step: TimedStep) -> str:
    """The lines of ``step`` for a table; "?" where they could not be found out."""
    return _lines(step.lines) or ("line ?" if step.unknown else "")


def plain_name(name: str) -> str:
    """The instruction of a step, without the bracket in front."""
    return printable(_BRACKET.sub("", name, count=1))


def path_rows(found: Timings) -> list[PathRow]:
    """The path step by step; neighbours that took next to nothing are one row."""
    rows: list[PathRow] = []
    small: list[PathPart] = []
    for part in found.path:
        if part.waited * _FOLDED >= found.wall and part.waited:
            rows.extend(_small(found, small))
            small = []
            rows.append(PathRow(time=part.waited, where="", what=_waited(found, part), waited=True))
        if part.time * _FOLDED >= found.wall and part.time:
            rows.extend(_small(found, small))
            small = []
            rows.append(_row(found.steps[part.step], part))
        else:
            small.append(part)
    return [*rows, *_small(found, small)]


def _waited(found: Timings, part: PathPart) -> str:
    """Why nothing of the path ran before ``part``: others had their turn, or nobody did."""
    end = part.end - part.time
    start = end - part.waited
    others = sum(
        max(0, min(i.end, end) - max(i.start, start))
        for step in found.steps
        if step.id != part.step
        for i in step.intervals
    )
    return "waited while other steps ran" if others * 2 > part.waited else "waited, and nothing ran"


def _row(step: TimedStep, part: PathPart) -> PathRow:
    moved = [f"{size(step.pulled)} pulled"] if step.pulled else []
    moved += [f"{size(step.sent)} sent"] if step.sent else []
    moved += ["cached"] if step.cached else []
    moved += ["failed"] if step.error else []
    return PathRow(time=part.time, where=where(step), what=printable(step.name), detail=", ".join(moved))


def _small(found: Timings, parts: Sequence[PathPart]) -> Iterator[PathRow]:
    if len(parts) == 1:
        yield _row(found.steps[parts[0].step], parts[0])
    elif parts:
        steps = [found.steps[part.step] for part in parts]
        lines = sorted({line for step in steps for line in step.lines})
        cached = sum(step.cached for step in steps)
        yield PathRow(
            time=sum(part.time for part in parts),
            where=f"{lines[0]}-{lines[-1]}" if len(lines) > 1 else _lines(lines),
            what=f"{len(parts)} short steps" + (f", {cached} of them cached" if cached else ""),
        )


class Row(Struct, frozen=True, kw_only=True):
    """One bar of the table of stages: a stage, or what belongs to none."""

    name: str
    where: str
    work: int
    on_path: int
    saves: int | None
    steps: tuple[int, ...]
    cached: int = 0
    error: str = ""


def stage_rows(found: Timings) -> list[Row]:
    """Every stage, and before and after them what belongs to none."""
    return [
        *_others(found, "loading", VertexKind.FRONTEND),
        *_others(found, "context", VertexKind.CONTEXT),
        *(_stage_row(stage) for stage in found.stages if stage.start is not None),
        *_others(found, "unknown", VertexKind.STEP),
        *_others(found, "exporting", VertexKind.EXPORT),
    ]


def _stage_row(stage: TimedStage) -> Row:
    return Row(
        name=printable(stage.name),
        where=f"{stage.line}-{stage.end_line}" if stage.line and stage.end_line else "",
        work=stage.work,
        on_path=stage.on_path,
        saves=stage.saving,
        steps=stage.steps,
        cached=stage.cached,
        error=stage.error,
    )


def _others(found: Timings, name: str, kind: VertexKind) -> Iterator[Row]:
    own = [step for step in found.steps if step.kind is kind and step.ran and not step.stages]
    if own:
        ids = {step.id for step in own}
        yield Row(
            name=name,
            where="",
            work=sum(step.duration for step in own),
            on_path=sum(part.time for part in found.path if part.step in ids),
            saves=None,
            steps=tuple(step.id for step in own),
        )


def notes(found: Timings) -> list[str]:
    """What was left out of the record, and why."""
    return [printable(note) for note in found.notes]
