"""Finds and reads one Dockerfile."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from stagegraph.dockerfile.logical import MAX_BYTES, source_from_bytes
from stagegraph.errors import InputError
from stagegraph.source import Source, printable

# BuildKit reads dockerfile if there is no Dockerfile (frontend/dockerui/config.go)
NAMES = ("Dockerfile", "dockerfile", "Containerfile")
_LIKE_DOCKERFILE = r"(?i)(?:.*\.)?(?:docker|container)file(?:[._-](?!dockerignore).*)?"
_MOST_SHOWN = 5
_MOST_ENTRIES = 5_000  # of folders that are searched for a hint


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
        if (kind := _other_kind(path.name)) and path.is_file():
            raise InputError(f"{name} is a {kind} file: name a Dockerfile", hint=_below(path.parent))
        return path
    for candidate in NAMES:
        if (path / candidate).is_file():
            return path / candidate
    where = name or "this directory"
    raise InputError(f"there is no Dockerfile or Containerfile in {where}", hint=_below(path))


def _other_kind(name: str) -> str:
    """``bake`` or ``compose`` for the name of a file that defines builds; empty for others."""
    lower = name.lower()
    if lower.endswith(".hcl") or ("bake" in lower and lower.endswith(".json")):
        return "bake"
    return "compose" if "compose" in lower and lower.endswith((".yml", ".yaml")) else ""


def _below(folder: Path) -> str:
    """A hint with the Dockerfiles below ``folder``, and the command for one of them."""
    found = list(islice(_dockerfiles_below(folder), _MOST_SHOWN + 1))
    if not found:
        return "give the path of the file, or - to read standard input"
    names = ", ".join(found[:_MOST_SHOWN]) + (", ..." if len(found) > _MOST_SHOWN else "")
    return f"use one of {names}, as in `stagegraph render {shlex.quote(found[0])}`"


def _dockerfiles_below(folder: Path) -> Iterator[str]:
    """The paths of files that are named like Dockerfiles, in folders near ``folder`` first."""
    left = _MOST_ENTRIES
    waiting = [folder]
    while waiting and left > 0:
        try:
            entries = sorted(os.scandir(waiting.pop(0)), key=lambda entry: entry.name)
        except OSError:
            continue
        left -= len(entries)
        for entry in entries:
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith((".", "node_modules")):
                waiting.append(Path(entry.path))
            elif re.fullmatch(_LIKE_DOCKERFILE, entry.name) and entry.is_file(follow_symlinks=False):
                yield printable(Path(entry.path).as_posix())


def _hint(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "give the path of a Dockerfile, a directory with one, or - for standard input"
    if isinstance(error, PermissionError):
        return "check the permissions of the file"
    return ""
