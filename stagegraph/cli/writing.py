"""Writes a result to standard output, or to a file that is replaced as a whole."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from stagegraph.errors import InputError


def write(data: bytes, output: str) -> None:
    """Write ``data`` to the file ``output``; to standard output if that is ``-`` or empty."""
    piped = output in ("", "-")
    try:
        if piped:
            _print(data)
        else:
            _replace(Path(output), data)
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        if piped:
            close_stdout()
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(
            f"cannot write {'standard output' if piped else output}: {reason}",
            hint="write to a file in a directory that exists and is writable",
        ) from None


def holds(
    output: str, data: bytes, *, text: bool, comparable: Callable[[bytes], bytes] | None = None
) -> bool:
    """Whether the file ``output`` holds ``data``; in a ``text``, git may have changed the line ends.

    ``comparable`` takes from both what may differ between machines.

    Raises InputError for what is not a file or cannot be read.
    """
    path = Path(output)
    try:
        if not path.exists():
            return False
        if not path.is_file():
            raise InputError(f"{output} is not a file", hint="name the file of the picture with -o")
        with path.open("rb") as file:
            held = file.read(2 * len(data) + 1)
    except OSError as error:
        raise InputError(
            f"cannot read {output}: {error.strerror or error}", hint="make it readable for your user"
        ) from None
    candidates = (held, held.replace(b"\r\n", b"\n")) if text else (held,)
    if data in candidates or not comparable:
        return data in candidates
    return comparable(data) in map(comparable, candidates)


def close_stdout() -> None:
    """Discard what is still buffered: Python would fail to write it, and report that, when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print(data: bytes) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _replace(path: Path, data: bytes) -> None:
    if path.exists() and not path.is_file():
        path.write_bytes(data)  # writes to a device or a pipe; raises IsADirectoryError for a directory
        return
    target = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(_mode(target))
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _mode(target: Path) -> int:
    """The mode of the file that is replaced, or that of a new file."""
    if target.exists():
        return target.stat().st_mode & 0o7777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
