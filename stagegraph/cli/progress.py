"""A bar on a terminal for what takes over a second, and nothing elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

_AFTER = 1.0  # seconds


@contextmanager
def reading(path: str) -> Iterator[Callable[[int], None]]:
    """What is to be told how many more bytes of ``path`` were read."""
    bar = _Bar(path)
    try:
        yield bar.tick
    finally:
        bar.stop()


class _Bar:
    def __init__(self, path: str) -> None:
        self._path = path
        self._begun = time.monotonic()
        self._read = 0
        self._shown: Progress | None = None

    def tick(self, count: int) -> None:
        self._read += count
        if self._shown:
            self._shown.update(self._shown.task_ids[0], completed=self._read)
        elif time.monotonic() - self._begun > _AFTER and sys.stderr.isatty():
            self._shown = _progress(self._path, self._read)

    def stop(self) -> None:
        if self._shown:
            self._shown.stop()


def _progress(path: str, read: int) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    shown = Progress(
        TextColumn("Reading"), BarColumn(), DownloadColumn(), console=Console(file=sys.stderr), transient=True
    )
    shown.add_task("", total=_size(path), completed=read)
    shown.start()
    return shown


def _size(path: str) -> int | None:
    try:
        return os.stat(path).st_size if path != "-" else None
    except OSError:
        return None
