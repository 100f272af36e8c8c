"""``stagegraph diff``: two build graphs side by side."""

from __future__ import annotations

import sys

import click

from stagegraph.cli.common import asks_for_builds, colour_wanted, options_of, terminal_width, writes_output
from stagegraph.cli.revisions import read_revision
from stagegraph.cli.writing import write
from stagegraph.picture.view import DIRECTIONS, THEMES, View

_FORMATS = ("text", "mermaid", "svg", "json", "markdown")


@click.command()
@click.argument("old")
@click.argument("new")
@asks_for_builds
@click.option(
    "-f",
    "--format",
    "format_name",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="Text for people, JSON for programs, Markdown and Mermaid for pull requests.",
)
@writes_output
@click.option("--exit-code", is_flag=True, help="Exit 1 when the two graphs differ.")
@click.option(
    "--direction", type=click.Choice(DIRECTIONS), default="auto", show_default=True, help="Which way it runs."
)
@click.option("--labels/--no-labels", default=True, help="Write on the edges what is copied.")
@click.option(
    "--theme",
    type=click.Choice(THEMES),
    default="auto",
    show_default=True,
    help="Light, dark, or the reader's.",
)
@click.option("--title", default="", help="Title of the picture.")
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
    """Say how the build graph of NEW differs from that of OLD.

    OLD and NEW are Dockerfiles, directories that hold one, - for standard input, or REV:PATH for
    a file as git has it at a revision (:PATH as it is staged). PATH is seen from the root of the
    repository, ./PATH from here. A stage with another name and the same body is renamed. Exits 0
    whether they differ or not, and with --exit-code 1 where they do.

    \b
    Examples:
      stagegraph diff HEAD:./Dockerfile Dockerfile
      stagegraph diff main:app/Dockerfile app/Dockerfile --format markdown
      stagegraph diff v1:Dockerfile v2:Dockerfile --format svg -o changes.svg
    """
    from stagegraph.api import read, render
    from stagegraph.comparison.compare import compare

    if old == new == "-":
        raise click.UsageError("OLD and NEW cannot both be standard input")
    options = options_of(targets, build_args, platforms, contexts)
    found = compare(read(read_revision(old), options), read(read_revision(new), options))
    view = View(direction=direction, labels=labels, theme=theme, title=title)
    if format_name == "text" and output in ("", "-") and sys.stdout.isatty():
        from stagegraph.formats.diff_text import change_text

        write(change_text(found, colour=colour_wanted(), width=terminal_width()).encode(), output)
    else:
        write(render(found, format_name, view), output)
    return 1 if exit_code and not found.same else 0
