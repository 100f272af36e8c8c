"""Options and arguments that several commands have, and what they mean."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from inspect import cleandoc
from typing import Any

import click

from stagegraph.formats import formats
from stagegraph.options import Options
from stagegraph.source import without_commands

_DOCKERFILE = """DOCKERFILE is a path, a directory that contains a Dockerfile, or - for standard input.
The default is ./Dockerfile or ./Containerfile."""

_BUILD_OPTIONS = (
    click.option("--target", "targets", multiple=True, metavar="STAGE", help="Stage to build; repeatable."),
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
    "-o", "--output", default="", metavar="FILE", help="Write to FILE instead of standard output."
)


def format_option(command: str, default: str | None, note: str = "") -> Callable[..., Any]:
    """``--format`` with the formats of ``command``; ``note`` is the last sentence of its help."""
    rows = formats(command)
    described = "; ".join(f"{row.name}: {row.description}" for row in rows.values())
    return click.option(
        "-f",
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
    """Give ``command`` the argument DOCKERFILE and the build options."""
    command = build_options(command)
    command.__doc__ = f"{cleandoc(command.__doc__ or '')}\n\n{_DOCKERFILE}"
    return click.argument("dockerfile", default="", required=False)(command)


def record_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give ``command`` the options that choose the record of a build."""
    command = click.option(
        "--record-build",
        default="",
        metavar="NAME",
        help="Name or number of the build, if the record contains several.",
    )(command)
    return click.option(
        "--record",
        default="",
        metavar="FILE",
        help="Record of a build: show its times and its measured critical path.",
    )(command)


def _options_of(
    targets: tuple[str, ...],
    build_args: tuple[str, ...],
    platforms: tuple[str, ...],
    contexts: tuple[str, ...],
) -> Options:
    """The values of the build options as Options; click.UsageError for malformed ones."""
    return Options(
        targets=targets,
        build_args=dict(pair for text in build_args if (pair := _build_arg(text))),
        platforms=tuple(part for text in platforms for part in text.split(",") if part),
        contexts=dict(_context(text) for text in contexts),
    )


def _build_arg(text: str) -> tuple[str, str] | None:
    name, equals, value = text.partition("=")
    if not name:
        raise click.BadParameter(f"{text!r} has no name", param_hint="--build-arg")
    if equals:
        return name, value
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
