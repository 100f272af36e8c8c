"""``stagegraph diff``: how two build graphs differ, of files or of git revisions."""

from __future__ import annotations

import click

from stagegraph.cli.build_options import build_options
from stagegraph.cli.common import (
    format_option,
    output_option,
    terminal_options,
)
from stagegraph.cli.completed_values import paths
from stagegraph.cli.dockerfile import old_format_option
from stagegraph.cli.format_choice import format_of, refuse_ignored
from stagegraph.cli.render import direction_option, labels_option, theme_option, title_option
from stagegraph.cli.revision import build_named
from stagegraph.cli.writing import write
from stagegraph.options import Options
from stagegraph.picture.view import View


@click.command()
@click.argument("old", shell_complete=paths)
@click.argument("new", shell_complete=paths)
@old_format_option
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
    options: Options,
    format_name: str,
    output: str,
    exit_code: bool,
    direction: str,
    labels: bool,
    theme: str,
    title: str,
) -> int:
    """Show how the build graph of NEW differs from that of OLD.

    OLD and NEW are Dockerfiles, bake or compose files, directories that contain one, - for standard
    input, or REV:PATH for a file or a directory at a git revision (:PATH for the staged files). PATH is
    relative to the root of the repository, ./PATH to the current directory. Of a bake or compose file at a
    revision, all other files are of that revision, too. A stage with a new name and the same instructions
    counts as renamed. The exit code is 0 even if the graphs differ, unless you use --exit-code.

    \b
    Examples:
      stagegraph diff HEAD:./Dockerfile Dockerfile
      stagegraph diff main:app/Dockerfile app/Dockerfile -F markdown
      stagegraph diff v1:Dockerfile v2:Dockerfile -F svg -o changes.svg
      stagegraph diff main:docker-bake.hcl docker-bake.hcl
    """
    from stagegraph.comparison.compare import compare
    from stagegraph.formats import render

    format_name = format_of("diff", format_name, output)
    refuse_ignored("diff", format_name)
    if old == new == "-":
        raise click.UsageError("OLD and NEW cannot both be standard input")
    comparison = compare(build_named(old, options), build_named(new, options))
    view = View(direction=direction, labels=labels, theme=theme, title=title)
    write(render("diff", comparison, format_name, view=view, **terminal_options(output)), output)
    return 1 if exit_code and not comparison.same else 0
