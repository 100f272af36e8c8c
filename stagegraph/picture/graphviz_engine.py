"""Running a Graphviz to lay a picture out: the one that pip installs, or the system's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

from graphviz.backend import CalledProcessError, ExecutableNotFound
from graphviz.backend.execute import run_check

from stagegraph.errors import RenderError

TIMEOUT = 120  # seconds
_PURE = "graphviz-pure"
_HINT = "pip install graphviz-pure, or install Graphviz and use --engine system"


def laid_out(dot: str, output: str, engine: str) -> bytes:
    """``dot`` drawn as ``output`` (svg, pdf, png) by ``engine`` (auto, pure, system).

    Raises RenderError when there is no such engine, when it fails, or after two minutes.
    """
    program = _program(engine)
    try:
        done = run_check(
            [program, "-Kdot", f"-T{output}"],
            input=dot.encode(),
            capture_output=True,
            quiet=True,
            timeout=TIMEOUT,
        )
    except CalledProcessError as error:
        raise RenderError(f"Graphviz failed: {_last_line(error.stderr)}", hint=_other(engine)) from None
    except subprocess.TimeoutExpired:
        raise RenderError(
            f"Graphviz took longer than {TIMEOUT} seconds",
            hint="leave out what is not needed with --prune, or write mermaid",
        ) from None
    except (ExecutableNotFound, OSError) as error:
        raise RenderError(f"Graphviz does not run: {error}", hint=_HINT) from None
    return bytes(done.stdout)


def _program(engine: str) -> str:
    found = None
    if engine in ("auto", "pure"):
        found = _pure()
    if found is None and engine in ("auto", "system"):
        found = shutil.which("dot")
    if found is None:
        raise RenderError("there is no Graphviz to lay the picture out", hint=_HINT)
    return found


def _pure() -> str | None:
    """The program of graphviz-pure, in the scripts folder beside this Python first."""
    name = f"{_PURE}.exe" if os.name == "nt" else _PURE
    for scheme in dict.fromkeys([sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user")]):
        program = Path(sysconfig.get_path("scripts", scheme)) / name
        if program.is_file():
            return str(program)
    return _recorded(name)


def _recorded(name: str) -> str | None:
    """Where the installer says that it put the program: another prefix, or a target folder."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        files = distribution(_PURE).files or []
    except PackageNotFoundError:
        return None
    for file in files:
        program = Path(str(file.locate()))
        if file.name == name and program.is_file():
            return str(program)
    return None


def _last_line(stderr: bytes | str | None) -> str:
    text = stderr.decode("utf-8", "replace") if isinstance(stderr, bytes) else stderr or ""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it says nothing"


def _other(engine: str) -> str:
    return "try --engine system, or write mermaid" if engine != "system" else "try --engine pure"
