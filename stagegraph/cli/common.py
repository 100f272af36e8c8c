"""The options that every command has which reads a Dockerfile, and what to do with them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from inspect import cleandoc
from typing import Any

import click

from stagegraph.options import Options

_DOCKERFILE = """DOCKERFILE is a path, a directory that holds a Dockerfile, or - for standard input;
without it, ./Dockerfile or ./Containerfile."""

_OPTIONS = (
    click.option("--target", "targets", multiple=True, metavar="STAGE", help="Stage to build; repeatable."),
    click.option(
        "--build-arg",
        "build_args",
        multiple=True,
        metavar="NAME[=VALUE]",
        help="Build argument; NAME alone takes its value from the environment.",
    ),
    click.option(
        "--platform",
        "platforms",
        multiple=True,
        metavar="OS/ARCH",
        help="Target platform, linux/amd64 by default; repeatable or separated by commas.",
    ),
    click.option(
        "--build-context",
        "contexts",
        multiple=True,
        metavar="NAME=VALUE",
        help="Named context: stands in for the stage or image of that name.",
    ),
)


writes_output = click.option(
    "-o", "--output", default="", metavar="FILE", help="File to write; - or none for standard output."
)


def asks_for_builds(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give ``command`` Docker's own options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def reads_dockerfile(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give ``command`` the DOCKERFILE argument and Docker's own options."""
    command = asks_for_builds(command)
    command.__doc__ = f"{cleandoc(command.__doc__ or '')}\n\n{_DOCKERFILE}"
    return click.argument("dockerfile", default="", required=False)(command)


def reads_record(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give ``command`` the options that name a record of a build."""
    command = click.option(
        "--record-build", default="", metavar="NAME", help="Which build of a record that holds several."
    )(command)
    return click.option(
        "--record",
        default="",
        metavar="FILE",
        help="Record of a build: show its times and its path.",
    )(command)


def options_of(
    targets: tuple[str, ...],
    build_args: tuple[str, ...],
    platforms: tuple[str, ...],
    contexts: tuple[str, ...],
) -> Options:
    """The Options that the command line asks for; click.UsageError for malformed ones."""
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
    # as docker does: a name that the environment does not have sets nothing
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


def colour_wanted() -> bool:
    """Whether standard output is a terminal that may be coloured."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def terminal_width() -> int:
    """The width of the terminal, within reason."""
    import shutil

    return max(40, min(shutil.get_terminal_size((100, 24)).columns, 160))
