"""Runs commands on attacks in this process, with limits; ``run`` starts it and writes an attack per line.

A command that takes too long ends the process; the parent then knows which one it was.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import re
import resource
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType

MOST_MEMORY = 2 << 30  # bytes of address space, of which the modules take a fifth
_INTERNAL = re.compile(r"Traceback|stagegraph failed|not understood: [A-Za-z.]+(?:Error|Exception): ")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_WORKFLOW_COMMAND = re.compile(r"^\s*::|##\[", re.MULTILINE)


def main() -> None:
    """Read attacks and print the problems of each as a line of JSON."""
    from stagegraph.cli import main as stagegraph

    os.environ["GITHUB_ACTIONS"] = "true"
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    signal.signal(signal.SIGPROF, _too_slow)
    results = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        spec = json.loads(line)
        files = {path: base64.b64decode(text) for path, text in spec["files"].items()}
        found = []
        for command in spec["commands"]:
            signal.setitimer(signal.ITIMER_PROF, spec["seconds"])
            found += problems(stagegraph, command, files)
        signal.setitimer(signal.ITIMER_PROF, 0)
        print(json.dumps(found), file=results, flush=True)


def _too_slow(_number: int, _frame: FrameType | None) -> None:
    os._exit(99)


def problems(
    stagegraph: Callable[[list[str]], object], command: list[str], files: dict[str, bytes]
) -> list[str]:
    """What is wrong with the answer of a command in a new directory with ``files``."""
    with tempfile.TemporaryDirectory() as folder:
        for path, data in files.items():
            Path(folder, path).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, path).write_bytes(data)
        os.chdir(folder)
        code, output = _run(stagegraph, command)
        after = {path.relative_to(folder).as_posix(): path.read_bytes() for path in _files(folder)}
        os.chdir("/")
    found = [f"exit code {code}"] * (code not in (0, 1, 2))
    found += [f"internal error: {match[0]}" for match in _INTERNAL.finditer(output)]
    if "--diff" not in command:  # which shows the file as it is
        found += [f"control character {match[0]!r}" for match in _CONTROL.finditer(output)]
        found += [f"workflow command {match[0]!r}" for match in _WORKFLOW_COMMAND.finditer(output)]
    found += ["no message"] * (code != 0 and not output.strip())
    found += ["a file was changed or made"] * (after != files)
    return [f"{' '.join(command)}: {one}: {output[-300:]}" for one in found[:3]]


def _files(folder: str) -> list[Path]:
    return [path for path in Path(folder).rglob("*") if path.is_file()]


def _run(stagegraph: Callable[[list[str]], object], command: list[str]) -> tuple[object, str]:
    """The exit code and the output of a command; any exception counts as a traceback."""
    out = io.TextIOWrapper(io.BytesIO(), "utf-8", "surrogateescape")
    code: object = None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            stagegraph(command)
        except SystemExit as done:
            code = done.code
        except BaseException as error:
            print(f"Traceback: {type(error).__name__}: {error}")
    out.flush()
    assert isinstance(out.buffer, io.BytesIO)
    return code, out.buffer.getvalue().decode("utf-8", "replace")


if __name__ == "__main__":
    main()
