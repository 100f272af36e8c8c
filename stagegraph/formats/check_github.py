"""What a run of the checker found, as the workflow commands that GitHub makes annotations of."""

from __future__ import annotations

from stagegraph.check.check import CheckedFile, ReportedProblem
from stagegraph.check.many import Run
from stagegraph.model import Severity
from stagegraph.source import printable

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(run: Run) -> str:
    """One workflow command a line."""
    lines = [line for file in run.files for line in _file(file)]
    lines += [_command("notice", {"title": "stagegraph"}, note) for note in run.notes]
    return "".join(f"{line}\n" for line in lines)


def _file(file: CheckedFile) -> list[str]:
    found = [_problem(file.name, one) for one in file.problems]
    if file.error:
        place = {"file": file.name, "line": str(file.error_line or 1), "title": "stagegraph"}
        found.append(_command("error", place, file.error_message))
    return found


def _problem(name: str, one: ReportedProblem) -> str:
    problem = one.problem
    place = {
        "file": name,
        "line": str(problem.span.line),
        "endLine": str(problem.span.end_line),
        "title": problem.code,
    }
    text = "\n".join(part for part in (problem.message, problem.why, problem.fix) if part)
    return _command(_COMMANDS[problem.severity], place, text)


def _command(name: str, properties: dict[str, str], text: str) -> str:
    """Escaped as the runner unescapes it, so that no text can begin a command of its own."""
    shown = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    message = "%0A".join(_data(printable(line)) for line in text.split("\n"))
    return f"::{name} {shown}::{message}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(printable(text)).replace(":", "%3A").replace(",", "%2C")
