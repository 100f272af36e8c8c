"""A Dockerfile as it is on disk, or as git has it at a revision."""

from __future__ import annotations

import subprocess
from pathlib import Path

from stagegraph.dockerfile.logical import MAX_BYTES, source_from_bytes
from stagegraph.errors import InputError
from stagegraph.reading import NAMES, read_source
from stagegraph.source import Source

_TIMEOUT = 60  # seconds


def read_revision(name: str) -> Source:
    """The Dockerfile that ``name`` means: a path, ``-``, or ``REV:PATH`` where there is no such path.

    PATH is seen from the root of the repository, or from here when it begins with ``./``; without
    REV it is the file that is staged. Raises InputError when there is no such revision or file, or
    no git.
    """
    revision, colon, path = name.partition(":")
    if not colon or _is_path(name):
        return read_source(name)
    for candidate in (path, *(f"{path.rstrip('/')}/{known}".lstrip("/") for known in NAMES)):
        found = f"{revision}:{candidate}"
        kind, identity, size = _object(found)
        if kind == "blob":
            return source_from_bytes(_contents(found, identity, size), name if candidate == path else found)
    raise InputError(f"git has no file {name}", hint=_hint(revision, path))


def _is_path(name: str) -> bool:
    try:
        return name == "-" or Path(name).is_absolute() or Path(name).exists()
    except (OSError, ValueError):
        return False


def _object(name: str) -> tuple[str, str, int]:
    """Kind, identity and size of what git calls ``name``; empty where there is nothing.

    The name is sent as a line of input, so that it can never be read as an option.
    """
    if "\n" in name or "\0" in name:
        return "", "", 0
    said = _git("cat-file", "--batch-check", "--follow-symlinks", said=f"{name}\n").stdout
    words = said.decode("utf-8", "replace").split()
    if len(words) != 3 or words[1] not in ("blob", "tree", "commit", "tag") or not words[2].isdigit():
        return "", "", 0
    return words[1], words[0], int(words[2])


def _contents(name: str, identity: str, size: int) -> bytes:
    if size > MAX_BYTES:
        raise InputError(f"{name}: {size:,} bytes are too many for a Dockerfile; the limit is {MAX_BYTES:,}")
    done = _git("cat-file", "blob", identity)
    if done.returncode:
        raise InputError(f"git cannot read {name}", hint=_last_words(done))
    return done.stdout


def _git(*arguments: str, said: str = "") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", *arguments],
            input=said.encode("utf-8", "surrogateescape"),
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except FileNotFoundError:
        raise InputError(
            "there is no git to ask for a revision", hint="install git, or name a file"
        ) from None
    except (subprocess.TimeoutExpired, OSError) as error:
        raise InputError(f"git does not answer: {error}") from None


def _hint(revision: str, path: str) -> str:
    inside = _git("rev-parse", "--git-dir")
    if inside.returncode:
        return _last_words(inside)
    if not _object(revision or "HEAD")[0]:
        return f"there is no revision {revision}" if revision else "nothing is committed yet"
    if path.startswith("./"):
        return f"{path} is seen from here; without ./ it is seen from the root of the repository"
    return f"{path} is seen from the root of the repository; ./{path} is seen from here"


def _last_words(done: subprocess.CompletedProcess[bytes]) -> str:
    """Why git failed, in the first line that it said."""
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[0].removeprefix("fatal: ") if lines else "git gave no reason"
