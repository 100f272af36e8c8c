"""The sentences and rows about timings that text, Markdown and HTML share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from stagegraph.source import printable
from stagegraph.timings.step_names import VertexKind
from stagegraph.timings.timings import PathPart, Saving, SavingKind, TimedStage, TimedStep, Timings
from stagegraph.units import counted, duration, share, size

_BRACKET = re.compile(r"\[[^\]]*\d+/\d+\] ")
_MOST_SAVINGS = 8
_LEAST_SAVING = 200  # savings below one part in this many of the wall time are not shown
_LEAST_PART = 100  # steps on the path below one part in this many are joined with their neighbours


class PathRow(Struct, frozen=True, kw_only=True):
    """One row of the critical path: a step, several short ones, or a time in which nothing on it ran."""

    time: int
    where: str  # "line 10"; "" without a line
    what: str
    detail: str = ""
    waited: bool = False


def headline(timings: Timings) -> str:
    """The name of the build, how long it took, and how many steps came from the cache."""
    about = "about " if timings.estimated else ""
    cached = (
        f"{timings.cached_steps} of {timings.total_steps} steps from the cache"
        if timings.cached_steps
        else f"{counted(timings.total_steps, 'step')}, none from the cache"
    )
    took = "" if timings.wall is None else f"{about}{duration(timings.wall)}, "
    return f"{build_name(timings)}: {took}{cached}"


def build_name(timings: Timings) -> str:
    """The file of the record, and the name of the build in it if it holds several."""
    return printable(f"{timings.source}, {timings.name}" if timings.name else timings.source)


def unknown_dependencies(timings: Timings) -> str:
    """Why it is not known what each step waited for, and what to do; "" if it is known."""
    if timings.dependencies_known:
        return ""
    if timings.dockerfile is None:
        why = "no Dockerfile was given"
    elif timings.mismatch:
        why = f"{printable(timings.dockerfile.name)} does not match it"
    else:
        why = f"{printable(timings.dockerfile.name)} is invalid"
    return (
        f"The dependencies of the steps are unknown: a log does not contain them, and {why}. "
        "Pass the Dockerfile of this build after the record (RECORD DOCKERFILE) to see the critical path."
    )


def warnings(timings: Timings) -> Iterator[str]:
    """Why the numbers may be wrong or incomplete: failure, interruption, another Dockerfile."""
    if timings.error:
        yield f"The build failed: {printable(timings.error)}"
    elif timings.interrupted:
        yield "The record stops before the build ends; unfinished steps are counted up to that point."
    if timings.mismatch:
        yield f"{printable(timings.mismatch)}."


def advice(timings: Timings) -> tuple[str, str]:
    """Which line to change first, and the instruction in it; or where the build failed.

    Nothing where it is not known what the end of the build waited for.
    """
    if not timings.dependencies_known:
        return "", ""
    if timings.error and timings.path:
        last = timings.steps[timings.path[-1].step]
        where = _lines(last.lines) or "this step"
        after = duration(timings.path[-1].end)
        return f"The build failed at {where}, {after} after it started:", plain_name(last.name)
    best = next((saving for saving in timings.savings if saving.kind is SavingKind.STEP), None)
    if best is None or best.saves * _LEAST_SAVING < timings.known_wall:
        return "No single step on the critical path is worth optimising.", ""
    saves = f"{duration(best.saves)} ({share(best.saves, timings.known_wall)})"
    first = f"Change {_lines(best.lines) or 'this step'} first"
    return f"{first}; without it the build would end {saves} sooner:", plain_name(best.name)


def facts(timings: Timings) -> Iterator[str]:
    """Sentences about the critical path, the work, transfers and unmatched steps."""
    part = share(timings.path_time, timings.known_wall)
    path = f"The critical path took {duration(timings.path_time)}, {part} of the build. "
    alone = max((count for _, count in timings.concurrency), default=0) < 2
    average = ": one at a time" if alone else f": {timings.parallelism:.1f} on average at the same time"
    yield (
        f"{path if timings.dependencies_known else ''}All steps add up to {duration(timings.work)}"
        f"{'' if timings.wall is None else average}."
    )
    pulled, sent = sum(s.pulled for s in timings.steps), sum(s.sent for s in timings.steps)
    moved = [f"{size(pulled)} of layers pulled"] if pulled else []
    moved += [f"{size(sent)} of context sent"] if sent else []
    if moved:
        yield f"{' and '.join(moved)}."
    if timings.unknown and timings.dockerfile:
        yield f"{counted(timings.unknown, 'step')} could not be matched to a line: {_unknown(timings)}."


def _unknown(timings: Timings) -> str:
    names = [printable(step.name) for step in timings.steps if step.unknown]
    return "; ".join(names[:3]) + ("; ..." if len(names) > 3 else "")


def cache_end_rows(timings: Timings) -> Iterator[tuple[str, str, str, str]]:
    """Where the cache ended in each stage: the stage, the line, the instruction, and why."""
    for end in timings.cache_ends:
        step = timings.steps[end.step]
        after = f"after {counted(end.cached, 'cached step')}" if end.cached else "the first step"
        why = f"{after}: {printable(end.reason)}" if end.reason else after
        yield timings.stages[end.stage].name, _lines(step.lines), plain_name(step.name), why


def plan_headline(timings: Timings) -> str:
    """How much the changes of the plan shorten the build together; "" without a plan."""
    if not timings.plan:
        return ""
    changes = counted(len(timings.plan), "change")
    wall = f"{duration(timings.known_wall)} to {duration(timings.plan[-1].wall)}"
    return f"{changes} would shorten the build from {wall}, if these steps took no time"


def plan_rows(timings: Timings) -> Iterator[tuple[str, str, str]]:
    """The changes of the plan: when the build ends after each, the line, and the instruction."""
    for change in timings.plan:
        took = f"{plain_name(change.name)} (took {duration(change.took)})"
        yield duration(change.wall), _lines(change.lines), took


def savings(timings: Timings) -> list[Saving]:
    """The savings of steps to show, the largest first; none for a build that failed."""
    if timings.error:
        return []
    return [
        saving
        for saving in timings.savings
        if saving.kind is SavingKind.STEP and saving.saves * _LEAST_SAVING >= timings.known_wall
    ][:_MOST_SAVINGS]


def lines_and_stage(timings: Timings, saving: Saving) -> tuple[str, str]:
    """The lines and the stages that ``saving`` is about."""
    own = timings.steps[saving.steps[0]]
    return _lines(saving.lines), ", ".join(timings.stages[stage].name for stage in own.stages[:2])


def _lines(lines: Sequence[int]) -> str:
    if not lines:
        return ""
    if len(lines) == 1:
        return f"line {lines[0]}"
    listed = ", ".join(map(str, lines[:3]))
    return f"lines {listed}" + (", ..." if len(lines) > 3 else "")


def where(step: TimedStep) -> str:
    """The lines of ``step`` for a table; "line ?" if they are unknown."""
    return _lines(step.lines) or ("line ?" if step.unknown else "")


def plain_name(name: str) -> str:
    """The instruction of a step, without ``[stage 1/2]``."""
    return printable(_BRACKET.sub("", name, count=1))


def path_rows(timings: Timings) -> list[PathRow]:
    """The critical path step by step; adjacent short steps are one row."""
    rows: list[PathRow] = []
    small: list[PathPart] = []
    for part in timings.path:
        if part.waited * _LEAST_PART >= timings.known_wall and part.waited:
            rows.extend(_joined(timings, small))
            small = []
            rows.append(PathRow(time=part.waited, where="", what=_waited(timings, part), waited=True))
        if part.time * _LEAST_PART >= timings.known_wall and part.time:
            rows.extend(_joined(timings, small))
            small = []
            rows.append(_row(timings.steps[part.step], part))
        else:
            small.append(part)
    return [*rows, *_joined(timings, small)]


def _waited(timings: Timings, part: PathPart) -> str:
    """What happened before ``part`` while nothing on the path ran."""
    end = part.end - part.time
    start = end - part.waited
    others = sum(
        max(0, min(i.end, end) - max(i.start, start))
        for step in timings.steps
        if step.id != part.step
        for i in step.intervals
    )
    return "waited while other steps ran" if others * 2 > part.waited else "waited while nothing ran"


def _row(step: TimedStep, part: PathPart) -> PathRow:
    moved = [f"{size(step.pulled)} pulled"] if step.pulled else []
    moved += [f"{size(step.sent)} sent"] if step.sent else []
    moved += ["cached"] if step.cached else []
    moved += ["failed"] if step.error else []
    return PathRow(time=part.time, where=where(step), what=printable(step.name), detail=", ".join(moved))


def _joined(timings: Timings, parts: Sequence[PathPart]) -> Iterator[PathRow]:
    """One row for ``parts``, none without any."""
    if len(parts) == 1:
        yield _row(timings.steps[parts[0].step], parts[0])
    elif parts:
        steps = [timings.steps[part.step] for part in parts]
        lines = sorted({line for step in steps for line in step.lines})
        cached = sum(step.cached for step in steps)
        yield PathRow(
            time=sum(part.time for part in parts),
            where=f"{lines[0]}-{lines[-1]}" if len(lines) > 1 else _lines(lines),
            what=f"{len(parts)} short steps" + (f", {cached} of them cached" if cached else ""),
        )


class StageRow(Struct, frozen=True, kw_only=True):
    """One row of the table of stages: a stage, or the steps of one kind without a stage."""

    name: str
    where: str
    work: int
    on_path: int
    saves: int | None
    steps: tuple[int, ...]
    cached: int = 0
    error: str = ""


def stage_rows(timings: Timings) -> list[StageRow]:
    """Every stage that ran, and before and after them the steps without a stage."""
    return [
        *_without_stage(timings, "loading", VertexKind.FRONTEND),
        *_without_stage(timings, "context", VertexKind.CONTEXT),
        *(
            _stage_row(stage)
            for stage in timings.stages
            if any(timings.steps[step].ran for step in stage.steps)
        ),
        *_without_stage(timings, "unknown", VertexKind.STEP),
        *_without_stage(timings, "exporting", VertexKind.EXPORT),
    ]


def _stage_row(stage: TimedStage) -> StageRow:
    return StageRow(
        name=printable(stage.name),
        where=f"{stage.line}-{stage.end_line}" if stage.line and stage.end_line else "",
        work=stage.work,
        on_path=stage.on_path,
        saves=stage.saving,
        steps=stage.steps,
        cached=stage.cached,
        error=stage.error,
    )


def _without_stage(timings: Timings, name: str, kind: VertexKind) -> Iterator[StageRow]:
    own = [step for step in timings.steps if step.kind is kind and step.ran and not step.stages]
    if own:
        ids = {step.id for step in own}
        yield StageRow(
            name=name,
            where="",
            work=sum(step.duration for step in own),
            on_path=sum(part.time for part in timings.path if part.step in ids),
            saves=None,
            steps=tuple(step.id for step in own),
        )


TARGET_HEADS = ("target", "ends after", "own steps", "shared steps", "own on the path")


def target_rows(timings: Timings) -> Iterator[tuple[str, ...]]:
    """The targets of a bake build, the last one to end first; the cells as in TARGET_HEADS."""
    for one in sorted(timings.targets, key=lambda one: (-(one.end or 0), one.name)):
        end = "unknown" if one.end is None else duration(one.end)
        on_path = duration(one.on_path) if timings.dependencies_known else "unknown"
        yield printable(one.name), end, duration(one.own), duration(one.shared), on_path


def notes(timings: Timings) -> list[str]:
    """What was left out or assumed, and why."""
    return [printable(note) for note in timings.notes]
