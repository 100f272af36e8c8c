"""The format of an output, by option or suffix, and the options that it ignores."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from stagegraph.cli.common import to_stdout
from stagegraph.formats import FORMATS, formats
from stagegraph.picture.view import View
from stagegraph.source import printable

_ALSO = {  # suffixes that a format may have besides its own
    "sarif": (".json",),
    "matrix": (".json",),
    "mermaid": (".md", ".txt"),
    "markdown": (".markdown", ".txt"),
    "text": (".md", ".log"),
    "dot": (".txt",),
    "concise": (".txt",),
    "github": (".txt",),
    "targets": (".txt",),
}
# Suffixes of what is not written: its name, and the format that programs convert to it.
_INSTEAD = {
    ".avif": ("AVIF", "PNG"),
    ".bmp": ("BMP", "PNG"),
    ".gif": ("GIF", "PNG"),
    ".jpeg": ("JPEG", "PNG"),
    ".jpg": ("JPEG", "PNG"),
    ".tif": ("TIFF", "PNG"),
    ".tiff": ("TIFF", "PNG"),
    ".webp": ("WebP", "PNG"),
    ".eps": ("EPS", "PDF"),
    ".ps": ("PostScript", "PDF"),
    ".emf": ("EMF", "SVG"),
    ".svgz": ("compressed SVG", "SVG"),
}


def format_of(command: str, name: str | None, output: str) -> str:
    """The format of ``output``: ``name`` if the user gave it, else that of the suffix, else ``name``.

    Empty if nothing says it. Raises click.UsageError where the suffix is that of another format.
    """
    rows = formats(command)
    suffix = "" if to_stdout(output) else Path(output).suffix.lower()
    by_suffix = {suffix: row.name for row in rows.values() for suffix in row.suffixes}
    if name and is_given("format_name"):
        if not _fits(suffix, name):
            shown = printable(output)
            raise click.UsageError(
                f"{shown} has the suffix of another format than {name}: change one of them"
            )
        return name
    if suffix in by_suffix:
        return by_suffix[suffix]
    if suffix in _INSTEAD and "svg" in rows:
        other, instead = _INSTEAD[suffix]
        path = printable(str(Path(output).with_suffix(f".{instead.lower()}")))
        raise click.UsageError(f"cannot write {other}; for {other} write {instead} and convert it: -o {path}")
    if suffix in _known_suffixes():
        raise click.UsageError(f"{command} cannot write {suffix} files; its formats are {', '.join(rows)}")
    return name or ""


def is_given(parameter: str) -> bool:
    """Whether the user gave an option of the command that runs."""
    source = click.get_current_context().get_parameter_source(parameter)
    return source is click.core.ParameterSource.COMMANDLINE


def refuse_given(parameters: Iterable[str], why: str) -> None:
    """Raise click.UsageError if the user gave one of ``parameters``; the message ends with ``why``."""
    for parameter in click.get_current_context().command.params:
        if parameter.name in parameters and is_given(parameter.name):
            option = (
                parameter.opts[-1] if isinstance(parameter, click.Option) else parameter.human_readable_name
            )
            raise click.UsageError(f"{option} has no effect {why}")


def refuse_ignored(command: str, name: str) -> None:
    """Raise click.UsageError for an option of the picture that the user gave and the format ignores."""
    rows = formats(command)
    for field in View.__struct_fields__:
        if field not in rows[name].view and is_given(field):
            option = "--no-labels" if field == "labels" else f"--{field.replace('_', '-')}"
            able = ", ".join(row.name for row in rows.values() if field in row.view)
            raise click.UsageError(f"{option} has no effect on {name}; formats that it changes: {able}")


def _known_suffixes() -> set[str]:
    """The suffixes that mean a format."""
    return {*_INSTEAD, *(suffix for row in FORMATS for suffix in row.suffixes)}


def _fits(suffix: str, name: str) -> bool:
    own = {suffix for row in FORMATS if row.name == name for suffix in row.suffixes}
    return suffix in own or suffix in _ALSO.get(name, ()) or suffix not in _known_suffixes()
