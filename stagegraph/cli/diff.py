"""``stagegraph diff``: how two build graphs differ."""

from __future__ import annotations

import click

from stagegraph.cli.common import (
    build_options,
    format_option,
    options_of,
    output_option,
    terminal_options,
)
from stagegraph.cli.picture_options import direction_option, labels_option, theme_option, title_option
from stagegraph.cli.revisions import read_revision
from stagegraph.cli.writing import write
from stagegraph.picture.view import View


@click.command()
@click.argument("old")
@click.argument("new")
@build_options
@format_option("diff", default="text")
@output_option
@click.option("--exit-code", is_flag=True, help="Exit with code 1 if the graphs differ.")
@direction_option
@labels_option
@theme_option
@title_option
def diff(
    old: str,
    new: str,
    targets: tuple[str, ...],
    build_args: tuple[str, ...],
    platforms: tuple[str, ...],
    contexts: tuple[str, ...],
    format_name: str,
    output: str,
    exit_code: bool,
    direction: str,
    labels: bool,
    theme: str,
    title: str,
) -> int:
    """Show how the build graph of NEW differs from that of OLD.

    OLD and NEW are Dockerfiles, directories that contain one, - for standard input, or REV:PATH for
    a file at a git revision (:PATH for the staged file). PATH starts at the root of the repository,
    ./PATH at the current directory. A stage with a new name and the same instructions counts as
    renamed. The exit code is 0 even if the graphs differ, unless you use --exit-code.

    \b
    Examples:
      stagegraph diff HEAD:./Dockerfile Dockerfile
      stagegraph diff main:app/Dockerfile app/Dockerfile --format markdown
      stagegraph diff v1:Dockerfile v2:Dockerfile --format svg -o changes.svg
    """
    from stagegraph.api import read
    from stagegraph.comparison.compare import compare
    from stagegraph.formats import render

    if old == new == "-":
        raise click.UsageError("OLD and NEW cannot both be standard input")
    options = options_of(targets, build_args, platforms, contexts)
    comparison = compare(read(read_revision(old), options), read(read_revision(new), options))
    view = View(direction=direction, labels=labels, theme=theme, title=title)
    write(render("diff", comparison, format_name, view=view, **terminal_options(output)), output)
    return 1 if exit_code and not comparison.same else 0
