"""The result of ``check`` as text: grouped by file, each finding with its line, one of many files once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from stagegraph.check.check import CheckedFile, CheckedStage, ReportedProblem
from stagegraph.check.many import Run
from stagegraph.discovery.found_build import FoundBuild
from stagegraph.formats.terminal_text import UNBROKEN, wrapped
from stagegraph.model import Reach, Severity
from stagegraph.source import printable

_RESET = "\x1b[0m"
_BOLD = "\x1b[1m"
_DIM = "\x1b[2m"
_COLOURS = {Severity.ERROR: "\x1b[31m", Severity.WARNING: "\x1b[33m", Severity.INFO: "\x1b[36m"}
_MOST_ALONE = 3  # files in which the same finding is shown in full
_MOST_NAMED = 5  # places
_Kind = tuple[str, str, str, str]  # code and texts of a finding
_NAMES = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "info"}


def render(run: Run, *, colour: bool = False, verbose: bool = False, width: int = UNBROKEN) -> str:
    """The findings by file, then the notes, then a summary.

    With ``verbose`` also the reach of every stage, and the builds that were found. Sentences are broken
    at ``width`` cells, excerpts are not.
    """
    return "\n".join(_Text(colour, verbose, width).lines(run)) + "\n"


class _Text:
    def __init__(self, colour: bool, verbose: bool, width: int) -> None:
        self._width = width
        self._colour = colour
        self._verbose = verbose
        self._others: dict[_Kind, list[str]] = {}

    def _in(self, style: str, text: str) -> str:
        return f"{style}{text}{_RESET}" if self._colour else text

    def _dim(self, text: str) -> str:
        return self._in(_DIM, text)

    def _sentence(self, start: str, style: str, word: str, text: str, end: str = "") -> Iterator[str]:
        """``start``, ``word`` in a style, a colon and ``text``, on as many lines as they need."""
        indent = len(start) + len(word) + 2
        first, *rest = wrapped(f"{' ' * indent}{printable(text)}", self._width, indent)
        lines = [f"{start}{self._in(style, word)}: {first[indent:]}", *rest]
        yield from lines[:-1]
        yield f"{lines[-1]} {self._in(_DIM, end)}" if end else lines[-1]

    def lines(self, run: Run) -> Iterator[str]:
        if not self._verbose:
            self._others = _other_places(run.files)
        for file in run.files:
            problems = [
                one for one in file.problems if self._others.get(_kind(one), (file.name,))[0] == file.name
            ]
            if file.error or problems or file.notes or self._verbose:
                yield from self._file(file, problems)
                yield ""
        if self._verbose and run.builds:
            yield from self._builds(run)
            yield ""
        for note in run.notes:
            yield from map(self._dim, wrapped(f"note: {printable(note)}", self._width, 6))
        if run.notes:
            yield ""
        yield self._summary(run)

    def _file(self, file: CheckedFile, problems: Sequence[ReportedProblem]) -> Iterator[str]:
        yield self._in(_BOLD, printable(file.name))
        if file.error:
            yield from self._error(file)
        for position, one in enumerate(problems):
            yield from [""] * (position > 0)
            yield from self._problem(one)
        for note in file.notes:
            yield from map(self._dim, wrapped(f"  note: {printable(note)}", self._width, 8))
        if self._verbose and file.stages:
            yield from [""] * bool(problems)
            yield from self._stages(file.stages)

    def _error(self, file: CheckedFile) -> Iterator[str]:
        first, *rest = file.error.split("\n")
        severity = self._in(_COLOURS[Severity.ERROR], "error")
        position = first.removeprefix(f"{file.name}:").removesuffix(f": {file.error_message}")
        at = f"{position} " if file.error_line and position != first else ""
        yield f"  {at}{severity}: {printable(file.error_message if at else first)}"
        for line in rest:
            hint = line.removeprefix("hint: ")
            yield f"      {self._in(_DIM, 'hint')}: {printable(hint)}" if hint != line else f"    {line}"

    def _problem(self, one: ReportedProblem) -> Iterator[str]:
        problem = one.problem
        start = f"  {problem.span.line}:{problem.span.column} "
        colour, name = _COLOURS[problem.severity], _NAMES[problem.severity]
        yield from self._sentence(start, colour, name, problem.message, f"[{problem.code}]")
        yield from (f"    {line}" for line in one.excerpt.split("\n"))
        for name, text in (("why", problem.why), ("fix", problem.fix)):
            if text:
                yield from self._sentence("      ", _DIM, name, text)
        if others := self._others.get(_kind(one)):
            yield f"      {self._in(_DIM, 'also')}: {_listed(others[1:])}"

    def _stages(self, stages: tuple[CheckedStage, ...]) -> Iterator[str]:
        width = max(len(printable(stage.title)) for stage in stages)
        for stage in stages:
            why = f"  {printable(stage.why)}" if stage.why else ""
            lines = f"  ({stage.extent})" if stage.reach in (Reach.IDLE, Reach.DEAD) else ""
            title = f"{printable(stage.title):<{width}}"
            yield f"  {title}  {stage.reach:<10}{why}{self._in(_DIM, lines)}".rstrip()

    def _builds(self, run: Run) -> Iterator[str]:
        yield self._in(_BOLD, "Builds found")
        for build in run.builds:
            yield f"  {printable(described(build))}"
        for note in run.not_understood:
            yield self._in(_DIM, f"  note: {printable(note)}")

    def _summary(self, run: Run) -> str:
        if not run.files:
            return self._in(_BOLD, "no Dockerfiles found")
        files = _counted(sum(file.is_dockerfile for file in run.files), "file")
        counts = run.counts
        findings = [_counted(counts[severity], _NAMES[severity]) for severity in Severity if counts[severity]]
        builds = f", {_counted(len(run.builds), 'build')} found" if run.builds else ""
        if run.not_understood and not self._verbose:
            builds += f" ({len(run.not_understood)} partly understood; see --verbose)"
        return self._in(_BOLD, f"{files} checked{builds}: {', '.join(findings) or 'no findings'}")


def _kind(one: ReportedProblem) -> _Kind:
    return one.problem.code, one.problem.message, one.problem.why, one.problem.fix


def _other_places(files: Iterable[CheckedFile]) -> dict[_Kind, list[str]]:
    """For each finding that more than a few files have: the first file, and its places in the others."""
    places: dict[_Kind, dict[str, str]] = {}
    for file in files:
        for one in file.problems:
            places.setdefault(_kind(one), {}).setdefault(file.name, f"{file.name}:{one.problem.span.line}")
    return {
        kind: [next(iter(names)), *list(names.values())[1:]]
        for kind, names in places.items()
        if len(names) > _MOST_ALONE
    }


def _listed(places: Sequence[str]) -> str:
    shown = ", ".join(map(printable, places[:_MOST_NAMED]))
    more = len(places) - _MOST_NAMED
    return shown + (f" and {more} more (--format concise lists all)" if more > 0 else "")


def _counted(number: int, name: str) -> str:
    plural = name if number == 1 or name == "info" else f"{name}s"
    return f"{number} {plural}"


def described(build: FoundBuild) -> str:
    """One build on a line: where it is defined, and what it builds."""
    target = {None: "an unknown target", "": "the default target"}.get(build.target, f"target {build.target}")
    dockerfile = build.dockerfile if build.dockerfile is not None else "an unknown Dockerfile"
    name = f" {build.name}" if build.name else ""
    words = [f"{build.where}: {build.kind}{name} builds {target} of {dockerfile}", *_extras(build)]
    return " ".join(words) + ("" if build.certain else ", perhaps")


def _extras(build: FoundBuild) -> Iterator[str]:
    """The build arguments and platforms of a build, and the parts of it that are unknown."""
    if build.build_args:
        args = ", ".join(f"{name}={value}" for name, value in sorted(build.build_args.items()))
        yield f"with {args}"
    if build.platforms:
        yield f"on {', '.join(build.platforms)}"
    unknown = build.unknown - {"dockerfile"} - ({"target"} if build.target is None else set())
    if unknown:
        yield f"({', '.join(sorted(unknown))} unknown)"
