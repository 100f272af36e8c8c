"""The main functions of the library: read a Dockerfile, get its graphs, render a report."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING

from stagegraph import formats
from stagegraph.graph.build import Build, build_of
from stagegraph.graph.report import analyse
from stagegraph.graph.request import Request
from stagegraph.model import Report
from stagegraph.notebook import show_pictures
from stagegraph.options import Options
from stagegraph.picture.view import View
from stagegraph.reading import read_source
from stagegraph.source import Source

if TYPE_CHECKING:
    import networkx

    from stagegraph.comparison.changes import Comparison
    from stagegraph.graph.stage_graph import StageGraph
    from stagegraph.rebuild.impact import Impact
    from stagegraph.rebuild.state import BuildState

_DEFAULT_OPTIONS = Options()
_DEFAULT_VIEW = View()

show_pictures()  # every Build, Report and Comparison begins with read()


def read(dockerfile: str | PathLike[str] | Source = "", options: Options = _DEFAULT_OPTIONS) -> Build:
    """Read a Dockerfile and resolve it for ``options``.

    ``dockerfile`` is a path, a directory with a Dockerfile, ``-`` for standard input, empty for
    ``./Dockerfile``, or a Source with the text itself. Raises InputError if it cannot be read,
    DockerfileError if BuildKit rejects it, OptionsError if BuildKit rejects the options.
    """
    source = dockerfile if isinstance(dockerfile, Source) else read_source(str(dockerfile))
    return build_of(source, options)


def stage_graph(build: Build, *, prune: bool = False) -> StageGraph:
    """A copy of the stage graph of ``build``, with ``prune`` only what its targets need."""
    return build.graph(prune=prune)


def step_graph(build: Build) -> networkx.DiGraph[int]:
    """The DAG of the steps that BuildKit schedules for ``build``."""
    return build.step_graph()


def affected(before: BuildState, after: BuildState) -> Impact:
    """What BuildKit runs again when it builds ``after`` with the cache that building ``before`` left.

    Every step of ``after`` runs again, may run again or is cached. Raises InputError for files that
    cannot be read and for an invalid ignore file.
    """
    from stagegraph.rebuild import impact

    return impact.affected(before, after)


def render(
    value: Build | Request | Report | Comparison,
    format: str = "svg",  # noqa: A002
    view: View = _DEFAULT_VIEW,
) -> bytes:
    """A build or a request, its report or a comparison in ``format``, as bytes; text formats are UTF-8.

    All but a comparison can be rendered as svg, png, pdf, html, dot, mermaid, json, text and markdown, and
    that as text, mermaid, svg, json and markdown. Raises OptionsError for an unknown format,
    RenderError when a layout engine or a library is missing or fails.
    """
    report = analyse(value) if isinstance(value, Build | Request) else value
    return formats.render("render" if isinstance(report, Report) else "diff", report, format, view=view)
