"""Options and arguments that several commands have, and what they mean."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from stagegraph.cli.completed_values import paths
from stagegraph.formats import formats
from stagegraph.source import without_commands

output_option = click.option(
    "-o",
    "--output",
    default="",
    metavar="FILE",
    help="Write to FILE instead of standard output.",
    shell_complete=paths,
)
build_option = click.option(
    "--build", default="", metavar="NAME", help="Name or number of the build, if the record contains several."
)
_RECORD = click.option(
    "--record",
    default="",
    metavar="FILE",
    help="Record of a build: show its times and its measured critical path.",
    shell_complete=paths,
)


def format_option(command: str, default: str | None, note: str = "") -> Callable[..., Any]:
    """``--format`` with the formats of ``command``; ``note`` is the last sentence of its help."""
    rows = formats(command)
    described = "; ".join(f"{row.name}: {row.description}" for row in rows.values())
    return click.option(
        "-F",
        "--format",
        "format_name",
        type=click.Choice(list(rows)),
        default=default,
        show_default=default is not None,
        help=f"Output format. {described}.{note}",
    )


def record_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give ``command`` the options that choose the record of a build, as ``record`` and ``build``."""

    @wraps(command)
    def with_record(*, record: str, build: str, record_build: str, **others: Any) -> Any:
        if record_build:
            warn_of_old_spelling("--record-build", "--build")
        build = build or record_build
        if build and not record:
            raise click.UsageError("--build chooses a build inside a record; name the record with --record")
        return command(record=record, build=build, **others)

    decorated: Callable[..., Any] = with_record
    for option in (click.option("--record-build", default="", hidden=True), build_option, _RECORD):
        decorated = option(decorated)
    return decorated


def warn_of_old_spelling(old: str, new: str) -> None:
    """Print one line on standard error: ``old`` still works, and ``new`` is its new spelling."""
    print(f"warning: {old} is deprecated and will stop working in version 1.0; use {new}", file=sys.stderr)


def for_log(line: str) -> str:
    """``line``, which must keep its text, as it may be printed: in a GitHub job without workflow commands."""
    return without_commands(line) if os.environ.get("GITHUB_ACTIONS") else line


def to_stdout(output: str) -> bool:
    """Whether ``--output`` means standard output."""
    return output in ("", "-")


def colour_wanted() -> bool:
    """Whether standard output is a terminal that may be coloured."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def terminal_width() -> int:
    """The width of the terminal or COLUMNS, from 40 to 160; 100 if both are unknown."""
    import shutil

    return max(40, min(shutil.get_terminal_size((100, 24)).columns, 160))


def terminal_options(output: str) -> dict[str, Any]:
    """``colour`` and ``width`` of a terminal; nothing for a file or a pipe, whose text must not vary."""
    if to_stdout(output) and sys.stdout.isatty():
        return {"colour": colour_wanted(), "width": terminal_width()}
    return {}
