"""What a run of the checker found, for people: grouped by file, each finding with its line."""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.check.check import CheckedFile, CheckedStage, ReportedProblem
from stagegraph.check.many import Run
from stagegraph.discovery.found_build import FoundBuild
from stagegraph.model import Reach, Severity
from stagegraph.source import printable

_RESET = "\x1b[0m"
_BOLD = "\x1b[1m"
_DIM = "\x1b[2m"
_COLOURS = {Severity.ERROR: "\x1b[31m", Severity.WARNING: "\x1b[33m", Severity.INFO: "\x1b[36m"}
_NAMES = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "info"}


def check_text(run: Run, *, colour: bool = False, verbose: bool = False) -> str:
    """The findings, then what was not understood, then the count; with ``verbose`` all verdicts."""
    return "\n".join(_Text(colour, verbose).lines(run)) + "\n"


class _Text:
    def __init__(self, colour: bool, verbose: bool) -> None:
        self._colour = colour
        self._verbose = verbose

    def _in(self, style: str, text: str) -> str:
        return f"{style}{text}{_RESET}" if self._colour else text

    def lines(self, run: Run) -> Iterator[str]:
        for file in run.files:
            if file.error or file.problems or file.notes or self._verbose:
                yield from self._file(file)
                yield ""
        if self._verbose and run.uses:
            yield from self._uses(run)
            yield ""
        for note in run.notes:
            yield self._in(_DIM, f"note: {printable(note)}")
        if run.notes:
            yield ""
        yield self._summary(run)

    def _file(self, file: CheckedFile) -> Iterator[str]:
        yield self._in(_BOLD, printable(file.name))
        if file.error:
            yield from self._error(file)
        for position, one in enumerate(file.problems):
            yield from [""] * (position > 0)
            yield from self._problem(one)
        yield from (self._in(_DIM, f"  note: {printable(note)}") for note in file.notes)
        if self._verbose and file.stages:
            yield from [""] * bool(file.problems)
            yield from self._stages(file.stages)

    def _error(self, file: CheckedFile) -> Iterator[str]:
        first, *rest = file.error.split("\n")
        severity = self._in(_COLOURS[Severity.ERROR], "error")
        place = first.removeprefix(f"{file.name}:").removesuffix(f": {file.error_message}")
        at = f"{place} " if file.error_line and place != first else ""
        yield f"  {at}{severity}: {printable(file.error_message if at else first)}"
        for line in rest:
            hint = line.removeprefix("hint: ")
            yield f"      {self._in(_DIM, 'hint')}: {printable(hint)}" if hint != line else f"    {line}"

    def _problem(self, one: ReportedProblem) -> Iterator[str]:
        problem = one.problem
        severity = self._in(_COLOURS[problem.severity], _NAMES[problem.severity])
        code = self._in(_DIM, f"[{problem.code}]")
        place = f"{problem.span.line}:{problem.span.column}"
        yield f"  {place} {severity}: {printable(problem.message)} {code}"
        yield from (f"    {line}" for line in one.excerpt.split("\n"))
        for name, text in (("why", problem.why), ("fix", problem.fix)):
            if text:
                yield f"      {self._in(_DIM, name)}: {printable(text)}"

    def _stages(self, stages: tuple[CheckedStage, ...]) -> Iterator[str]:
        width = max(len(printable(stage.title)) for stage in stages)
        for stage in stages:
            why = f"  {printable(stage.why)}" if stage.why else ""
            lines = f"  ({stage.extent})" if stage.reach in (Reach.IDLE, Reach.DEAD) else ""
            title = f"{printable(stage.title):<{width}}"
            yield f"  {title}  {stage.reach:<10}{why}{self._in(_DIM, lines)}".rstrip()

    def _uses(self, run: Run) -> Iterator[str]:
        yield self._in(_BOLD, "Builds found")
        for use in run.uses:
            yield f"  {printable(described(use))}"
        for note in run.not_understood:
            yield self._in(_DIM, f"  note: {printable(note)}")

    def _summary(self, run: Run) -> str:
        files = _counted(len(run.files), "file")
        found = [
            _counted(run.counts[severity], _NAMES[severity]) for severity in Severity if run.counts[severity]
        ]
        builds = f", {_counted(len(run.uses), 'build')} found" if run.uses else ""
        if run.not_understood and not self._verbose:
            builds += f" ({len(run.not_understood)} not wholly understood: --verbose says what)"
        return self._in(_BOLD, f"{files} checked{builds}: {', '.join(found) or 'nothing to say'}")


def _counted(number: int, name: str) -> str:
    plural = name if number == 1 or name == "info" else f"{name}s"
    return f"{number} {plural}"


def described(use: FoundBuild) -> str:
    """One build in a line: where it stands, and what it builds."""
    target = {None: "a target not understood", "": "the default target"}.get(
        use.target, f"target {use.target}"
    )
    dockerfile = use.dockerfile if use.dockerfile is not None else "a Dockerfile not understood"
    args = ", ".join(f"{name}={value}" for name, value in sorted(use.build_args.items()))
    extras = [f"with {args}" if args else "", f"on {', '.join(use.platforms)}" if use.platforms else ""]
    unknown = sorted(use.unknown - {"dockerfile"} - ({"target"} if use.target is None else set()))
    extras.append(f"({', '.join(unknown)} not understood)" if unknown else "")
    name = f" {use.name}" if use.name else ""
    text = f"{use.where}: {use.kind}{name} builds {target} of {dockerfile} {' '.join(filter(None, extras))}"
    return text.rstrip() + ("" if use.certain else ", perhaps")
