"""Shows a Build, a Request, a Report and a Comparison as pictures in a notebook.

Jupyter asks values for ``_repr_mimebundle_`` and ``_repr_svg_``. They are assigned to the classes here, since
the modules of the classes must not import the formats.
"""

from __future__ import annotations

from stagegraph.comparison.changes import Comparison
from stagegraph.formats import render
from stagegraph.graph.build import Build
from stagegraph.graph.request import Request
from stagegraph.model import Report
from stagegraph.picture.view import View


def _svg(value: Build | Request | Report | Comparison) -> str:
    command, shown = _shown(value)
    return render(command, shown, "svg", view=View()).decode()


def _bundle(
    value: Build | Request | Report | Comparison, include: object = None, exclude: object = None
) -> dict[str, str]:
    """The picture, and text for a notebook that cannot show it; Jupyter ignores what it did not ask for."""
    command, shown = _shown(value)
    text = render(command, shown, "text", view=View()).decode()
    return {"image/svg+xml": _svg(shown), "text/plain": text}


def _shown(value: Build | Request | Report | Comparison) -> tuple[str, Report | Comparison]:
    """The command that shows ``value``, and what it shows; of a Build or Request, its Report."""
    if isinstance(value, Build | Request):
        from stagegraph.graph.report import analyse

        return "render", analyse(value)
    return ("render" if isinstance(value, Report) else "diff"), value


def show_pictures() -> None:
    """Give the classes the methods that Jupyter calls."""
    for shown in (Build, Request, Report, Comparison):
        setattr(shown, "_repr_svg_", _svg)  # noqa: B010  # mypy knows no such attribute
        setattr(shown, "_repr_mimebundle_", _bundle)  # noqa: B010
