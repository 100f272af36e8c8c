"""Runs Graphviz: the program that pip installs with graphviz-pure, or the one of the system."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from graphviz.backend import CalledProcessError, ExecutableNotFound
from graphviz.backend.execute import run_check

from stagegraph.errors import RenderError
from stagegraph.picture.view import Picture

TIMEOUT = 60.0  # seconds for all attempts at one picture
_PURE = "graphviz-pure"
_HINT = "pip install graphviz-pure, or install Graphviz and use --engine system"
_Drawing = TypeVar("_Drawing")


class LayoutError(RenderError):
    """Graphviz failed or took too long: a smaller picture may succeed."""


def first_in_time(
    pictures: Iterable[Picture], draw: Callable[[Picture, float], _Drawing]
) -> tuple[Picture, _Drawing]:
    """The first of ``pictures``, large to small, for which ``draw`` raises no LayoutError, and its result.

    ``draw`` gets a picture and the seconds it may take, half of what is left of TIMEOUT, and raises
    LayoutError when it fails; the last of these is raised when all pictures fail.
    """
    end = time.monotonic() + TIMEOUT
    failure: LayoutError | None = None
    for drawn in pictures:
        try:
            return drawn, draw(drawn, (end - time.monotonic()) / 2)
        except LayoutError as error:
            failure = error
    raise failure or RenderError("there is nothing to draw")


def run_graphviz(dot: str, output: str, engine: str, seconds: float) -> bytes:
    """The ``output`` (json0, pdf) that ``engine`` (auto, pure, system) makes of ``dot``.

    Raises LayoutError when it fails or takes longer than ``seconds``, RenderError when there is none.
    """
    program = _program(engine)
    try:
        done = run_check(
            [program, "-Kdot", f"-T{output}"],
            input=dot.encode(),
            capture_output=True,
            quiet=True,
            timeout=max(seconds, 0.01),
        )
    except CalledProcessError as error:
        raise LayoutError(f"Graphviz failed: {_last_line(error.stderr)}", hint=_other(engine)) from None
    except subprocess.TimeoutExpired:
        raise LayoutError(
            f"Graphviz took longer than {TIMEOUT:g} seconds",
            hint="use --prune to draw less, or use --format mermaid",
        ) from None
    except (ExecutableNotFound, OSError) as error:
        raise RenderError(f"cannot run Graphviz: {error}", hint=_HINT) from None
    return bytes(done.stdout)


def _program(engine: str) -> str:
    """The path of the program, or RenderError."""
    program = None
    if engine in ("auto", "pure"):
        program = _pure_program()
    if program is None and engine in ("auto", "system"):
        import shutil

        program = shutil.which("dot")
    if program is None:
        raise RenderError("Graphviz is not installed", hint=_HINT)
    return program


def _pure_program() -> str | None:
    """The program of graphviz-pure: beside this Python, in its scripts folder, or where pip recorded it."""
    name = f"{_PURE}.exe" if os.name == "nt" else _PURE
    beside = os.path.join(os.path.dirname(sys.executable), name)
    if os.path.isfile(beside):
        return beside
    return _in_scripts(name) or _recorded(name)


def _in_scripts(name: str) -> str | None:
    import sysconfig

    for scheme in dict.fromkeys([sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user")]):
        program = os.path.join(sysconfig.get_path("scripts", scheme), name)
        if os.path.isfile(program):
            return program
    return None


def _recorded(name: str) -> str | None:
    """The path in the installer's record: another prefix, or a target folder."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        files = distribution(_PURE).files or []
    except PackageNotFoundError:
        return None
    programs = (str(file.locate()) for file in files if file.name == name)
    return next(filter(os.path.isfile, programs), None)


def _last_line(stderr: bytes | str | None) -> str:
    text = stderr.decode("utf-8", "replace") if isinstance(stderr, bytes) else stderr or ""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it printed no error"


def _other(engine: str) -> str:
    return "try --engine system, or use --format mermaid" if engine != "system" else "try --engine pure"
