"""The program: ``stagegraph``, and ``python -m stagegraph``."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import NoReturn

from stagegraph.cli import main


def run() -> NoReturn:
    """Run the command line and end the process at once.

    Tearing down all loaded modules would take a sixth of the time of a small picture, for nothing.
    """
    code: object = 1
    try:
        main()
    except SystemExit as done:
        code = done.code
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # closed, or a pipe that nobody reads
            stream.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    run()
