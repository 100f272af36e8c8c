"""PDF: the SVG on a page of its size, by typst, or drawn by a system Graphviz."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from msgspec.structs import replace

from stagegraph.errors import RenderError
from stagegraph.formats import svg
from stagegraph.formats.dot import dot_of
from stagegraph.formats.png import font_file, in_package_font
from stagegraph.model import Report
from stagegraph.picture.graphviz_engine import first_in_time, run_graphviz
from stagegraph.picture.smaller import LAYOUT_REASON, layout_candidates, smaller_pictures
from stagegraph.picture.theme import palette_of
from stagegraph.picture.view import View

_PAGE = '#set page(width: auto, height: auto, margin: 0pt)\n#image("build.svg")\n'
_HINT = "pip install 'stagegraph[pdf]', or install Graphviz"


def render(report: Report, view: View) -> bytes:
    """``report`` as one PDF page; the theme is light unless it is dark.

    Raises RenderError when neither the package typst nor a system Graphviz is installed.
    """
    view = replace(view, theme="dark" if view.theme == "dark" else "light")
    try:
        import typst
    except ImportError:
        return _by_graphviz(report, view)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "build.svg").write_text(in_package_font(svg.render(report, view)), "utf-8")
        (Path(folder) / "page.typ").write_text(_PAGE, "utf-8")
        try:
            page = str(Path(folder) / "page.typ")
            return bytes(typst.compile(page, root=folder, font_paths=[str(font_file().parent)]))
        except RuntimeError as error:
            raise RenderError(
                f"typst cannot lay out the page: {error}", hint="use --format svg instead"
            ) from None


def _by_graphviz(report: Report, view: View) -> bytes:
    if shutil.which("dot") is None:
        raise RenderError(
            "PDF needs the package typst or a system Graphviz; neither is installed", hint=_HINT
        )
    pictures = layout_candidates(smaller_pictures(report, view, LAYOUT_REASON))
    _, data = first_in_time(
        pictures,
        lambda drawn, seconds: run_graphviz(
            dot_of(drawn, view, palette_of(view), tooltips=True), "pdf", "system", seconds
        ),
    )
    return data
