"""How a command line names its Dockerfile: an argument, or ``-f`` as in ``docker build``."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import wraps
from inspect import cleandoc
from typing import Any

import click

from stagegraph.cli import COMMANDS, IMPLICIT, WORDS
from stagegraph.cli.build_options import build_options
from stagegraph.cli.common import warn_of_old_spelling
from stagegraph.cli.completed_values import paths
from stagegraph.cli.named_build import named_build
from stagegraph.options import Options
from stagegraph.source import printable, quoted

_STDIN = """DOCKERFILE is a path, a directory that contains a Dockerfile, or - for standard input."""
_NO_STDIN = """DOCKERFILE is a path, or a directory that contains a Dockerfile."""
_DOCKERFILE = """The default is ./Dockerfile or ./Containerfile. With -f, DOCKERFILE can be the build context,
a directory, as in docker build; it is not read."""
_PRINTED = ", or the\noutput of docker buildx bake --print"
_REQUEST = """DOCKERFILE can also be a bake or compose file, or a directory that contains one and no
Dockerfile{printed}. Its TARGETs, groups or services are built together, by default
those of the group default."""
_READERS = (
    click.option(
        "--bake",
        "reader",
        flag_value="bake",
        default="",
        help="Build what docker buildx bake builds, even if there is a Dockerfile.",
    ),
    click.option(
        "--compose",
        "reader",
        flag_value="compose",
        help="Build what docker compose builds, even if there is a Dockerfile.",
    ),
    click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="TARGET.KEY=VALUE",
        help="Override a value of a bake target, as in docker buildx bake. Repeatable.",
    ),
)
_FILE_HELP = "Path of the Dockerfile, as in docker build"


def build_argument(command: Callable[..., Any], *, saved: bool = False) -> Callable[..., Any]:
    """Give ``command`` what names a build, as ``named``: DOCKERFILE, TARGETs, ``-f``, the build options.

    With ``saved``, the command reads its files again, so standard input is refused.
    """

    @wraps(command)
    def with_named(
        *,
        file: str,
        dockerfile: tuple[str, ...],
        options: Options,
        overrides: tuple[str, ...],
        reader: str,
        **others: Any,
    ) -> Any:
        checked = dockerfile_of(file, dockerfile[0] if dockerfile else "")
        if saved and checked == "-":
            raise click.UsageError("standard input cannot be saved again: name the path of a Dockerfile")
        named = named_build(dockerfile, checked if file else "", options, overrides, reader or "")
        return command(named=named, **others)

    decorated: Callable[..., Any] = with_named
    for option in reversed(_READERS):
        decorated = option(decorated)
    text = f"{_FILE_HELP}." if saved else f"{_FILE_HELP}; - for standard input."
    decorated = file_option(text=text)(build_options(decorated))
    sources, printed = (_NO_STDIN, "") if saved else (_STDIN, _PRINTED)
    request = _REQUEST.format(printed=printed)
    decorated.__doc__ = f"{cleandoc(command.__doc__ or '')}\n\n{sources} {_DOCKERFILE}\n\n{request}"
    return click.argument("dockerfile", nargs=-1, metavar="[DOCKERFILE [TARGET]...]", shell_complete=paths)(
        decorated
    )


def file_option(
    *, multiple: bool = False, text: str = f"{_FILE_HELP}; - for standard input."
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``-f`` and ``--file``, as ``file``: empty if it is not given; several with ``multiple``.

    ``-f`` was once ``--format``: the name of a format for which there is no file still is one.
    """

    def give(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def with_file(*, file: Sequence[str] | str, **others: Any) -> Any:
            files = [file] if isinstance(file, str) else list(file)
            formats = [name for name in files if _is_old_format(name)]
            if formats:
                _check_one_format(formats[-1])
                others["format_name"] = formats[-1]
            kept = tuple(name for name in files if name not in formats)
            return command(file=kept if multiple else "".join(kept), **others)

        return click.option(
            "-f",
            "--file",
            default=() if multiple else "",
            multiple=multiple,
            metavar="DOCKERFILE",
            help=text,
            shell_complete=paths,
        )(with_file)

    return give


def old_format_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``-f`` of a command that takes two Dockerfiles: only the old spelling of a format."""

    @wraps(command)
    def with_old_format(*, file: str, **others: Any) -> Any:
        if file and not _is_old_format(file):
            raise click.UsageError("-f names one Dockerfile, and this command takes two: OLD and NEW")
        if file:
            _check_one_format(file)
            others["format_name"] = file
        return command(**others)

    return click.option("-f", "--file", default="", hidden=True)(with_old_format)


def dockerfile_of(file: str, argument: str) -> str:
    """The Dockerfile of a command line with ``-f file`` and the argument DOCKERFILE; either may be empty."""
    if not file:
        _check_command(argument)
        return argument
    if argument and not os.path.isdir(argument):
        raise click.UsageError(
            f"-f names the Dockerfile, so {printable(argument)} must be the build context, a directory"
        )
    return file


def _check_command(argument: str) -> None:
    """Raise a usage error for ``stagegraph --option COMMAND``, which would draw a file of that name."""
    if (
        click.get_current_context().meta.get(IMPLICIT)
        and argument in COMMANDS
        and not os.path.exists(argument)
    ):
        raise click.UsageError(f"put the options of a command after it: stagegraph {argument} [OPTIONS]")


def _is_old_format(name: str) -> bool:
    context = click.get_current_context()
    words = context.meta.get(WORDS, ())
    long = any(word == "--file" or word.startswith("--file=") for word in words)
    choices = [
        option.type.choices
        for option in context.command.params
        if option.name == "format_name" and isinstance(option.type, click.Choice)
    ]
    return bool(choices) and name in choices[0] and not long and not os.path.exists(name)


def _check_one_format(name: str) -> None:
    source = click.get_current_context().get_parameter_source("format_name")
    if source is click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError(f"there is no file {name}; -f names the Dockerfile, and -F the format")
    warn_of_old_spelling(quoted(f"-f {name}"), quoted(f"-F {name}"))
