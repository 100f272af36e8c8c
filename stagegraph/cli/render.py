"""``stagegraph render``: the graph as a picture."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import click
from msgspec.structs import replace

from stagegraph.cli.common import (
    format_option,
    output_option,
    record_options,
    terminal_options,
    to_stdout,
)
from stagegraph.cli.dockerfile import build_argument
from stagegraph.cli.format_choice import format_of, is_given, refuse_ignored
from stagegraph.cli.measured_image import bytes_options
from stagegraph.cli.named_build import NamedBuild
from stagegraph.cli.suggestions import without_option
from stagegraph.cli.writing import holds, write
from stagegraph.formats import formats
from stagegraph.formats import render as render_format
from stagegraph.model import Report
from stagegraph.picture.view import DETAILS, DIALECTS, DIRECTIONS, ENGINES, THEMES, View
from stagegraph.source import printable

direction_option = click.option(
    "--direction",
    type=click.Choice(DIRECTIONS),
    default="auto",
    show_default=True,
    help="Direction of the graph.",
)
labels_option = click.option("--labels/--no-labels", default=True, help="Show on each edge what is copied.")
theme_option = click.option(
    "--theme",
    type=click.Choice(THEMES),
    default="auto",
    show_default=True,
    help="Colours; auto follows the reader's light or dark mode.",
)
title_option = click.option("--title", default="", help="Title of the picture.")
prune_option = click.option("--prune", is_flag=True, help="Leave out what the targets do not need.")
all_option = click.option(
    "--all",
    is_flag=True,
    help=(
        "Draw everything: nothing is left out or folded. For a directory without a bake or compose file,"
        " all Dockerfiles in it and below."
    ),
)
steps_option = click.option("--steps", is_flag=True, help="Show the steps inside each stage.")
detail_option = click.option(
    "--detail",
    type=click.Choice(DETAILS),
    default="auto",
    show_default=True,
    help="What to draw of a bake or compose file: its targets, or their stages too; auto: targets from 6 on.",
)
critical_path_option = click.option("--critical-path", is_flag=True, help="Mark the longest chain of steps.")
engine_option = click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="auto",
    show_default=True,
    help="Graphviz to use for the layout: the bundled one (pure), or an installed one (system).",
)


_DEFAULT_FORMAT = (
    " By default, the suffix of FILE selects the format; without FILE, it is text on a terminal and mermaid"
    " otherwise."
)


@click.command()
@build_argument
@output_option
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; if FILE is not what would be drawn, say so and exit with code 1.",
)
@format_option("render", default=None, note=_DEFAULT_FORMAT)
@direction_option
@prune_option
@all_option
@steps_option
@detail_option
@critical_path_option
@click.option("--legend", is_flag=True, help="Explain colours and lines below the picture.")
@labels_option
@theme_option
@click.option(
    "--link-base",
    default="",
    metavar="URL",
    help="URL of the Dockerfile, or of the current directory with a bake or compose file; each node links to "
    "its line, such as URL#L12.",
)
@title_option
@engine_option
@click.option(
    "--dialect",
    type=click.Choice(DIALECTS),
    default=DIALECTS[0],
    show_default=True,
    help="What reads the Mermaid diagram: sphinx and plain have no front matter, azure is for Azure DevOps.",
)
@click.option(
    "--since",
    default="",
    metavar="REV",
    help="Mark what the change since this commit runs again, as `stagegraph affected` does.",
)
@record_options
@bytes_options
def render(
    named: NamedBuild,
    output: str,
    check: bool,
    format_name: str | None,
    record: str,
    build: str,
    image: str,
    usage: str,
    since: str,
    **view: str | bool,
) -> int:
    """Draw the build graph of DOCKERFILE.

    \b
    Examples:
      stagegraph render -o build.svg
      stagegraph render --target release --prune -o release.png
      stagegraph render -F mermaid app/Dockerfile > graph.mmd
      cat Dockerfile | stagegraph render - --steps --critical-path
      stagegraph render docker-bake.hcl api web -o services.svg
      stagegraph render --record build.dockerbuild -o measured.svg
      stagegraph render --since origin/main -o change.svg
      stagegraph render --check -o build.svg
    """
    chosen = _format(output, format_name)
    refuse_ignored("render", chosen)
    wanted = View(**view)  # type: ignore[arg-type]  # click has checked the values
    check_view(named, wanted)
    if check:
        wanted = _reproducible(wanted, output)
    if since and (record or image or usage):
        raise click.UsageError("--since cannot be used with --record, --image and --usage")
    if record:
        wanted = replace(wanted, critical_path=True)
    if wanted.all:
        named = replace(named, all_dockerfiles=True)
    report = named.report(record=record, build=build, image=image, usage=usage)
    if since:
        report = _marked(report, named, since)
    data = render_format("render", report, chosen, view=wanted, **terminal_options(output))
    if check:
        return _compare(data, output, chosen)
    write(data, output)
    return 0


def _marked(report: Report, named: NamedBuild, since: str) -> Report:
    """``report`` with what runs again since a commit."""
    from stagegraph.cli.affected import change_since, target_of
    from stagegraph.cli.affected_bake import bake_targets
    from stagegraph.rebuild.marked_report import marked, marked_request
    from stagegraph.rebuild.targets import affected_targets

    if named.is_request:
        change, root, _ = change_since(named.path, since)
        targets, before = bake_targets(named, change, root)
        return marked_request(report, affected_targets(targets, change, before))
    dockerfile = named.dockerfile("--since")
    change, root, _ = change_since(dockerfile, since)
    (target,) = affected_targets([target_of(dockerfile, "", named.options, root)], change)
    return marked(report, target.steps)


def _reproducible(view: View, output: str) -> View:
    """``view`` with the engine that draws the same bytes on every machine, for --check of ``output``."""
    if to_stdout(output):
        raise click.UsageError("--check compares a file with what would be drawn; name it with -o FILE")
    if view.engine == "system":
        raise click.UsageError(
            "--check cannot be used with --engine system: each version of Graphviz draws something else"
        )
    return replace(view, engine="pure")


def _compare(data: bytes, output: str, format_name: str) -> int:
    """0 if the file ``output`` holds ``data``; otherwise 1, after a line that says how to update it."""
    comparable: Callable[[bytes], bytes] | None = None
    if format_name == "html":
        from stagegraph.formats.html.variants import without_packing

        comparable = without_packing
    if holds(output, data, text=not formats("render")[format_name].binary, comparable=comparable):
        return 0
    problem = "is out of date" if os.path.lexists(output) else "does not exist"
    click.echo(f"{printable(output)} {problem}: run {without_option('--check')}", err=True)
    return 1


def check_view(named: NamedBuild, view: View) -> None:
    """Raise click.UsageError for a ``--detail`` that does not fit what is named."""
    if view.detail == "targets" and view.steps:
        raise click.UsageError("--steps shows what is inside stages, and --detail targets leaves these out")
    if is_given("detail") and not named.is_request and named.path != "-":
        raise click.UsageError("--detail has no effect on a Dockerfile; it is for bake and compose files")


def _format(output: str, name: str | None) -> str:
    """The format ``name``, else that of the suffix, else that of a terminal or a pipe."""
    on_terminal = to_stdout(output) and sys.stdout.isatty()
    chosen = format_of("render", name, output)
    if on_terminal and chosen and formats("render")[chosen].binary:
        raise click.UsageError(f"{chosen} is binary; write it to a file with -o")
    if chosen:
        return chosen
    if to_stdout(output):
        return "text" if on_terminal else "mermaid"
    suffixes = ", ".join(suffix for row in formats("render").values() for suffix in row.suffixes)
    raise click.UsageError(
        f"unknown suffix in {output}; choose a format with --format, or use one of the suffixes {suffixes}"
    )
