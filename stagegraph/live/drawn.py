"""The page that browsers show, and the error of the Dockerfile as it is now."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.api import read
from stagegraph.errors import OptionsError, StagegraphError, failure_text
from stagegraph.formats.html.live_page import empty_page, live_page
from stagegraph.formats.html.variants import drawing_named
from stagegraph.graph.report import analyse
from stagegraph.live.watching import Fingerprint, fingerprint
from stagegraph.model import Report
from stagegraph.options import Options
from stagegraph.picture.view import View


class LiveFile(Struct, frozen=True, kw_only=True):
    """A Dockerfile whose page is served, and how it is drawn."""

    name: str  # as of ``read``, but not standard input
    options: Options
    view: View


class Drawn(Struct, frozen=True, kw_only=True):
    """The last page without an error, and the lines of the error; empty if the page is up to date."""

    page: bytes
    version: str  # a hash of what the page shows: the same graph is not loaded again
    fingerprint: Fingerprint  # of the file when it was read
    report: Report | None = None  # that the page shows
    error: tuple[str, ...] = ()


def first_drawn(file: LiveFile) -> Drawn:
    """The page of ``file``; a page without a graph if BuildKit rejects it; may raise OptionsError."""
    page, version = empty_page(file.name or "Dockerfile", file.view)
    empty = Drawn(page=page, version=version, fingerprint=())
    try:
        return _drawn(file)
    except OptionsError:
        raise
    except StagegraphError:
        return redrawn(empty, file)


def redrawn(before: Drawn, file: LiveFile) -> Drawn:
    """The page of ``file`` as it is now, or the page ``before`` with the error of now."""
    now = fingerprint(file.name)
    try:
        return _drawn(file)
    except StagegraphError as error:
        text = str(error)
    except Exception as error:  # last resort: a bug must not end the server
        text = failure_text(error)
    return replace(before, fingerprint=now, error=tuple(text.split("\n")))


def _drawn(file: LiveFile) -> Drawn:
    now = fingerprint(file.name)
    report = analyse(read(file.name, file.options))
    page, version = live_page(report, file.view)
    return Drawn(page=page, version=version, fingerprint=now, report=report)


def other_drawing(drawn: Drawn, file: LiveFile, name: str) -> str | None:
    """The drawing ``name`` of the graph of ``drawn``, as JSON; None if there is none."""
    return drawing_named(drawn.report, file.view, name) if drawn.report else None
