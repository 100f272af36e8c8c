"""Finds and reads one Dockerfile."""

from __future__ import annotations

import sys
from pathlib import Path

from stagegraph.dockerfile.logical import MAX_BYTES, source_from_bytes
from stagegraph.errors import InputError
from stagegraph.source import Source

# BuildKit reads dockerfile if there is no Dockerfile (frontend/dockerui/config.go)
NAMES = ("Dockerfile", "dockerfile", "Containerfile")


def read_source(name: str = "") -> Source:
    """The Dockerfile that ``name`` means: a file, a directory with one, ``-``, or empty for ``.``.

    Reads at most one byte over the limit. Raises InputError with a hint.
    """
    return source_from_bytes(*read_bytes(name))


def read_bytes(name: str = "") -> tuple[bytes, str]:
    """The bytes of the Dockerfile that ``name`` means, and its name in messages; as ``read_source``."""
    if name == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1), "<stdin>"
    try:
        path = find(name)
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1), str(path)
    except OSError as error:
        raise InputError(f"{name}: {error.strerror or error}", hint=_hint(error)) from None
    except ValueError as error:  # a NUL byte in the name
        raise InputError(f"invalid path {name!r}: {error}") from None


def find(name: str) -> Path:
    """The path of the Dockerfile that ``name`` means; InputError if there is none."""
    path = Path(name or ".")
    if not path.is_dir():
        return path
    for candidate in NAMES:
        if (path / candidate).is_file():
            return path / candidate
    where = name or "this directory"
    raise InputError(
        f"there is no Dockerfile or Containerfile in {where}",
        hint="give the path of the file, or - to read standard input",
    )


def _hint(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "give the path of a Dockerfile, a directory with one, or - for standard input"
    if isinstance(error, PermissionError):
        return "check the permissions of the file"
    return ""
