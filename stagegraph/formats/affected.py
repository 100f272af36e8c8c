"""What a change runs again: as text, Markdown, JSON, and as names or a matrix for CI."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from stagegraph.formats.json import to_json
from stagegraph.formats.markdown import escaped
from stagegraph.formats.terminal_text import UNBROKEN, Text, indented, to_text
from stagegraph.model import StepKind
from stagegraph.rebuild.image_changes import ImageChange, ImageChangeKind
from stagegraph.rebuild.impact import Reason, ReasonKind, StepImpact, StepStatus
from stagegraph.rebuild.targets import AffectedTarget
from stagegraph.source import printable
from stagegraph.units import counted, duration

if TYPE_CHECKING:
    from stagegraph.rebuild.rebuild_time import RebuildTime

SCHEMA_VERSION = 1
_MOST_NAMES = 3
_CONTEXT = "[context "  # how the names of steps that load a named context start
_NANOSECONDS = 1e9
_STYLES = {StepStatus.RUNS_AGAIN: "bold red", StepStatus.MAY_RUN: "yellow", StepStatus.CACHED: "dim"}


class Affected(msgspec.Struct, frozen=True, kw_only=True):
    """The builds of a repository and what a change runs again in each.

    ``seconds`` has for each target the recorded duration of its steps, by position; empty without a record.
    """

    since: str  # the revision, or empty
    targets: tuple[AffectedTarget, ...]
    seconds: tuple[dict[int, float], ...] = ()

    @property
    def affected(self) -> tuple[AffectedTarget, ...]:
        """The targets that have to be built: with a step that runs again or may, or with another image."""
        return tuple(one for one in self.targets if one.is_affected)

    def time(self, number: int) -> RebuildTime | None:
        """The time of the rebuild of a target; None without a record of its steps."""
        from stagegraph.rebuild.rebuild_time import rebuild_time

        seconds = self.seconds[number] if self.seconds else {}
        return rebuild_time(self.targets[number], seconds) if seconds else None


def as_text(value: Affected, *, colour: bool = False, width: int = UNBROKEN) -> str:
    """``value`` as lines of at most ``width`` columns."""
    return to_text(_parts(value, max(60, width)), colour=colour, width=max(60, width))


def _parts(value: Affected, width: int) -> Iterator[Text]:
    yield Text(headline(value), style="bold")
    for number, one in enumerate(value.targets):
        several = len(value.targets) > 1
        if several:
            yield Text()
            yield Text(f"{printable(one.target.name)}: {_summary(one)}", style=_STYLES[one.status])
        if several and not one.is_affected:
            continue
        seconds = value.seconds[number] if value.seconds else {}
        for status in (StepStatus.RUNS_AGAIN, StepStatus.MAY_RUN):
            yield from _steps(one, status, seconds, width)
        yield from _image(one, width)
        if not several:
            yield from _cached(one, width)
        yield from _critical_path(one, value.time(number), width)
        for note in _notes(value, number):
            yield Text(f"note: {printable(note)}", style="dim")


def _steps(one: AffectedTarget, status: StepStatus, seconds: dict[int, float], width: int) -> Iterator[Text]:
    steps = [step for step in one.shown if step.status is status]
    if not steps:
        return
    yield Text(f"\n{status.value.capitalize()}", style=f"{_STYLES[status]}")
    for step in steps:
        took = f"  {_duration(seconds[step.id])}" if step.id in seconds else ""
        yield from indented(Text(f"{_where(step)}  {_name(step)}{took}"), 2, width)
        for reason in step.reasons[:_MOST_NAMES]:
            yield from indented(Text(reason_words(reason, one.steps), style="dim"), 6, width)


def _image(one: AffectedTarget, width: int) -> Iterator[Text]:
    if one.image:
        yield Text("\nThe image changes", style="yellow")
    for change in one.image:
        yield from indented(Text(image_words(change)), 2, width)


def image_words(change: ImageChange) -> str:
    """Why an image is another one, in words."""
    names = _names(change.names)
    words = {
        ImageChangeKind.CONFIGURATION: f"{names} changed",
        ImageChangeKind.LAYERS: "its base image or its last step is another one",
        ImageChangeKind.BASE: f"it is FROM {names}, whose image changes",
        ImageChangeKind.EXPORT: f"{names} changed in the bake or compose file",
        ImageChangeKind.NEW: "it is new",
        ImageChangeKind.UNKNOWN: f"{names} changed, and may have set something else before",
    }[change.kind]
    return words if change.line is None else f"line {change.line}  {words}"


def _cached(one: AffectedTarget, width: int) -> Iterator[Text]:
    steps = [step for step in one.shown if step.status is StepStatus.CACHED]
    if steps:
        lines = ", ".join(dict.fromkeys(str(step.line) for step in steps if step.line is not None))
        yield Text("\nCached", style="bold green")
        yield from indented(Text(f"lines {lines}" if len(steps) > 1 else f"line {lines}"), 2, width)


def headline(value: Affected) -> str:
    """How much runs again, in one sentence."""
    since = f"Since {printable(value.since)}: " if value.since else ""
    if len(value.targets) == 1:
        (one,) = value.targets
        return f"{since}{_summary(one)}{_times(value, 0)}"
    count = len(value.affected)
    return f"{since}{count} of {counted(len(value.targets), 'target')} affected"


def _summary(one: AffectedTarget) -> str:
    counts = {status: sum(step.status is status for step in one.shown) for status in StepStatus}
    total = counted(len(one.shown), "step")
    if one.fails:
        return "it cannot be built"
    if one.status is StepStatus.CACHED:
        words = f"all of {total} cached" if one.shown else "there are no steps"
        return f"{words}, but the image changes" if one.image else words
    again = counts[StepStatus.RUNS_AGAIN]
    parts = [f"{again} of {total} {'runs' if again == 1 else 'run'} again"]
    if counts[StepStatus.MAY_RUN]:
        parts.append(f"{counts[StepStatus.MAY_RUN]} may run again")
    return ", ".join([*parts, f"{counts[StepStatus.CACHED]} cached"])


def _times(value: Affected, number: int) -> str:
    """The recorded time of what runs again, of all, if it is known."""
    time = value.time(number)
    if time is None or not value.targets[number].shown:
        return ""
    least, most = _duration(time.again), _duration(time.again + time.may)
    known = least if least == most else f"{least} to {most}"
    return f", about {known} of {_duration(time.total)}"


def _critical_path(one: AffectedTarget, time: RebuildTime | None, width: int) -> Iterator[Text]:
    """The steps that the rebuild waits for, one after the other."""
    if time is None or not time.length:
        return
    yield Text(f"\n{path_title(time)}", style="bold")
    for step in time.path:
        yield from indented(Text(f"{_where(one.steps[step])}  {_name(one.steps[step])}"), 2, width)


def path_title(time: RebuildTime) -> str:
    """How long the rebuild waits for the steps of its critical path."""
    return f"Critical path of the rebuild: {counted(len(time.path), 'step')}, about {_duration(time.length)}"


def _notes(value: Affected, number: int) -> Iterator[str]:
    """What is not known about a target."""
    one, time = value.targets[number], value.time(number)
    if one.note:
        yield one.note
    if value.seconds and time is None:
        yield "the record has no times for these steps: none of them ran in it, or they are other ones"
    elif time and time.unknown:
        lines = ", ".join(_where(one.steps[step]) for step in time.unknown)
        yield f"the record has no time for {counted(len(time.unknown), 'step')}: {lines}"


def _duration(seconds: float) -> str:
    return duration(round(seconds * _NANOSECONDS))


def _where(step: StepImpact) -> str:
    return f"line {step.line}" if step.line is not None else "internal"


def _name(step: StepImpact) -> str:
    return " ".join(printable(step.name).split())


def reason_words(reason: Reason, steps: Sequence[StepImpact]) -> str:
    """Why a step is not cached, in words."""
    missing = reason.kind is ReasonKind.MISSING
    names = _names(tuple(name.lstrip("/") for name in reason.names) if missing else reason.names)
    if reason.kind is ReasonKind.STEP and reason.step is not None:
        above = steps[reason.step]
        image = next((one for one in above.reasons if one.kind is ReasonKind.IMAGE), None)
        if image:  # the step that loads it is not shown
            return reason_words(image, steps)
        if above.kind is StepKind.SOURCE and above.name.startswith(_CONTEXT):
            return f"the named context {printable(above.name[len(_CONTEXT) :].partition(']')[0])} may change"
        return f"after {_where(above)}" if above.line is not None else f"after {_name(above)}"
    return {
        ReasonKind.FILES: f"{names} changed",
        ReasonKind.MISSING: f"{names} is not in the context: the build fails here",
        ReasonKind.VARIABLE: f"{names} changed",
        ReasonKind.INSTRUCTION: _changed_instruction(reason),
        ReasonKind.IMAGE: _changed_image(reason),
        ReasonKind.NEW: "the step is new",
        ReasonKind.STEP: "a step above changed",
    }[reason.kind]


def _changed_image(reason: Reason) -> str:
    names = [*map(printable, reason.names)]
    return f"the image changed: {' → '.join(names)}" if len(set(names)) > 1 else "the platform changed"


def _changed_instruction(reason: Reason) -> str:
    return "the platform changed" if reason.names == ("platform",) else "the instruction changed"


def _names(names: tuple[str, ...]) -> str:
    shown = ", ".join(printable(name) for name in names[:_MOST_NAMES])
    return f"{shown} and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else shown


def as_markdown(value: Affected) -> str:
    """``value`` for a pull request; texts from files are escaped."""
    return "\n".join(_lines(value)) + "\n"


def _lines(value: Affected) -> Iterator[str]:
    yield f"## {escaped(headline(value))}"
    for number, one in enumerate(value.targets):
        if len(value.targets) > 1:
            yield ""
            yield f"### {escaped(one.target.name)}: {escaped(_summary(one))}"
        steps = [step for step in one.shown if step.status is not StepStatus.CACHED]
        seconds = value.seconds[number] if value.seconds else {}
        if steps:
            yield from ("", "| step | | why |", "|---|---|---|")
        for step in steps:
            why = "; ".join(reason_words(reason, one.steps) for reason in step.reasons[:_MOST_NAMES])
            took = f" ({_duration(seconds[step.id])})" if step.id in seconds else ""
            cells = (f"{_where(step)}: {_name(step)}{took}", step.status.value, why)
            yield f"| {' | '.join(map(escaped, cells))} |"
        if one.image:
            yield ""
        for change in one.image:
            words = " ".join(image_words(change).split())
            yield f"- {escaped(f'the image changes: {words}')}"
        time = value.time(number)
        if time and time.length:
            chain = " → ".join(_where(one.steps[step]) for step in time.path)
            yield from ("", escaped(f"{path_title(time)}: {chain}"))
        for note in _notes(value, number):
            yield from ("", escaped(note))


def as_json(value: Affected) -> str:
    """All of ``value`` as JSON; docs/affected.schema.json describes each field."""
    targets = [
        {
            "name": one.target.name,
            "dockerfile": one.target.dockerfile,
            "context": one.target.context,
            "status": one.status,
            "affected": one.is_affected,
            "image": msgspec.to_builtins(one.image),
            "steps": [_step(step, value.seconds[number] if value.seconds else {}) for step in one.steps],
            "note": one.note,
            "rebuild": msgspec.to_builtins(value.time(number)),
        }
        for number, one in enumerate(value.targets)
    ]
    data: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "since": value.since, "targets": targets}
    return to_json(msgspec.to_builtins(data))


def _step(step: StepImpact, seconds: dict[int, float]) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.to_builtins(step)
    data["is_source"] = step.kind in (StepKind.SOURCE, StepKind.RESULT)
    data["seconds"] = seconds.get(step.id)
    return data


def as_targets(value: Affected) -> str:
    """The names of the affected targets, one a line, as `docker buildx bake` takes them."""
    return "".join(f"{printable(name)}\n" for name in _affected_names(value))


def as_matrix(value: Affected) -> str:
    """The affected targets as the JSON of a GitHub matrix: ``{"target": [...]}``."""
    return to_json({"target": list(_affected_names(value))}, indent=None)


def _affected_names(value: Affected) -> Iterable[str]:
    return (one.target.name for one in value.affected)
