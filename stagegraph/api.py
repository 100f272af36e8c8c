"""The functions that a program starts from: read a Dockerfile, render a report."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING

from stagegraph import formats
from stagegraph.graph.build import Build, build_of
from stagegraph.model import Report
from stagegraph.notebook import show_pictures
from stagegraph.options import Options
from stagegraph.picture.view import View
from stagegraph.reading import read_source
from stagegraph.source import Source

if TYPE_CHECKING:
    from stagegraph.comparison.changes import Comparison

_DEFAULT_OPTIONS = Options()
_DEFAULT_VIEW = View()

show_pictures()  # every Build, Report and Comparison begins with read()


def read(dockerfile: str | PathLike[str] | Source = "", options: Options = _DEFAULT_OPTIONS) -> Build:
    """Read a Dockerfile and resolve it for ``options``.

    ``dockerfile`` is a path, a directory that holds a Dockerfile, ``-`` for standard input, nothing
    for ``./Dockerfile``, or a Source with the text itself. Raises InputError when it cannot be
    read, DockerfileError for what BuildKit rejects, OptionsError for invalid options.
    """
    source = dockerfile if isinstance(dockerfile, Source) else read_source(str(dockerfile))
    return build_of(source, options)


def render(value: Report | Comparison, format: str = "svg", view: View = _DEFAULT_VIEW) -> bytes:  # noqa: A002
    """A report or a comparison in ``format``, as bytes; text formats are UTF-8.

    A report can be rendered as svg, png, pdf, html, dot, mermaid, json, text and markdown; a comparison as
    text, mermaid, svg, json and markdown. Raises OptionsError for an unknown format, RenderError when a
    layout engine or a library is missing or fails.
    """
    return formats.render("render" if isinstance(value, Report) else "diff", value, format, view=view)
