"""The result of ``check`` as workflow commands, which GitHub shows as annotations."""

from __future__ import annotations

from stagegraph.check.check import CheckedFile, ReportedProblem
from stagegraph.check.many import Run
from stagegraph.model import Severity
from stagegraph.source import printable

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(run: Run) -> str:
    """One workflow command per line."""
    lines = [line for file in run.files for line in _file(file)]
    lines += [_command("notice", {"title": "stagegraph"}, note) for note in run.notes]
    return "".join(f"{line}\n" for line in lines)


def _file(file: CheckedFile) -> list[str]:
    commands = [_problem(file.name, one) for one in file.problems]
    if file.error:
        properties = {"file": file.name, "line": str(file.error_line or 1), "title": "stagegraph"}
        commands.append(_command("error", properties, file.error_message))
    return commands


def _problem(name: str, one: ReportedProblem) -> str:
    problem = one.problem
    properties = {
        "file": name,
        "line": str(problem.span.line),
        "endLine": str(problem.span.end_line),
        "title": problem.code,
    }
    text = "\n".join(part for part in (problem.message, problem.why, problem.fix) if part)
    return _command(_COMMANDS[problem.severity], properties, text)


def _command(name: str, properties: dict[str, str], text: str) -> str:
    """A workflow command, escaped as the runner unescapes it, so that no text can start another command."""
    shown = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    message = "%0A".join(_data(printable(line)) for line in text.split("\n"))
    return f"::{name} {shown}::{message}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(printable(text)).replace(":", "%3A").replace(",", "%2C")
