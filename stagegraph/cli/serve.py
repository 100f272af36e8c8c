"""``stagegraph serve``: the page of the graph, drawn again whenever the Dockerfile is saved."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module

import click

from stagegraph.cli.dockerfile import saved_dockerfile_argument
from stagegraph.cli.render import (
    all_option,
    critical_path_option,
    direction_option,
    engine_option,
    labels_option,
    prune_option,
    steps_option,
    theme_option,
    title_option,
)
from stagegraph.cli.suggestions import suggesting_commands
from stagegraph.errors import StagegraphError
from stagegraph.options import Options
from stagegraph.picture.view import View
from stagegraph.source import printable

_LARGEST_PORT = 65_535
_PACKAGES = ("anyio", "starlette", "uvicorn", "watchfiles")  # of the extra `serve`


@click.command()
@saved_dockerfile_argument
@click.option(
    "--port",
    type=click.IntRange(0, _LARGEST_PORT),
    default=0,
    metavar="PORT",
    help="Port of the page; by default one that is free.",
)
@click.option(
    "--open/--no-open",
    "open_",
    default=None,
    help="Open the page in a browser; by default only if standard output is a terminal.",
)
@direction_option
@prune_option
@all_option
@steps_option
@critical_path_option
@labels_option
@theme_option
@title_option
@engine_option
def serve(dockerfile: str, options: Options, port: int, open_: bool | None, **view: str | bool) -> None:
    """Show the build graph in a browser, and draw it again when DOCKERFILE is saved.

    The page keeps zoom and selection. If the Dockerfile has an error, the page shows the error and the last
    graph. Only this machine can open the page, at the address that is printed. Ctrl+C ends the command.

    \b
    Examples:
      stagegraph serve
      stagegraph serve app/Dockerfile --target release
      stagegraph serve --port 8000 --no-open
    """
    _check_installed()
    _serve(dockerfile, options, View(**view), port, open_)  # type: ignore[arg-type]  # click checked them


def _check_installed() -> None:
    """Raise StagegraphError, which names the extra, if the packages of the server cannot be imported."""
    try:
        for name in _PACKAGES:
            import_module(name)
    except ImportError as error:
        raise StagegraphError(
            f"stagegraph serve needs packages that are not installed ({error})",
            hint="pip install 'stagegraph[serve]'",
        ) from None


def _serve(dockerfile: str, options: Options, view: View, port: int, wanted: bool | None) -> None:
    import secrets

    from stagegraph.live.drawn import LiveFile, first_drawn
    from stagegraph.live.server import address_of, listening, serve

    with suggesting_commands(dockerfile):
        _check_kind(dockerfile, options)
    listener, token = listening(port), secrets.token_urlsafe(24)
    file = LiveFile(name=dockerfile, options=options, view=view)
    drawn = first_drawn(file)
    if drawn.error:
        print("error:", "\n".join(map(printable, drawn.error)), file=sys.stderr)
    address = address_of(listener, token)
    print(
        f"Serving {printable(dockerfile or 'the Dockerfile')} at {address}\nPress Ctrl+C to stop", flush=True
    )
    if wanted if wanted is not None else sys.stdout.isatty() and _has_desktop():
        _open(address)
    serve(listener, token, file, drawn)


def _check_kind(dockerfile: str, options: Options) -> None:
    """Raise the error of a file that cannot be read, or that is a bake or compose file."""
    from stagegraph.api import read
    from stagegraph.discovery.build_files import build_file_kind
    from stagegraph.reading import read_source

    source = read_source(dockerfile)
    if build_file_kind(source.name, source.text):
        read(source, options)  # the error says which Dockerfiles it builds


def _has_desktop() -> bool:
    """Whether a browser can open a window; a browser in the terminal would take the terminal."""
    names = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in names)


def _open(address: str) -> None:
    """Open ``address`` in the browser of the user, without waiting for it."""
    import webbrowser
    from threading import Thread

    def run() -> None:
        with suppress(webbrowser.Error, OSError):
            webbrowser.open(address)

    Thread(target=run, daemon=True).start()
