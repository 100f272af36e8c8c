"""The functions that a program starts from: read a Dockerfile, render a report."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING

from stagegraph.graph.build import Build, build_of
from stagegraph.model import Report
from stagegraph.options import Options
from stagegraph.picture.view import View
from stagegraph.reading import read_source
from stagegraph.source import Source

if TYPE_CHECKING:
    import networkx

    from stagegraph.comparison.changes import Comparison

_DEFAULT_OPTIONS = Options()
_DEFAULT_VIEW = View()


def read(dockerfile: str | PathLike[str] | Source = "", options: Options = _DEFAULT_OPTIONS) -> Build:
    """Read a Dockerfile and resolve it for ``options``.

    ``dockerfile`` is a path, a directory that holds a Dockerfile, ``-`` for standard input, nothing
    for ``./Dockerfile``, or a Source with the text itself. Raises InputError when it cannot be
    read, DockerfileError for what BuildKit refuses, OptionsError for options it refuses.
    """
    source = dockerfile if isinstance(dockerfile, Source) else read_source(str(dockerfile))
    return build_of(source, options)


def stage_graph(build: Build, *, prune: bool = False) -> networkx.DiGraph[str]:
    """A copy of the stage graph of ``build``, with ``prune`` only what its targets need."""
    return build.graph(prune=prune)


def step_graph(build: Build) -> networkx.DiGraph[int]:
    """The DAG of the steps that BuildKit schedules for ``build``."""
    return build.step_graph()


def render(found: Report | Comparison, format: str = "svg", view: View = _DEFAULT_VIEW) -> bytes:  # noqa: A002
    """A report or a comparison in ``format``, as bytes; text formats are UTF-8.

    A report has svg, png, pdf, html, dot, mermaid, json, text and markdown; a comparison svg, mermaid,
    json, text and markdown. Raises RenderError when a layout engine or library is missing or fails.
    """
    if isinstance(found, Report):
        from stagegraph.formats import render as render_format

        return render_format(found, format, view)
    from stagegraph.formats.diff import render_change

    return render_change(found, format, view)
