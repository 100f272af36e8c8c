"""The result of ``check`` with one line per finding: FILE:LINE:COLUMN, code and message."""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.check.check import CheckedFile
from stagegraph.check.many import Run
from stagegraph.source import printable


def render(run: Run) -> str:
    """The findings in the order of their files and lines, without excerpts, notes and a summary.

    A file that cannot be read has a line with ``error`` for the code.
    """
    return "".join(f"{printable(line)}\n" for file in run.files for line in _lines(file))


def _lines(file: CheckedFile) -> Iterator[str]:
    if file.error:
        message = " ".join(file.error_message.split("\n"))
        yield f"{file.name}:{file.error_line or 1}:{file.error_column} error {message}"
    for one in file.problems:
        problem = one.problem
        yield f"{file.name}:{problem.span.line}:{problem.span.column} {problem.code} {problem.message}"
