"""``stagegraph serve``: the page of the graph, drawn again whenever one of its files is saved."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import partial
from importlib import import_module

import click
from msgspec.structs import replace

from stagegraph.cli.dockerfile import build_argument
from stagegraph.cli.named_build import NamedBuild
from stagegraph.cli.render import (
    all_option,
    check_view,
    critical_path_option,
    detail_option,
    direction_option,
    engine_option,
    labels_option,
    prune_option,
    steps_option,
    theme_option,
    title_option,
)
from stagegraph.cli.suggestions import suggesting_commands
from stagegraph.errors import InputError, StagegraphError
from stagegraph.picture.view import View
from stagegraph.reading import read_source
from stagegraph.source import printable

_LARGEST_PORT = 65_535
_PACKAGES = ("anyio", "starlette", "uvicorn", "watchfiles")  # of the extra `serve`


@click.command()
@partial(build_argument, saved=True)
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
@detail_option
@critical_path_option
@labels_option
@theme_option
@title_option
@engine_option
def serve(named: NamedBuild, port: int, open_: bool | None, **view: str | bool) -> None:
    """Show the build graph in a browser, and draw it again when a file of the build is saved.

    The page keeps zoom and selection. If a file has an error, the page shows the error and the last graph.
    Only this machine can open the page, at the address that is printed. Ctrl+C ends the command.

    \b
    Examples:
      stagegraph serve
      stagegraph serve app/Dockerfile --target release
      stagegraph serve docker-bake.hcl api web
      stagegraph serve --port 8000 --no-open
    """
    _check_installed()
    wanted = View(**view)  # type: ignore[arg-type]  # click has checked the values
    check_view(named, wanted)
    _serve(named, wanted, port, open_)


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


def _serve(named: NamedBuild, view: View, port: int, wanted: bool | None) -> None:
    import secrets

    from stagegraph.live.drawn import LiveFile, first_drawn
    from stagegraph.live.server import address_of, listening, serve

    named = _of_one_kind(named)
    listener, token = listening(port), secrets.token_urlsafe(24)
    file = LiveFile(name=named.path, read=named.read, view=view)
    drawn = first_drawn(file)
    if drawn.error:
        print("error:", "\n".join(map(printable, drawn.error)), file=sys.stderr)
    address = address_of(listener, token)
    print(
        f"Serving {printable(named.path or _unnamed(named))} at {address}\nPress Ctrl+C to stop", flush=True
    )
    if wanted if wanted is not None else sys.stdout.isatty() and _has_desktop():
        _open(address)
    serve(listener, token, file, drawn)


def _of_one_kind(named: NamedBuild) -> NamedBuild:
    """``named``, which stays a Dockerfile or a bake file whatever is saved. InputError if it is not there."""
    if not named.is_request:
        with suggesting_commands(named.path):
            read_source(named.path)
        return named
    if named.path and not os.path.exists(named.path):
        raise InputError(f"there is no file {named.path}", hint="name a bake or compose file")
    return replace(named, reader=named.reader or "bake")


def _unnamed(named: NamedBuild) -> str:
    return "the bake or compose file" if named.reader else "the Dockerfile"


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
