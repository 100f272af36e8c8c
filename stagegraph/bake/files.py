"""The files that bake and compose files refer to."""

from __future__ import annotations

import os
import posixpath
from typing import Protocol

from stagegraph.bake.positions import span_at
from stagegraph.errors import BakeError
from stagegraph.source import Source

LARGEST_FILE = 10_000_000  # bytes of a bake or compose file


class FileSystem(Protocol):
    """Where files are read, by paths from the current directory: the disk, or a git revision."""

    def is_file(self, path: str) -> bool:
        """Whether there is a file at ``path``."""

    def read(self, path: str, most: int) -> bytes:
        """At most ``most`` bytes of the file at ``path``. Raises OSError and ValueError."""


class Disk:
    """The files as they are on disk."""

    def is_file(self, path: str) -> bool:
        """Whether there is a file at ``path``."""
        try:
            return os.path.isfile(path)
        except ValueError:
            return False

    def read(self, path: str, most: int) -> bytes:
        """At most ``most`` bytes of the file at ``path``. Raises OSError and ValueError."""
        with open(path, "rb") as file:
            return file.read(most)


DISK = Disk()


class Files:
    """Files below a directory, by paths relative to it."""

    def __init__(
        self,
        directory: str = ".",
        home: str | None = None,
        stdin: str | None = None,
        system: FileSystem = DISK,
    ) -> None:
        self.directory = directory
        self._home = home
        self._stdin = stdin
        self._system = system
        self._read: dict[str, Source] = {}

    def path(self, name: str) -> str:
        """``name`` with ``~`` as the home directory."""
        if self._home and (name == "~" or name.startswith("~/")):
            return self._home + name[1:]
        return name

    def has(self, name: str) -> bool:
        """Whether ``name`` is a file."""
        return self._system.is_file(os.path.join(self.directory, name))

    def read(self, name: str) -> Source:
        """The text of ``name``. Raises BakeError."""
        if name not in self._read:
            self._read[name] = Source(name="<stdin>" if name == "-" else name, text=self._text(name))
        return self._read[name]

    def _text(self, name: str) -> str:
        if name == "-":
            return self._stdin or ""
        try:
            data = self._system.read(os.path.join(self.directory, name), LARGEST_FILE + 1)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a valid path"
            raise BakeError(f"cannot read {name}: {reason}") from None
        if len(data) > LARGEST_FILE:
            hint = "split it into several files, or remove data from it"
            raise BakeError(f"{name} is larger than {LARGEST_FILE // 1_000_000} MB", hint=hint)
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            source = Source(name=name, text=data.decode("utf-8", "replace"))
            span = span_at(data[: error.start].decode())
            message = f"{name} is not UTF-8 text"
            raise BakeError(message, source=source, span=span, hint="save the file as UTF-8") from None


def joined(directory: str, path: str) -> str:
    """``path`` seen from ``directory``, cleaned as Go's filepath.Join does it."""
    return posixpath.normpath(posixpath.join(directory, path)) if path or directory else "."


def directory_of(path: str) -> str:
    """The directory of ``path``; empty for the current one."""
    return posixpath.dirname(path)
