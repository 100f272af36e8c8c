"""PDF: the SVG on a page of its size, by typst, or drawn by a system Graphviz."""

from __future__ import annotations

import shutil
import tempfile
from importlib.util import find_spec
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

# without a date, so that the same picture is the same file
_PAGE = """\
#set document(title: sys.inputs.title, date: none)
#set page(width: auto, height: auto, margin: 0pt)
#image("build.svg", alt: sys.inputs.description)
"""
# What typst writes in the catalog; false is the default, and Poppler complains about any boolean there.
_SUSPECTS = b"/Suspects false"
_HINT = "pip install 'stagegraph[pdf]'"


def render(report: Report, view: View) -> bytes:
    """``report`` as one PDF page; the theme is light unless it is dark.

    Raises RenderError when neither the package typst nor a system Graphviz is installed, or when the
    engine is the bundled one, which cannot write PDF, and typst is missing.
    """
    view = replace(view, theme="dark" if view.theme == "dark" else "light")
    if find_spec("typst") is None:
        return _by_graphviz(report, view)
    text = svg.render(report, view)
    try:
        return _by_typst(text).replace(_SUSPECTS, b" " * len(_SUSPECTS))  # as long: offsets stay true
    except RuntimeError as error:
        raise RenderError(
            f"typst cannot lay out the page: {error}", hint="use --format svg instead"
        ) from None


def _by_typst(text: str) -> bytes:
    """The SVG ``text`` as a PDF page; its description is the alternative text of the picture."""
    import typst

    title, description = svg.words_of(text)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "build.svg").write_text(in_package_font(text), "utf-8")
        page = Path(folder) / "page.typ"
        page.write_text(_PAGE, "utf-8")
        return bytes(
            typst.compile(
                str(page),
                root=folder,
                font_paths=[str(font_file().parent)],
                sys_inputs={"title": title, "description": description},
            )
        )


def _by_graphviz(report: Report, view: View) -> bytes:
    if view.engine == "pure":
        raise RenderError("PDF needs the package typst", hint=_HINT)
    if shutil.which("dot") is None:
        raise RenderError(
            "PDF needs the package typst or a system Graphviz; neither is installed",
            hint=f"{_HINT}, or install Graphviz",
        )
    pictures = layout_candidates(smaller_pictures(report, view, LAYOUT_REASON))
    _, data = first_in_time(
        pictures,
        lambda drawn, seconds: run_graphviz(
            dot_of(drawn, view, palette_of(view), tooltips=True), "pdf", "system", seconds
        ),
    )
    return data
