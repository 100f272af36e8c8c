"""``stagegraph diff``: how two build graphs differ, of files or of git revisions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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
from stagegraph.cli.named_build import NamedBuild
from stagegraph.cli.render import direction_option, labels_option, theme_option, title_option
from stagegraph.cli.writing import write
from stagegraph.dockerfile.logical import MAX_BYTES, source_from_bytes
from stagegraph.errors import InputError
from stagegraph.git import MissingGitError, error_of, object_named, run
from stagegraph.options import Options
from stagegraph.picture.view import View
from stagegraph.reading import NAMES, read_source
from stagegraph.source import Source

if TYPE_CHECKING:
    from stagegraph.graph.build import Build
    from stagegraph.graph.request import Request


def read_revision(name: str) -> Source:
    """The Dockerfile ``name``: a path, ``-``, or ``REV:PATH`` if there is no such path.

    PATH starts at the root of the repository, or at the current directory if it begins with ``./``;
    without REV it is the staged file. Raises InputError for an unknown revision or file, and if git
    is not installed.
    """
    revision, colon, path = name.partition(":")
    if not colon or _is_path(name):
        return read_source(name)
    try:
        return _in_git(name, revision, path)
    except MissingGitError as error:
        message = f"{error.message}, so REV:PATH cannot be read"
        raise InputError(message, hint="install git, or use a path") from None


def _in_git(name: str, revision: str, path: str) -> Source:
    for candidate in (path, *(f"{path.rstrip('/')}/{known}".lstrip("/") for known in NAMES)):
        object_name = f"{revision}:{candidate}"
        kind, identity, size = object_named(object_name)
        if kind == "blob":
            data = _contents(object_name, identity, size)
            return source_from_bytes(data, name if candidate == path else object_name)
    raise _not_found(name, revision, path)


def _is_path(name: str) -> bool:
    try:
        return name == "-" or Path(name).is_absolute() or Path(name).exists()
    except (OSError, ValueError):
        return False


def _contents(name: str, identity: str, size: int) -> bytes:
    if size > MAX_BYTES:
        raise InputError(f"{name}: {size:,} bytes is too large for a Dockerfile; the limit is {MAX_BYTES:,}")
    done = run("cat-file", "blob", identity)
    if done.returncode:
        raise InputError(f"git cannot read {name}", hint=error_of(done))
    return done.stdout


def _not_found(name: str, revision: str, path: str) -> InputError:
    message = f"cannot find {name} in git"
    inside = run("rev-parse", "--git-dir")
    if inside.returncode:
        return InputError(
            f"{message}: {error_of(inside)}", hint="run this in a git repository, or use a path"
        )
    if not object_named(revision or "HEAD")[0]:
        unknown = f"unknown revision {revision}" if revision else "there is no commit yet"
        return InputError(f"{message}: {unknown}", hint="use a commit, branch or tag of this repository")
    if path.startswith("./"):
        hint = f"check the path: {path} starts at the current directory; without ./ it starts at the root"
    else:
        hint = f"check the path: {path} starts at the root of the repository; use ./{path} for this directory"
    return InputError(message, hint=hint)


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

    OLD and NEW are Dockerfiles, directories that contain one, - for standard input, or REV:PATH for
    a file at a git revision (:PATH for the staged file). PATH is relative to the root of the
    repository, ./PATH to the current directory. OLD and NEW can also be bake or compose files, or directories
    that contain one and no Dockerfile, but not at a revision. A stage with a new name and the same
    instructions counts as renamed. The exit code is 0 even if the graphs differ, unless you use --exit-code.

    \b
    Examples:
      stagegraph diff HEAD:./Dockerfile Dockerfile
      stagegraph diff main:app/Dockerfile app/Dockerfile -F markdown
      stagegraph diff v1:Dockerfile v2:Dockerfile -F svg -o changes.svg
    """
    from stagegraph.comparison.compare import compare
    from stagegraph.formats import render

    format_name = format_of("diff", format_name, output)
    refuse_ignored("diff", format_name)
    if old == new == "-":
        raise click.UsageError("OLD and NEW cannot both be standard input")
    comparison = compare(_build(old, options), _build(new, options))
    view = View(direction=direction, labels=labels, theme=theme, title=title)
    write(render("diff", comparison, format_name, view=view, **terminal_options(output)), output)
    return 1 if exit_code and not comparison.same else 0


def _build(name: str, options: Options) -> Build | Request:
    """The build of the Dockerfile ``name``, or the request of the bake or compose file."""
    if _is_path(name) and name != "-":
        return NamedBuild(path=name, options=options).read()
    from stagegraph.api import read

    return read(read_revision(name), options)
