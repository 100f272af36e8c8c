"""Chooses the format of an output, and refuses options that have no effect on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
from click.core import ParameterSource

from stagegraph.cli.common import to_stdout
from stagegraph.formats import FORMATS, Format, formats

_PHOTOS = (".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif")


def chosen_format(command: str, output: str, name: str | None, default: str = "") -> str:
    """The format ``name``, else the one of the suffix of ``output``, else ``default``.

    Raises click.UsageError where the suffix is that of another format, where nothing selects a format, and
    for options on the command line that the format does not take.
    """
    row = _row(command, output, name, default)
    _refuse_contradiction(row, output)
    _refuse_ignored(command, row)
    return row.name


def _row(command: str, output: str, name: str | None, default: str) -> Format:
    rows = formats(command)
    if name and name not in rows:
        raise click.UsageError(f"--compare does not support {name}; use one of {', '.join(rows)}")
    suffix = "" if to_stdout(output) else Path(output).suffix.lower()
    by_suffix = [row for row in rows.values() if suffix in row.suffixes]
    if name or by_suffix:
        return rows[name] if name else by_suffix[0]
    if default and not suffix:
        return rows[default]
    if suffix in _PHOTOS and "png" in rows:
        raise click.UsageError(
            f"there is no format for {output}; write PNG: -o {Path(output).with_suffix('.png')}"
        )
    raise click.UsageError(
        f"unknown suffix in {output}; choose a format with --format, or use one of the suffixes"
        f" {', '.join(dict.fromkeys(one for row in rows.values() for one in row.suffixes))}"
    )


def _refuse_contradiction(row: Format, output: str) -> None:
    suffix = "" if to_stdout(output) else Path(output).suffix.lower()
    others = dict.fromkeys(one.name for one in FORMATS if suffix in one.suffixes)
    if (others or suffix in _PHOTOS) and suffix not in row.suffixes:
        of_other = f"the suffix of {next(iter(others))}" if others else "that of a picture in another format"
        raise click.UsageError(
            f"{output}: {suffix} is {of_other}, and the format is {row.name}; use {row.suffixes[0]}"
        )


def _refuse_ignored(command: str, row: Format) -> None:
    """click.UsageError for an option that another format of ``command`` takes, and ``row`` does not."""
    rows = formats(command).values()
    ignored = {name for one in rows for name in one.takes} - set(row.takes)
    for name, option in given_options():
        if name in ignored:
            takers = ", ".join(one.name for one in rows if name in one.takes)
            raise click.UsageError(f"{option} has no effect on {row.name}; formats that take it: {takers}")


def given_options() -> Iterator[tuple[str, str]]:
    """The parameters that the command line or the environment sets: name, and option as it is written."""
    context = click.get_current_context()
    for parameter in context.command.params:
        name = parameter.name or ""
        if context.get_parameter_source(name) in (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT):
            off = context.params.get(name) is False and parameter.secondary_opts
            shown = (parameter.secondary_opts if off else parameter.opts)[-1]
            yield name, shown if isinstance(parameter, click.Option) else parameter.make_metavar(context)


def refuse_given(names: set[str], why: str) -> None:
    """click.UsageError if the command line sets one of ``names``; the message ends with ``why``."""
    for name, option in given_options():
        if name in names:
            raise click.UsageError(f"{option} has no effect {why}")
