"""Waits for changes of files, which may be replaced, deleted and created again, or be links."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
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
Fingerprints = Mapping[str, Fingerprint]


def fingerprint(name: str) -> Fingerprint:
    """What differs after each change of the Dockerfile ``name``; empty while there is none."""
    try:
        path = find(name)
        state = path.stat()
    except (OSError, ValueError, InputError):
        return ()
    return (str(path), state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)


def fingerprints(names: Iterable[str]) -> Fingerprints:
    """The fingerprint of each file."""
    return {name: fingerprint(name) for name in names}


async def changes(read: Callable[[], Fingerprints], ended: anyio.Event) -> AsyncIterator[None]:
    """One item for each change of a file, one for several that follow each other quickly.

    ``read`` gives the files that were read last, and their fingerprints. Ends when ``ended`` is set.
    """
    async for _ in _looks(read, ended):
        before = read()
        if fingerprints(before) != before and await _settled(before) != before:
            yield


async def _settled(before: Fingerprints) -> Fingerprints:
    """The fingerprints when no file has changed for a moment."""
    now, quiet, waited = fingerprints(before), 0.0, 0.0
    while quiet < (_QUIET_MISSING if _lost(before, now) else _QUIET) and waited < _LONGEST_WAIT:
        await anyio.sleep(_POLL)
        quiet, waited = quiet + _POLL, waited + _POLL
        if (later := fingerprints(before)) != now:
            now, quiet = later, 0.0
    return now


def _lost(before: Fingerprints, now: Fingerprints) -> bool:
    return any(before[name] and not now[name] for name in before)


async def _looks(read: Callable[[], Fingerprints], ended: anyio.Event) -> AsyncIterator[None]:
    """One item whenever a file may have changed, and at least every second."""
    while not ended.is_set():
        folders = _folders(read())
        try:
            async for _ in _events(folders, ended):
                yield
                if _folders(read()) != folders:
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


def _folders(names: Iterable[str]) -> dict[str, int]:
    """The directories of the files and of what they link to, with their inodes; without missing ones."""
    paths = [path for name in names for path in (os.path.abspath(name or "."), os.path.realpath(name or "."))]
    found: dict[str, int] = {}
    for folder in (*paths, *map(os.path.dirname, paths)):
        with suppress(OSError):
            if os.path.isdir(folder):
                found[folder] = os.stat(folder).st_ino
    return found
