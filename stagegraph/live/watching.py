"""Waits for changes of one file, which may be replaced, deleted and created again, or be a link."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import suppress

import anyio
from watchfiles import awatch

from stagegraph.errors import InputError
from stagegraph.reading import find

_QUIET = 0.15  # seconds without a change after which a file is taken as saved
_QUIET_MISSING = 0.6  # the same for a file that is missing: a program may be about to write it again
_LONGEST_WAIT = 3.0  # seconds; a file that never rests is read at least this often
_POLL = 0.05  # seconds between two looks at a file that changes
# Seconds between two looks that no event of the system asks for: links, network drives and directories
# that were deleted and created again have no events.
_RECHECK = 1.0

Fingerprint = tuple[str | int, ...]


def fingerprint(name: str) -> Fingerprint:
    """What differs after each change of the Dockerfile ``name``; empty while there is none."""
    try:
        path = find(name)
        state = path.stat()
    except (OSError, ValueError, InputError):
        return ()
    return (str(path), state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)


async def changes(name: str, before: Fingerprint, ended: anyio.Event) -> AsyncIterator[None]:
    """One item for each change of the Dockerfile ``name``, one for several that follow each other quickly.

    ``before`` is the fingerprint of the file that was read last. Ends when ``ended`` is set.
    """
    async for _ in _looks(name, ended):
        if fingerprint(name) == before:
            continue
        now = await _settled(name)
        if now != before:
            before = now
            yield


async def _settled(name: str) -> Fingerprint:
    """The fingerprint when the file has not changed for a moment."""
    now, quiet, waited = fingerprint(name), 0.0, 0.0
    while quiet < (_QUIET if now else _QUIET_MISSING) and waited < _LONGEST_WAIT:
        await anyio.sleep(_POLL)
        quiet, waited = quiet + _POLL, waited + _POLL
        if (later := fingerprint(name)) != now:
            now, quiet = later, 0.0
    return now


async def _looks(name: str, ended: anyio.Event) -> AsyncIterator[None]:
    """One item whenever the file may have changed, and at least every second."""
    while not ended.is_set():
        folders = _folders(name)
        try:
            async for _ in _events(folders, ended):
                yield
                if _folders(name) != folders:
                    break
        # no more watches, the directory has just been deleted, or its name is not UTF-8
        except (OSError, RuntimeError, ValueError):
            await anyio.sleep(_RECHECK)
            yield


async def _events(folders: dict[str, int], ended: anyio.Event) -> AsyncIterator[None]:
    """One item for each change in ``folders``, and at least every second."""
    if not folders:
        await anyio.sleep(_RECHECK)
        yield
        return
    async for _ in awatch(
        *folders,
        watch_filter=None,
        recursive=False,
        debounce=200,
        step=20,
        rust_timeout=int(_RECHECK * 1000),
        yield_on_timeout=True,
        stop_event=ended,
    ):
        yield


def _folders(name: str) -> dict[str, int]:
    """The directories of the file and of what it links to, with their inodes; without missing ones."""
    paths = [os.path.abspath(name or "."), os.path.realpath(name or ".")]
    found: dict[str, int] = {}
    for folder in (*paths, *map(os.path.dirname, paths)):
        with suppress(OSError):
            if os.path.isdir(folder):
                found[folder] = os.stat(folder).st_ino
    return found
