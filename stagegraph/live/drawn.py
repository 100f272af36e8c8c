"""The page that browsers show, and the error of the files as they are now."""

from __future__ import annotations

import os
from collections.abc import Callable

from msgspec import Struct, field
from msgspec.structs import replace

from stagegraph.bake.files import DISK, FileSystem
from stagegraph.errors import InputError, OptionsError, StagegraphError, failure_text
from stagegraph.formats.html.live_page import empty_page, live_page
from stagegraph.formats.html.variants import drawing_named
from stagegraph.graph.build import Build
from stagegraph.graph.report import analyse
from stagegraph.graph.request import Request
from stagegraph.live.watching import Fingerprint, Fingerprints, fingerprint
from stagegraph.model import Report
from stagegraph.picture.view import View


class LiveFile(Struct, frozen=True, kw_only=True):
    """A Dockerfile, or a bake or compose file, whose page is served, and how it is drawn.

    ``read`` reads it and the files that it refers to from its argument.
    """

    name: str  # as in messages
    read: Callable[[FileSystem], Build | Request]
    view: View


class Drawn(Struct, frozen=True, kw_only=True):
    """The last page without an error, and the lines of the error; empty if the page is up to date."""

    page: bytes
    version: str  # a hash of what the page shows: the same graph is not loaded again
    read: Fingerprints = field(default_factory=dict)  # of the files, when they were read
    report: Report | None = None  # that the page shows
    error: tuple[str, ...] = ()


def first_drawn(file: LiveFile) -> Drawn:
    """The page of ``file``; a page without a graph if it has an error.

    Raises OptionsError, and InputError if there is no such file.
    """
    page, version = empty_page(file.name or "Dockerfile", file.view)
    try:
        return _drawn(file, _Read())
    except (OptionsError, InputError):
        raise
    except StagegraphError:
        return redrawn(Drawn(page=page, version=version), file)


def redrawn(before: Drawn, file: LiveFile) -> Drawn:
    """The page of ``file`` as it is now, or the page ``before`` with the error of now."""
    read = _Read()
    try:
        return _drawn(file, read)
    except StagegraphError as error:
        text = str(error)
    except Exception as error:  # last resort: a bug must not end the server
        text = failure_text(error)
    return replace(before, read=read.files or before.read, error=tuple(text.split("\n")))


def _drawn(file: LiveFile, read: _Read) -> Drawn:
    report = analyse(file.read(read))
    page, version = live_page(report, file.view)
    return Drawn(page=page, version=version, read=read.files, report=report)


class _Read:
    """The files on disk; ``files`` are those that were asked for, each with its fingerprint from before."""

    def __init__(self) -> None:
        self.files: dict[str, Fingerprint] = {}

    def is_file(self, path: str) -> bool:
        """Whether there is a file at ``path``."""
        self._look(path)
        return DISK.is_file(path)

    def read(self, path: str, most: int) -> bytes:
        """At most ``most`` bytes of the file at ``path``. Raises OSError and ValueError."""
        self._look(path)
        return DISK.read(path, most)

    def _look(self, path: str) -> None:
        name = os.path.normpath(path)
        if name not in self.files:
            self.files[name] = fingerprint(name)


def other_drawing(drawn: Drawn, file: LiveFile, name: str) -> str | None:
    """The drawing ``name`` of the graph of ``drawn``, as JSON; None if there is none."""
    return drawing_named(drawn.report, file.view, name) if drawn.report else None
