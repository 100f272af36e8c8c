"""``stagegraph report``: what ships, as text or as data."""

from __future__ import annotations

import click

from stagegraph.cli.common import (
    dockerfile_argument,
    format_option,
    output_option,
    record_options,
    terminal_options,
)
from stagegraph.cli.writing import write
from stagegraph.options import Options


@click.command()
@dockerfile_argument
@format_option("report", default="text")
@output_option
@record_options
def report(
    dockerfile: str,
    options: Options,
    format_name: str,
    output: str,
    record: str,
    build: str,
) -> None:
    """Show what is in the image of DOCKERFILE, what is left behind, and what can run in parallel.

    \b
    Examples:
      stagegraph report
      stagegraph report --target release --platform linux/arm64
      stagegraph report --format json | jq .shipped
    """
    from stagegraph.api import read
    from stagegraph.formats import render
    from stagegraph.graph.report import analyse
    from stagegraph.picture.view import View

    if record:
        from stagegraph.cli.recorded import timed_report

        value = timed_report(record, build, dockerfile, options)
    else:
        value = analyse(read(dockerfile, options))
    write(render("report", value, format_name, view=View(), **terminal_options(output)), output)
