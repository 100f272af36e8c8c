"""``stagegraph report``: what ships, as text or as data."""

from __future__ import annotations

import click

from stagegraph.cli.common import (
    format_option,
    output_option,
    record_options,
    terminal_options,
)
from stagegraph.cli.dockerfile import build_argument
from stagegraph.cli.format_choice import format_of
from stagegraph.cli.measured_image import bytes_options
from stagegraph.cli.named_build import NamedBuild
from stagegraph.cli.writing import write


@click.command()
@build_argument
@format_option("report", default="text")
@output_option
@record_options
@bytes_options
def report(
    named: NamedBuild,
    format_name: str,
    output: str,
    record: str,
    build: str,
    image: str,
    usage: str,
) -> None:
    """Show what is in the image of DOCKERFILE, what is left behind, and what can run in parallel.

    \b
    Examples:
      stagegraph report
      stagegraph report --target release --platform linux/arm64
      stagegraph report -F json | jq .shipped
    """
    from stagegraph.formats import render
    from stagegraph.picture.view import View

    format_name = format_of("report", format_name, output)
    value = named.report(record=record, build=build, image=image, usage=usage)
    write(render("report", value, format_name, view=View(), **terminal_options(output)), output)
