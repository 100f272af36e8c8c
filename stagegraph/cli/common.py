"""Options and arguments that several commands have, and what they mean."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from inspect import cleandoc
from typing import Any

import click

from stagegraph.cli.completion import PATH, stages
from stagegraph.formats import formats
from stagegraph.options import Options
from stagegraph.source import without_commands

_DOCKERFILE = """DOCKERFILE is a path, a directory that contains a Dockerfile, or - for standard input.
The default is ./Dockerfile or ./Containerfile. As in docker build, it can be given with -f."""

_BUILD_OPTIONS = (
    click.option(
        "--target",
        "targets",
        multiple=True,
        metavar="STAGE",
        shell_complete=stages,
        help="Stage to build; repeatable.",
    ),
    click.option(
        "--build-arg",
        "build_args",
        multiple=True,
        metavar="NAME[=VALUE]",
        help="Set a build argument; NAME alone takes its value from the environment. Repeatable.",
    ),
    click.option(
        "--platform",
        "platforms",
        multiple=True,
        metavar="OS/ARCH",
        help="Target platform; linux/amd64 by default. Repeatable, or separated by commas.",
    ),
    click.option(
        "--build-context",
        "contexts",
        multiple=True,
        metavar="NAME=VALUE",
        help="Named context: replaces the stage or image with that name. Repeatable.",
    ),
)

output_option = click.option(
    "-o", "--output", type=PATH, default="", metavar="FILE", help="Write to FILE instead of standard output."
)


def _refuse_tag(context: click.Context, parameter: click.Parameter, value: str) -> None:
    if value and not context.resilient_parsing:
        message = "-t names an image in docker build, and stagegraph makes none"
        raise click.UsageError(f"{message}; to choose a stage, use --target {value}")


tag_option = click.option("-t", "--tag", hidden=True, expose_value=False, callback=_refuse_tag)


def format_option(command: str, default: str | None, note: str = "") -> Callable[..., Any]:
    """``--format`` with the formats of ``command``; ``note`` is the last sentence of its help."""
    rows = formats(command)
    described = "; ".join(f"{row.name}: {row.description}" for row in rows.values())
    return click.option(
        "-F",
        "--format",
        "format_name",
        type=click.Choice(list(rows)),
        default=default,
        show_default=default is not None,
        help=f"Output format. {described}.{note}",
    )


def build_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give ``command`` the options of ``docker build`` that change the graph, as its ``options``."""

    @wraps(command)
    def with_options(
        *,
        targets: tuple[str, ...],
        build_args: tuple[str, ...],
        platforms: tuple[str, ...],
        contexts: tuple[str, ...],
        **others: Any,
    ) -> Any:
        return command(options=_options_of(targets, build_args, platforms, contexts), **others)

    decorated: Callable[..., Any] = with_options
    for option in reversed(_BUILD_OPTIONS):
        decorated = option(decorated)
    return decorated


def dockerfile_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give ``command`` the argument DOCKERFILE, -f, and the build options."""

    @wraps(command)
    def with_dockerfile(*, dockerfile: str, file: str, **others: Any) -> Any:
        return command(dockerfile=one_dockerfile(dockerfile, file), **others)

    decorated = file_option(build_options(with_dockerfile))
    decorated.__doc__ = f"{cleandoc(command.__doc__ or '')}\n\n{_DOCKERFILE}"
    return click.argument("dockerfile", type=PATH, default="", required=False)(decorated)


def one_dockerfile(argument: str, file: str) -> str:
    """The Dockerfile of the command line: with -f, the argument can only be the build context of Docker."""
    if file and argument and not os.path.isdir(argument):
        raise click.UsageError(f"both {argument} and -f {file} are given; name one Dockerfile")
    return file or argument


def file_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give ``command`` -f as in docker build, as its ``file``; -f FORMAT still works, with a warning."""

    @wraps(command)
    def with_file(*, file: str, **others: Any) -> Any:
        names = formats(click.get_current_context().info_name or "")
        if file in names and not os.path.exists(file):
            line = f"deprecated: write -F {file}; from version 1.0 on, -f only names the Dockerfile"
            print(line, file=sys.stderr)
            return command(file="", **{**others, "format_name": file})
        return command(file=file, **others)

    option = click.option(
        "-f",
        "--file",
        type=PATH,
        default="",
        metavar="DOCKERFILE",
        help="The Dockerfile, as in docker build.",
    )
    return tag_option(option(with_file))


def record_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give ``command`` the options that choose the record of a build, as its ``record`` and ``build``."""

    @wraps(command)
    def with_record(*, record: str, **others: Any) -> Any:
        if others["build"] and not record:
            raise click.UsageError("--build chooses a build in a record: name one with --record FILE")
        return command(record=record, **others)

    with_build: Callable[..., Any] = build_option("the record")(with_record)
    decorated: Callable[..., Any] = click.option(
        "--record",
        type=PATH,
        default="",
        metavar="FILE",
        help="Record of a build: show its times and its measured critical path.",
    )(with_build)
    return decorated  # its type


def build_option(record: str) -> Callable[..., Any]:
    """``--build`` for a command that reads a ``record``, and the name that it had before."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def with_build(*, build: str, record_build: str, **others: Any) -> Any:
            if record_build:
                print("deprecated: --record-build is now --build", file=sys.stderr)
            return command(build=build or record_build, **others)

        decorated: Callable[..., Any] = click.option("--record-build", default="", hidden=True)(with_build)
        return click.option(
            "--build",
            default="",
            metavar="NAME",
            help=f"Name or number of the build, if {record} contains several.",
        )(decorated)

    return decorate


def _options_of(
    targets: tuple[str, ...],
    build_args: tuple[str, ...],
    platforms: tuple[str, ...],
    contexts: tuple[str, ...],
) -> Options:
    """The values of the build options as Options; click.UsageError for malformed ones."""
    asked = tuple(part for text in platforms for part in text.split(",") if part)
    for platform in asked:
        _warn_of_typo(platform)
    return Options(
        targets=targets,
        build_args=dict(pair for text in build_args if (pair := _build_arg(text))),
        platforms=asked,
        contexts=dict(_context(text) for text in contexts),
    )


def _warn_of_typo(platform: str) -> None:
    """Print a warning if a part of ``platform``, which BuildKit takes, is almost a known one."""
    from stagegraph.dockerfile.platforms import near_platform

    if near := near_platform(platform):
        print(f"warning: --platform {platform}: did you mean {near}?", file=sys.stderr)


def _build_arg(text: str) -> tuple[str, str] | None:
    name, equals, value = text.partition("=")
    if not name:
        raise click.BadParameter(f"{text!r} has no name", param_hint="--build-arg")
    if equals:
        return name, value
    if not name.isidentifier() or (name not in os.environ and os.path.exists(name)):
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--build-arg")
    # as in docker build: a name that is not in the environment is ignored
    return (name, os.environ[name]) if name in os.environ else None


def _context(text: str) -> tuple[str, str]:
    from stagegraph.dockerfile.references import ImageReferenceError, familiar_reference

    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--build-context")
    try:
        return familiar_reference(name), value
    except ImageReferenceError as error:
        raise click.BadParameter(str(error), param_hint="--build-context") from None


def for_log(line: str) -> str:
    """``line``, which must keep its text, as it may be printed: in a GitHub job without workflow commands."""
    return without_commands(line) if os.environ.get("GITHUB_ACTIONS") else line


def to_stdout(output: str) -> bool:
    """Whether ``--output`` means standard output."""
    return output in ("", "-")


def colour_wanted() -> bool:
    """Whether standard output is a terminal that may be coloured."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def terminal_width() -> int:
    """The width of the terminal or COLUMNS, from 40 to 160; 100 if both are unknown."""
    import shutil

    return max(40, min(shutil.get_terminal_size((100, 24)).columns, 160))


def terminal_options(output: str) -> dict[str, Any]:
    """``colour`` and ``width`` of a terminal; nothing for a file or a pipe, whose text must not vary."""
    if to_stdout(output) and sys.stdout.isatty():
        return {"colour": colour_wanted(), "width": terminal_width()}
    return {}
