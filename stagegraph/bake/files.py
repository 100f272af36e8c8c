"""The files that bake and compose files refer to."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path

from stagegraph.bake.positions import span_at
from stagegraph.errors import BakeError
from stagegraph.source import Source

_LARGEST = 10_000_000  # bytes


class Files:
    """Files below a directory, by paths relative to it."""

    def __init__(self, directory: str = ".", home: str | None = None, stdin: str | None = None) -> None:
        self.directory = Path(directory)
        self._home = home
        self._stdin = stdin
        self._read: dict[str, Source] = {}

    def path(self, name: str) -> str:
        """``name`` with ``~`` as the home directory."""
        if self._home and (name == "~" or name.startswith("~/")):
            return self._home + name[1:]
        return name

    def has(self, name: str) -> bool:
        """Whether ``name`` is a file."""
        try:
            return os.path.isfile(self.directory / name)
        except ValueError:
            return False

    def read(self, name: str) -> Source:
        """The text of ``name``. Raises BakeError."""
        if name not in self._read:
            self._read[name] = Source(name=name, text=self._text(name))
        return self._read[name]

    def _text(self, name: str) -> str:
        if name == "-":
            return self._stdin or ""
        try:
            with open(self.directory / name, "rb") as file:
                data = file.read(_LARGEST + 1)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a valid path"
            raise BakeError(f"cannot read {name}: {reason}") from None
        if len(data) > _LARGEST:
            raise BakeError(f"{name} is larger than {_LARGEST // 1_000_000} MB")
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
