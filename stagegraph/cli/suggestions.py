"""Adds commands that work to the error about a directory without a Dockerfile, or about a bake file."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from stagegraph.cli import WORDS
from stagegraph.errors import DockerfileError, InputError, StagegraphError
from stagegraph.source import Source, printable

_MOST_SHOWN = 5
_MOST_BUILD_FILES = 3  # each is read
_MOST_ENTRIES = 20_000  # of the directories that are searched: the answer must come at once


@contextmanager
def suggesting_commands(dockerfile: str) -> Iterator[None]:
    """Run the body, which reads ``dockerfile``; its errors name the commands that were perhaps meant."""
    try:
        yield
    except DockerfileError as error:
        raise _of_build_file(dockerfile, error) or error from None
    except InputError as error:
        raise _of_directory(dockerfile, error) or _of_target(dockerfile, error) or error from None


def _of_build_file(dockerfile: str, error: DockerfileError) -> StagegraphError | None:
    from stagegraph.discovery.build_files import build_file_kind, built_dockerfiles

    source = error.source
    kind = build_file_kind(source.name, source.text) if source and not error.span else ""
    if source is None or not kind:
        return None
    if dockerfile == "-" and _takes_bake():
        hint = f"add --{kind.partition(' ')[0]} to read it as one"
        return DockerfileError(error.message, source=source, hint=hint)
    if not os.path.isfile(source.name):
        return None  # standard input, or a file of a revision
    built = built_dockerfiles(source.name, source.text)
    if not built:
        return None
    targets = (("--target", one.target) if one.target else () for one in built)
    commands = [_command(dockerfile, one.path, words) for one, words in zip(built, targets, strict=True)]
    return DockerfileError(
        f"{error.message}; these are what it builds:",
        details=_listed(commands),
        source=source,
        hint=error.hint,
    )


def _takes_bake() -> bool:
    """Whether the command reads bake and compose files."""
    return any("--bake" in option.opts for option in click.get_current_context().command.params)


def _of_target(dockerfile: str, error: InputError) -> InputError | None:
    """The error about a word that is perhaps a target, in a directory that also has a Dockerfile."""
    from stagegraph.request.names import default_files

    files = default_files(".")
    if not files or os.path.lexists(dockerfile) or "/" in dockerfile or not _takes_bake():
        return None
    hint = f"give the path of a Dockerfile, or add --bake to name a target of {files[0]}"
    return InputError(error.message, hint=hint)


def _of_directory(dockerfile: str, error: InputError) -> InputError | None:
    from stagegraph.reading import find

    directory = dockerfile or "."
    try:
        find(dockerfile)
    except InputError as missing:
        if missing.message != error.message:
            return None  # about another file
    else:
        return None
    dockerfiles, build_files = _below(directory)
    if not dockerfiles and not build_files:
        return None
    lines = _listed([_command(dockerfile, path) for path in dockerfiles])
    lines += [f"  {_about_build_file(path)}" for path in build_files[:_MOST_BUILD_FILES]]
    return InputError(
        f"{error.message}, but there are files below it:", details=lines, hint=_hint(len(dockerfiles))
    )


def _hint(dockerfiles: int) -> str:
    draws = click.get_current_context().command.name == "render"
    return "name a Dockerfile" + (", or draw all with --all" if draws and dockerfiles > 1 else "")


def _below(directory: str) -> tuple[list[str], list[str]]:
    """The Dockerfiles, and the bake and compose files, below a directory, the least deep ones first."""
    from stagegraph.discovery.build_files import build_file_kind
    from stagegraph.discovery.file_names import is_dockerfile_name
    from stagegraph.discovery.repository import FileTree

    walked = sorted(FileTree().walk(directory, _MOST_ENTRIES).paths, key=lambda path: (path.count("/"), path))
    paths = [os.path.normpath(Path(directory, path)) for path in walked]
    dockerfiles = [path for path in paths if is_dockerfile_name(os.path.basename(path))]
    return dockerfiles, [path for path in paths if build_file_kind(path)]


def _about_build_file(path: str) -> str:
    from stagegraph.discovery.build_files import build_file_kind, built_dockerfiles
    from stagegraph.reading import read_source

    kind = build_file_kind(path)
    try:
        source: Source | None = read_source(path)
    except StagegraphError:
        source = None
    built = list(dict.fromkeys(one.path for one in built_dockerfiles(path, source.text))) if source else []
    more = f" and {len(built) - _MOST_SHOWN} more" if len(built) > _MOST_SHOWN else ""
    builds = f", which builds {', '.join(built[:_MOST_SHOWN])}{more}" if built else ""
    return f"({printable(path)} is a {kind}{printable(builds)})"


def _command(given: str, dockerfile: str, more: Sequence[str] = ()) -> str:
    """The command line of the user with ``dockerfile`` where it names ``given``, or at its end."""
    context = click.get_current_context()
    words = list(context.meta.get(WORDS, ()))
    path = f"./{dockerfile}" if dockerfile.startswith("-") else dockerfile
    if given in words:
        words[words.index(given)] = path
    else:
        words.append(path)
    if more and not any(word == "--target" or word.startswith("--target=") for word in words):
        words += more
    return printable(shlex.join(["stagegraph", context.info_name or "", *words]))


def without_option(option: str) -> str:
    """The command line of the user without the flag ``option``."""
    context = click.get_current_context()
    words = [word for word in context.meta.get(WORDS, ()) if word != option]
    return printable(shlex.join(["stagegraph", context.info_name or "", *words]))


def _listed(lines: Sequence[str]) -> list[str]:
    more = [f"and {len(lines) - _MOST_SHOWN} more"] if len(lines) > _MOST_SHOWN else []
    return [f"  {line}" for line in [*lines[:_MOST_SHOWN], *more]]
