"""Which lines of a Dockerfile made builds slow over the history of a repository: text, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from stagegraph.formats.json import to_json
from stagegraph.formats.markdown import escaped
from stagegraph.formats.terminal_text import UNBROKEN, Text, indented, to_text
from stagegraph.rebuild.advice import AdviceKind
from stagegraph.rebuild.history import Count, History, Run, StepHistory
from stagegraph.rebuild.savings import Saving
from stagegraph.source import printable, quoted
from stagegraph.units import counted, duration

SCHEMA_VERSION = 1
_MOST_FILES = 5
_MOST_LINES = 10
_SHORT_ID = 12
_NANOSECONDS = 1e9


class BuildHistory(msgspec.Struct, frozen=True, kw_only=True):
    """One build over the history of its context; ``seconds`` has the recorded time of steps by position."""

    name: str
    dockerfile: str
    history: History
    savings: tuple[Saving, ...] = ()
    seconds: Mapping[int, float] = {}
    note: str = ""


class Histories(msgspec.Struct, frozen=True, kw_only=True):
    """The builds of a repository over the last ``asked`` commits; ``shallow``: older ones are missing."""

    asked: int
    builds: tuple[BuildHistory, ...]
    shallow: bool = False


def as_text(value: Histories, *, colour: bool = False, width: int = UNBROKEN) -> str:
    """``value`` as lines of at most ``width`` columns."""
    width = max(60, width)
    return to_text(_parts(value, width), colour=colour, width=width)


def _parts(value: Histories, width: int) -> Iterator[Text]:
    for number, build in enumerate(value.builds):
        if number:
            yield Text()
        name = f"{printable(build.name)}: " if len(value.builds) > 1 else ""
        yield Text(f"{name}{headline(build)}", style="bold")
        for step in _missed(build):
            yield Text(f"\n{_sentence(step, build)}", style="bold yellow")
            yield from indented(Text(_changed(step), style="dim"), 2, width)
            for run, what in _runs(step, build):
                yield from indented(Text(f"{run.commits:>5}x  {what}"), 0, width)
        for order, saving in enumerate(build.savings, 1):
            if order == 1:
                yield Text("\nWhat to change", style="bold cyan")
            yield from indented(Text(f"{order}. {what_to_do(saving)}: {_saved(saving, build)}"), 2, width)
            for line in saving.advice.write:
                yield Text(f"       {printable(line)}", style="green")
        for note in _notes(value, build):
            yield Text(f"note: {note}", style="dim")


def headline(build: BuildHistory) -> str:
    """In how many commits something ran again, and what that took in all."""
    history = build.history
    if not history.commits:
        return "there are no commits to compare"
    took = f", {_duration(history.seconds(build.seconds))} in all" if build.seconds else ""
    since = f"{history.oldest[:_SHORT_ID]}..{history.newest[:_SHORT_ID]}"
    commits = f"{history.rebuilt} of {counted(history.commits, 'commit')}"
    return f"{since}: steps ran again in {commits}{took}"


def _missed(build: BuildHistory) -> list[StepHistory]:
    """The steps whose files changed, those that cost most first."""

    def cost(step: StepHistory) -> tuple[float, int, int]:
        seconds = sum(build.seconds.get(run.step, 0.0) * run.commits for run in step.runs)
        return -seconds, -sum(run.commits for run in step.runs), step.id

    return sorted((step for step in build.history.steps if step.missed and step.is_shown), key=cost)[
        :_MOST_LINES
    ]


def _sentence(step: StepHistory, build: BuildHistory) -> str:
    seconds = sum(build.seconds.get(run.step, 0.0) * run.commits for run in step.runs)
    cost = f" and cost {_duration(seconds)}" if seconds else ""
    return f"{_title(step)} missed in {step.missed} of {counted(build.history.commits, 'commit')}{cost}"


def _changed(step: StepHistory) -> str:
    """Which files changed how often: by the first part of their paths, or each where that is one folder."""
    counts = step.folders if len(step.folders) > 1 else step.files
    shown = ", ".join(_count(one) for one in counts[:_MOST_FILES])
    more = len(counts) - _MOST_FILES
    return f"changed: {shown}{f' and {more} more' if more > 0 else ''}"


def _count(one: Count) -> str:
    return f"{printable(one.path)} in {one.commits}"


def _runs(step: StepHistory, build: BuildHistory) -> Iterator[tuple[Run, str]]:
    """The other steps that ran again because of ``step``, and what each run took."""
    for run in step.runs[: _MOST_LINES + 1]:
        other = build.history.steps[run.step]
        if run.step == step.id or not other.is_shown:
            continue
        seconds = build.seconds.get(run.step)
        took = f"  {_duration(seconds)} each" if seconds else ""
        yield run, f"{_title(other)}{took}"


def _title(step: StepHistory) -> str:
    where = f"line {step.line}" if step.line is not None else "internal"
    text = " ".join(printable(step.name).split()).partition("] ")
    return f"{where} {quoted(text[2] or text[0])}"


def what_to_do(saving: Saving) -> str:
    """The advice as one sentence."""
    one = saving.advice
    names = ", ".join(map(printable, one.names[:_MOST_FILES]))
    if len(one.names) > _MOST_FILES:
        names += f" and {len(one.names) - _MOST_FILES} more"
    return {
        AdviceKind.MANIFESTS_FIRST: f"line {one.line}: copy {names} and install before you copy the rest",
        AdviceKind.IGNORE: (
            f"exclude {names} in {printable(one.about)}; "
            f"line {one.line} copies {'it' if len(one.names) == 1 else 'them'}"
        ),
        AdviceKind.ARGUMENT: f"line {one.line}: move {names} {one.about}",
        AdviceKind.LINK: f"line {one.line}: add --link",
        AdviceKind.CACHE_MOUNT: f"line {one.line}: keep the downloads of {one.about} in a cache mount",
    }[one.kind]


def _saved(saving: Saving, build: BuildHistory) -> str:
    """What the advice saves in each commit, and which steps run how much less often."""
    if not saving.runs:
        return "the saving is unknown, since the same steps run"
    parts = []
    if saving.seconds is not None and saving.commits:
        parts.append(f"saves {_duration(saving.seconds / saving.commits)} per commit")
    if saving.advice.kind is AdviceKind.ARGUMENT:
        parts = [" ".join((*parts, "if its value changes with each commit"))]
    for run in saving.runs[:_MOST_FILES]:
        title = _title(build.history.steps[run.step])
        parts.append(f"{title} runs again in {run.after} instead of {counted(run.before, 'commit')}")
    return "; ".join(parts)


def _notes(value: Histories, build: BuildHistory) -> Iterator[str]:
    history = build.history
    seen = history.commits + history.left_out
    yield f"{printable(build.dockerfile)} and its ignore file as they are now, with the files of each commit"
    if history.left_out:
        left_out = counted(history.left_out, "commit")
        yield f"{left_out} left out: files that the Dockerfile copies do not exist there"
    if seen < value.asked and value.shallow:
        yield (
            f"this clone is shallow and has only {counted(seen, 'commit')} to compare: "
            "fetch more with `git fetch --unshallow`, or fetch-depth: 0"
        )
    elif 0 < seen < value.asked:
        yield f"only {counted(seen, 'commit')} before the newest changed the context"
    if build.note:
        yield printable(build.note)


def _duration(seconds: float) -> str:
    return duration(round(seconds * _NANOSECONDS))


def as_markdown(value: Histories) -> str:
    """``value`` for a document: a table of the lines that missed, and what to change."""
    return "\n".join(_lines(value)) + "\n"


def _lines(value: Histories) -> Iterator[str]:
    for number, build in enumerate(value.builds):
        name = f"{build.name}: " if len(value.builds) > 1 else ""
        yield from ("",) if number else ()
        yield f"## {escaped(f'{name}{headline(build)}')}"
        steps = _missed(build)
        if steps:
            yield from ("", "| missed | changed | made run again |", "|---|---|---|")
        for step in steps:
            runs = "; ".join(f"{run.commits}x {what}" for run, what in _runs(step, build))
            yield f"| {' | '.join(map(escaped, (_sentence(step, build), _changed(step), runs)))} |"
        yield from _markdown_advice(build)
        for note in _notes(value, build):
            yield from ("", escaped(note))


def _markdown_advice(build: BuildHistory) -> Iterator[str]:
    for order, saving in enumerate(build.savings, 1):
        yield ""
        yield f"{order}. {escaped(f'{what_to_do(saving)}: {_saved(saving, build)}')}"
        yield from ("", *(f"       {printable(line)}" for line in saving.advice.write))


def as_json(value: Histories) -> str:
    """All of ``value`` as JSON; docs/affected-history.schema.json describes each field."""
    builds = [_build(build) for build in value.builds]
    data: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "asked": value.asked,
        "shallow": value.shallow,
        "builds": builds,
    }
    return to_json(data)


def _build(build: BuildHistory) -> dict[str, Any]:
    history = build.history
    return {
        "name": build.name,
        "dockerfile": build.dockerfile,
        "commits": history.commits,
        "left_out": history.left_out,
        "rebuilt": history.rebuilt,
        "newest": history.newest,
        "oldest": history.oldest,
        "seconds": history.seconds(build.seconds) if build.seconds else None,
        "steps": _steps(build),
        "advice": [_saving(saving) for saving in build.savings],
        "note": build.note,
    }


def _steps(build: BuildHistory) -> Sequence[dict[str, Any]]:
    return [
        {
            **msgspec.to_builtins(step),
            "is_source": not step.is_shown,
            "seconds": build.seconds.get(step.id),
        }
        for step in build.history.steps
    ]


def _saving(saving: Saving) -> dict[str, Any]:
    one = saving.advice
    return {
        "kind": one.kind.value,
        "line": one.line,
        "names": list(one.names),
        "write": list(one.write),
        "what": what_to_do(saving),
        "commits": saving.commits,
        "seconds_per_commit": (
            saving.seconds / saving.commits if saving.seconds is not None and saving.commits else None
        ),
        "runs": msgspec.to_builtins(saving.runs),
    }
