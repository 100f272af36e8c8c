"""``stagegraph diff``: how two build graphs differ, of files or of git revisions."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import click

from stagegraph.cli.common import (
    build_options,
    file_option,
    format_option,
    output_option,
    terminal_options,
)
from stagegraph.cli.completion import PATH
from stagegraph.cli.render import direction_option, labels_option, theme_option, title_option
from stagegraph.cli.writing import write
from stagegraph.dockerfile.logical import MAX_BYTES, source_from_bytes
from stagegraph.errors import InputError
from stagegraph.options import Options
from stagegraph.picture.view import View
from stagegraph.reading import NAMES, read_source
from stagegraph.source import Source

_TIMEOUT = 60  # seconds
# The repository is not trusted: its configuration must not make git run a program or fetch anything.
_SAFE_CONFIG = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "protocol.allow": "never",
    "safe.bareRepository": "explicit",
}
_SAFE_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "",  # none, whatever the configuration allows
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}


def read_revision(name: str) -> Source:
    """The Dockerfile ``name``: a path, ``-``, or ``REV:PATH`` if there is no such path.

    PATH starts at the root of the repository, or at the current directory if it begins with ``./``;
    without REV it is the staged file. Raises InputError for an unknown revision or file, and if git
    is not installed.
    """
    revision, colon, path = name.partition(":")
    if not colon or _is_path(name):
        return read_source(name)
    for candidate in (path, *(f"{path.rstrip('/')}/{known}".lstrip("/") for known in NAMES)):
        object_name = f"{revision}:{candidate}"
        kind, identity, size = _object(object_name)
        if kind == "blob":
            data = _contents(object_name, identity, size)
            return source_from_bytes(data, name if candidate == path else object_name)
    raise _not_found(name, revision, path)


def _is_path(name: str) -> bool:
    try:
        return name == "-" or Path(name).is_absolute() or Path(name).exists()
    except (OSError, ValueError):
        return False


def _object(name: str) -> tuple[str, str, int]:
    """Type, object id and size of the git object ``name``; empty if there is none.

    The name is sent on standard input, so that git cannot take it for an option.
    """
    if "\n" in name or "\0" in name:
        return "", "", 0
    output = _git("cat-file", "--batch-check", "--follow-symlinks", stdin=f"{name}\n").stdout
    words = output.decode("utf-8", "replace").split()
    if len(words) != 3 or words[1] not in ("blob", "tree", "commit", "tag") or not words[2].isdigit():
        return "", "", 0
    return words[1], words[0], int(words[2])


def _contents(name: str, identity: str, size: int) -> bytes:
    if size > MAX_BYTES:
        raise InputError(f"{name}: {size:,} bytes is too large for a Dockerfile; the limit is {MAX_BYTES:,}")
    done = _git("cat-file", "blob", identity)
    if done.returncode:
        raise InputError(f"git cannot read {name}", hint=_git_error(done))
    return done.stdout


def _git(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[bytes]:
    """Run git in a repository that is not trusted; ``arguments`` hold no text of the user."""
    settings = [word for name, value in _SAFE_CONFIG.items() for word in ("-c", f"{name}={value}")]
    try:
        return subprocess.run(
            ["git", "--no-pager", *settings, *arguments],
            env={**os.environ, **_SAFE_ENVIRONMENT},
            input=stdin.encode("utf-8", "surrogateescape"),
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except FileNotFoundError:
        raise InputError(
            "git is not installed, so REV:PATH cannot be read", hint="install git, or use a path"
        ) from None
    except (subprocess.TimeoutExpired, OSError) as error:
        raise InputError(f"git failed: {error}") from None


def _not_found(name: str, revision: str, path: str) -> InputError:
    message = f"cannot find {name} in git"
    inside = _git("rev-parse", "--git-dir")
    if inside.returncode:
        return InputError(
            f"{message}: {_git_error(inside)}", hint="run this in a git repository, or use a path"
        )
    if not _object(revision or "HEAD")[0]:
        unknown = f"unknown revision {revision}" if revision else "there is no commit yet"
        return InputError(f"{message}: {unknown}", hint="use a commit, branch or tag of this repository")
    if path.startswith("./"):
        hint = f"check the path: {path} starts at the current directory; without ./ it starts at the root"
    else:
        hint = f"check the path: {path} starts at the root of the repository; use ./{path} for this directory"
    return InputError(message, hint=hint)


def _git_error(done: subprocess.CompletedProcess[bytes]) -> str:
    """The first line of the error message of git."""
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[0].removeprefix("fatal: ") if lines else "git gave no reason"


@click.command()
@click.argument("old", type=PATH)
@click.argument("new", type=PATH)
@build_options
@file_option
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
    file: str,
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
    repository, ./PATH to the current directory. A stage with a new name and the same instructions counts as
    renamed. The exit code is 0 even if the graphs differ, unless you use --exit-code.

    \b
    Examples:
      stagegraph diff HEAD:./Dockerfile Dockerfile
      stagegraph diff main:app/Dockerfile app/Dockerfile -F markdown
      stagegraph diff v1:Dockerfile v2:Dockerfile -F svg -o changes.svg
    """
    from stagegraph.api import read
    from stagegraph.comparison.compare import compare
    from stagegraph.formats import render

    if file:
        raise click.UsageError("name the Dockerfiles as OLD and NEW: -f chooses none of them")
    if old == new == "-":
        raise click.UsageError("OLD and NEW cannot both be standard input")
    comparison = compare(read(read_revision(old), options), read(read_revision(new), options))
    view = View(direction=direction, labels=labels, theme=theme, title=title)
    write(render("diff", comparison, format_name, view=view, **terminal_options(output)), output)
    return 1 if exit_code and not comparison.same else 0
