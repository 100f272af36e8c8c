"""The functions that a program starts from: read a Dockerfile, render a report."""

from __future__ import annotations

from os import PathLike

from stagegraph.build import Build, build_of
from stagegraph.model import Report
from stagegraph.options import Options
from stagegraph.reading import read_source
from stagegraph.renderers.view import View
from stagegraph.source import Source

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


def render(report: Report, format: str = "svg", view: View = _DEFAULT_VIEW) -> bytes:  # noqa: A002
    """``report`` in ``format`` (svg, png, pdf, dot, mermaid, json, text or markdown), as bytes.

    Text formats are UTF-8. Raises RenderError when a layout engine or library is missing or fails.
    """
    from stagegraph.renderers import render as render_format

    return render_format(report, format, view)
