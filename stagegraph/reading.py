"""Finding and reading a Dockerfile: the one end of the house that touches files."""

from __future__ import annotations

import sys
from pathlib import Path

from stagegraph.dockerfile.logical import MAX_BYTES, source_from_bytes
from stagegraph.errors import InputError
from stagegraph.source import Source

# BuildKit takes dockerfile where there is no Dockerfile (frontend/dockerui/config.go)
NAMES = ("Dockerfile", "dockerfile", "Containerfile")


def read_source(name: str = "") -> Source:
    """The Dockerfile that ``name`` means: a file, a directory that holds one, ``-``, or nothing.

    At most one byte over the limit is read. Raises InputError with what to do next.
    """
    return source_from_bytes(*read_bytes(name))


def read_bytes(name: str = "") -> tuple[bytes, str]:
    """The bytes of the Dockerfile that ``name`` means, and what messages call it; as ``read_source``."""
    if name == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1), "<stdin>"
    try:
        path = find(name)
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1), str(path)
    except OSError as error:
        raise InputError(f"{name}: {error.strerror or error}", hint=_hint(error)) from None
    except ValueError as error:  # a NUL byte in the name
        raise InputError(f"{name!r} is no path: {error}") from None


def find(name: str) -> Path:
    """The path of the Dockerfile that ``name`` means; InputError when there is none."""
    path = Path(name or ".")
    if not path.is_dir():
        return path
    for candidate in NAMES:
        if (path / candidate).is_file():
            return path / candidate
    where = name or "this directory"
    raise InputError(
        f"{where} holds no Dockerfile and no Containerfile",
        hint="name the file, or - to read standard input",
    )


def _hint(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "name a Dockerfile, a directory that holds one, or - for standard input"
    if isinstance(error, PermissionError):
        return "you may not read this file"
    return ""
