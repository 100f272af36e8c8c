"""``stagegraph report``: what ships, in words or as data."""

from __future__ import annotations

import click

from stagegraph.cli.common import (
    colour_wanted,
    options_of,
    reads_dockerfile,
    reads_record,
    terminal_width,
    writes_output,
)
from stagegraph.cli.writing import write


@click.command()
@reads_dockerfile
@click.option(
    "-f",
    "--format",
    "format_name",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="Text for people, JSON for programs, Markdown for documents.",
)
@writes_output
@reads_record
def report(
    dockerfile: str,
    targets: tuple[str, ...],
    build_args: tuple[str, ...],
    platforms: tuple[str, ...],
    contexts: tuple[str, ...],
    format_name: str,
    output: str,
    record: str,
    record_build: str,
) -> None:
    """Say what is in the image of DOCKERFILE, what is left behind, and what can run at once.

    \b
    Examples:
      stagegraph report
      stagegraph report --target release --platform linux/arm64
      stagegraph report --format json | jq .shipped
    """
    from stagegraph.api import read, render
    from stagegraph.graph.report import analyse

    options = options_of(targets, build_args, platforms, contexts)
    if record:
        from stagegraph.cli.recorded import timed_report

        found = timed_report(record, record_build, dockerfile, options)
    else:
        found = analyse(read(dockerfile, options))
    if format_name == "text":
        from stagegraph.formats.text import text_report

        colour = colour_wanted() and output in ("", "-")
        write(text_report(found, colour=colour, width=terminal_width()).encode(), output)
    else:
        write(render(found, format_name), output)
