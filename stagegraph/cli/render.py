"""``stagegraph render``: the picture."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from msgspec.structs import replace

from stagegraph.cli.common import (
    colour_wanted,
    options_of,
    reads_dockerfile,
    reads_record,
    terminal_width,
    writes_output,
)
from stagegraph.cli.writing import write
from stagegraph.formats import FORMATS
from stagegraph.picture.view import DIRECTIONS, ENGINES, THEMES, View

_SUFFIXES = {suffix: row.name for row in FORMATS.values() for suffix in row.suffixes}


@click.command()
@reads_dockerfile
@writes_output
@click.option(
    "-f",
    "--format",
    "format_name",
    type=click.Choice(list(FORMATS)),
    help="Format; by default that of the suffix of FILE, or text on a terminal and mermaid elsewhere.",
)
@click.option(
    "--direction", type=click.Choice(DIRECTIONS), default="auto", show_default=True, help="Which way it runs."
)
@click.option("--prune", is_flag=True, help="Leave out what the targets do not need.")
@click.option("--steps", is_flag=True, help="Open the stages and show their steps.")
@click.option("--critical-path", is_flag=True, help="Mark the longest chain of steps.")
@click.option("--legend", is_flag=True, help="Explain colours and lines below the picture.")
@click.option("--labels/--no-labels", default=True, help="Write on the edges what is copied.")
@click.option(
    "--theme",
    type=click.Choice(THEMES),
    default="auto",
    show_default=True,
    help="Light, dark, or the reader's.",
)
@click.option(
    "--link-base", default="", metavar="URL", help="Address of the Dockerfile: nodes link to URL#L12."
)
@click.option("--title", default="", help="Title of the picture.")
@click.option(
    "--engine", type=click.Choice(ENGINES), default="auto", show_default=True, help="Which Graphviz lays out."
)
@reads_record
def render(
    dockerfile: str,
    targets: tuple[str, ...],
    build_args: tuple[str, ...],
    platforms: tuple[str, ...],
    contexts: tuple[str, ...],
    output: str,
    format_name: str | None,
    record: str,
    record_build: str,
    **view: str | bool,
) -> None:
    """Draw the build graph of DOCKERFILE.

    \b
    Examples:
      stagegraph render -o build.svg
      stagegraph render --target release --prune -o release.png
      stagegraph render --format mermaid app/Dockerfile > graph.mmd
      cat Dockerfile | stagegraph render - --steps --critical-path
      stagegraph render --record build.dockerbuild -o measured.svg
    """
    from stagegraph.api import read
    from stagegraph.api import render as render_report
    from stagegraph.graph.report import analyse

    chosen = _format(output, format_name)
    options = options_of(targets, build_args, platforms, contexts)
    wanted = View(**view)  # type: ignore[arg-type]  # click has checked the values
    if record:
        from stagegraph.cli.recorded import timed_report

        report = timed_report(record, record_build, dockerfile, options)
        wanted = replace(wanted, critical_path=True)
    else:
        report = analyse(read(dockerfile, options))
    if chosen == "text" and output in ("", "-"):
        from stagegraph.formats.tree import terminal

        write(terminal(report, wanted, colour=colour_wanted(), width=terminal_width()).encode(), output)
    else:
        write(render_report(report, chosen, wanted), output)


def _format(output: str, asked: str | None) -> str:
    """The format that is asked for, else by suffix, else by who reads; click.UsageError without one."""
    on_terminal = output in ("", "-") and sys.stdout.isatty()
    if asked:
        if on_terminal and FORMATS[asked].binary:
            raise click.UsageError(f"{asked} is no text for a terminal: name a file with -o")
        return asked
    if output in ("", "-"):
        return "text" if on_terminal else "mermaid"
    suffix = Path(output).suffix.lower()
    if suffix not in _SUFFIXES:
        known = ", ".join(_SUFFIXES)
        raise click.UsageError(
            f"{output} does not say which format: name one with --format, or end it with {known}"
        )
    return _SUFFIXES[suffix]
